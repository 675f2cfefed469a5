// Ground truth: what is seen at the middle of each pixel, and where points of the head are.
#pragma once

#include <cstdint>
#include <span>

#include "render_batch.hpp"

namespace fw {

inline constexpr size_t kViewNumbers = 21;  // rotation (9), image_x, image_y, shift, distance, offset, perspective

// Where annotations go, per scene: size x size pixels each, and the points that were asked for.
struct Annotations {
    int32_t *triangle;   // numbered as the stage does, -1 for none; the others are 0 there
    float *barycentric;  // 3
    float *depth_mm;
    float *normals, *albedo, *irradiance;  // 3 each
    float *points_mm, *points_px;          // 3 and 2
    uint8_t *seen;
    float *views;  // kViewNumbers
};

// The surface of a pixel is the first one from the front behind which less than half of the light from further back comes
// through, at the pixel's middle.
void annotate_batch(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch, std::span<const int32_t> vertices,
                    const Annotations &out);

}  // namespace fw
