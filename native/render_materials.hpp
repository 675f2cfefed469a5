// What materials add to diffuse light.
#pragma once

#include "render_shading.hpp"
#include "render_wardrobe.hpp"
#include "simd.hpp"

namespace fw {

// How vertices of a part of the head and of attachments take light. Eyes have no gloss there: their highlights are smaller than their triangles.
Finish finish_of(uint8_t part, const Look &look);
Finish finish_of(Material material, const Look &look);

float eye_highlight(const Vec3 &normal, const Light &light);

// Whether it has highlights that are smaller than triangles.
inline bool is_shiny(Material material) { return material != Material::matt && material != Material::hair; }

// What becomes of a diffuse colour (times alpha; and alpha) of a shiny material: with its highlights and reflections.
// arriving: the part of the highlight's light that reaches it; albedo: times alpha.
FourFloats shiny(Material material, const FourFloats &diffuse, const Vec3 &albedo, const Vec3 &normal, float arriving,
                 const Light &light);

}  // namespace fw
