// How surfaces reflect light: the pieces that heads and attachments share.
#pragma once

#include <array>

#include "render_scene.hpp"

namespace fw {

// What is drawn of light beyond Lambert's law, and how often.
struct Look {
    bool occlusion, shadows, highlights, scattering, eye_reflections;
    bool every_sample;  // else a triangle's colour is found once a pixel
};

// Of unit length; a vector too short to have a direction becomes 0.
Vec3 unit(const Vec3 &v);

// A Blinn-Phong lobe with the usual normalisation and Schlick's Fresnel: reflectance head-on, and the exponent as a number
// of squarings. Reflectance 0 is matt.
struct Gloss {
    float reflectance;
    int squarings;
};

// Reflected part of the highlight's irradiance at a unit normal (pi left in, as in diffuse light).
float highlight(const Gloss &gloss, const Vec3 &normal, const Light &light);

// How far past the terminator the key light creeps, per colour channel: cosines within +-width of 0 bend smoothly to 0, as
// light that has been scattered under the skin does, red the farthest.
inline constexpr Vec3 kSkinSoftness{0.30f, 0.16f, 0.10f};
inline constexpr Vec3 kHardSoftness{0.04f, 0.04f, 0.04f};
inline constexpr Vec3 kHairSoftness{0.45f, 0.45f, 0.45f};

// Diffuse irradiance / pi of the environment at a unit normal.
Vec3 ambient_light(const Light &light, const Vec3 &normal);

}  // namespace fw
