// The key light's shadow: an orthographic depth map of head and attachments seen from the light.
#pragma once

#include <span>
#include <vector>

#include "render_kernels.hpp"
#include "render_raster.hpp"
#include "render_rig.hpp"
#include "render_wardrobe.hpp"

namespace fw {

// Two axes across a direction, in the head frame; right, up and towards are a right-handed frame.
struct Sight {
    Vec3 right, up, towards;

    explicit Sight(const Vec3 &towards);
};

// Buffers for the shadows of one scene after the other. The map covers a sphere around the head; what lies outside neither
// casts nor receives a shadow.
class ShadowMap {
  public:
    static constexpr int kSide = 104;

    explicit ShadowMap(bool on) : on_(on), grid_(kSide), depth_(kTexels + 4) {}

    // Looks from the unit vector `towards` (head frame). The head casts its coarse skin, attachments their opaque points.
    void draw(const Rig &rig, std::span<const Position> head_mm, const Wardrobe &wardrobe, std::span<const Position> worn_mm,
              std::span<const uint8_t> visible, const Vec3 &towards);
    void clear() { lit_ = true; }

    bool is_lit() const { return lit_; }
    // The view from there: a receiver is taken off its surface, and more where light grazes it, so that a surface does not shade itself.
    DepthMap map() const;

  private:
    static constexpr int kTexels = kSide * kSide;

    void cast(const Wardrobe &wardrobe, const Wardrobe::Item &item, std::span<const Position> worn_mm);

    bool on_, lit_ = true;
    Sight sight_{{0, 0, 1}};
    std::vector<ScreenVertex> corners_;
    SampleGrid grid_;           // of the head
    std::vector<float> depth_;  // per texel: distance towards the light from a plane behind the head, 0 for nothing; and four more
    std::vector<Vec3> moved_;   // points that an expression moves
};

}  // namespace fw
