// How surfaces take light.
#pragma once

#include "render_kernels.hpp"
#include "render_wardrobe.hpp"

namespace fw {

// What is drawn of light beyond Lambert's law, and how often.
struct Look {
    bool occlusion, shadows, highlights, scattering, eye_reflections;
    bool every_sample;  // else a triangle's colour is found once a pixel
};

// How vertices of a part of the head, and of attachments, take it.
Finish finish_of(uint8_t part, const Look &look);
Finish finish_of(Material material, const Look &look);

Fine fine_of(Material material);

}  // namespace fw
