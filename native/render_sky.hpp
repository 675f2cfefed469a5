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

// What one person's head and attachments, without expression, hide of the sky.
class Outlook {
  public:
    Outlook(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe);

    // Where these attachments are worn, seen past coarse depth maps in fixed directions all around: good for features from about a
    // centimetre up.
    Openness coarse(std::span<const uint8_t> visible);
    // The rig's baked occlusion, which has the detail (lids, lips, nostrils), times how much more or less open this person is
    // than the mean head by the coarse measure.
    Openness fine(std::span<const uint8_t> visible);

  private:
    std::vector<float> skylines(std::span<const uint8_t> visible);

    const Rig &rig_;
    std::span<const Vec3> neutral_mm_;
    const Wardrobe &wardrobe_;
    std::vector<Vec3> normals_;                // of the head
    std::vector<float> head_;                  // its skylines
    std::vector<std::vector<float>> items_;  // those of attachments that hide the sky, once they have been asked for
};

}  // namespace fw
