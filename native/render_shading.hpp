// How surfaces reflect light: the pieces that heads and attachments share.
#pragma once

#include <array>

#include "render_kernels.hpp"

namespace fw {

// What is drawn of light beyond Lambert's law, and how often.
struct Look {
    bool occlusion, shadows, highlights, scattering, eye_reflections;
    bool every_sample;  // else a triangle's colour is found once a pixel
};

// Of unit length; a vector too short to have a direction becomes 0.
Vec3 unit(const Vec3 &v);

// Reflected part of the highlight's irradiance at a unit normal.
float highlight(const Gloss &gloss, const Vec3 &normal, const Light &light);

// Diffuse irradiance / pi of the environment at a unit normal.
Vec3 ambient_light(const Light &light, const Vec3 &normal);

}  // namespace fw
