// All images of one person.
#pragma once

#include "render_image.hpp"

namespace fw {

// The scenes of one draw call and what they are drawn into.
struct Batch {
    Sitter sitter;
    std::span<const float> expression, light, key;
    std::span<const uint8_t> made_up, visible;
    const SceneCamera *cameras;
    CropTemplate crop;
    size_t scenes;
    Look look;
    uint8_t *images;
    float *landmarks_px;
};

void draw_batch(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch);

}  // namespace fw
