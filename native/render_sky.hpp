// Ambient occlusion: how much of the sky each vertex of a person sees past head, hair and what is worn.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "render_rig.hpp"
#include "render_wardrobe.hpp"

namespace fw {

// Cosine-weighted part of the sky, 0 .. 1, of each vertex of the head and of the attachments that are visible (or too small
// to hide any sky themselves, such as glasses); `behind` is that of the other side of those that turn their normals.
struct Openness {
    std::vector<float> head, worn, behind;
};

// Seen past coarse depth maps in fixed directions all around: good for features from about a centimetre up.
Openness coarse_openness(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe,
                         std::span<const uint8_t> visible);

// The rig's baked occlusion, which has the detail (lids, lips, nostrils), times how much more or less open this person is
// than the mean head by the coarse measure.
Openness openness(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe, std::span<const uint8_t> visible);

}  // namespace fw
