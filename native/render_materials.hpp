// What materials add to diffuse light.
#pragma once

#include "render_shading.hpp"
#include "render_wardrobe.hpp"
#include "simd.hpp"

namespace fw {

// The highlight of a part of the head at a vertex; 0 for eyes, whose highlights are smaller than their triangles.
float head_highlight(uint8_t part, const Vec3 &normal, const Light &light);
float eye_highlight(const Vec3 &normal, const Light &light);

// Two lobes along a strand (Kajiya and Kay 1989, shifted apart as Marschner et al. 2003 measured): the light's first
// reflection, uncoloured, and a wider one that has gone through the hair and taken its colour.
struct StrandLobes {
    float white, coloured;
};

StrandLobes strand_lobes(const Vec3 &strand, const Vec3 &normal, const Light &light);

// Light that a surface sends on times its alpha, and alpha.
inline bool is_shiny(Material material) { return material != Material::matt && material != Material::hair; }

// What becomes of a diffuse colour (times alpha; and alpha) of a shiny material: with its highlights and reflections.
// arriving: the part of the highlight's light that reaches it; albedo: times alpha.
FourFloats shiny(Material material, const FourFloats &diffuse, const Vec3 &albedo, const Vec3 &normal, float arriving,
                 const Light &light);

}  // namespace fw
