#include "render_shadow.hpp"

#include <cmath>

#include "render_shading.hpp"

namespace fw {

namespace {

constexpr Vec3 kCentreMm{0, -30, -60};
constexpr float kRadiusMm = 170.0f, kPlaneMm = 1000.0f;  // the plane lies this far behind the centre
constexpr float kScale = 0.5f * ShadowMap::kSide / kRadiusMm, kMiddle = 0.5f * ShadowMap::kSide;
constexpr float kBiasMm = 1.0f, kRampMm = 2.5f, kGrazingLiftMm = 3.0f;
constexpr uint8_t kLashes = 6;

// Where a point is in the map: column and row, and how far towards the light from the plane.
Vec3 place(const Sight &sight, const Vec3 &point_mm) {
    const Vec3 p = point_mm - kCentreMm;
    return {dot(sight.right, p) * kScale + kMiddle, kMiddle - dot(sight.up, p) * kScale, dot(sight.towards, p) + kPlaneMm};
}

ScreenVertex corner(const Sight &sight, const Vec3 &point_mm) {
    const Vec3 at = place(sight, point_mm);
    ScreenVertex out = snap(at.x, at.y, kNearMm, 1);
    if (out.inverse_depth > 0.0f) out.inverse_depth = at.z > 0.0f && at.z < 2.0f * kPlaneMm ? at.z : 0.0f;
    return out;
}

// Weights of three neighbouring texels at a place between 0 and 1 over the middle one (a quadratic B-spline).
std::array<float, 3> spline(float x) {
    const float left = 0.5f * (1.0f - x) * (1.0f - x), right = 0.5f * x * x;
    return {left, 1.0f - left - right, right};
}

}  // namespace

Sight::Sight(const Vec3 &towards) : towards(towards) {
    const Vec3 helper = std::abs(towards.y) < 0.9f ? Vec3{0, 1, 0} : Vec3{1, 0, 0};
    right = unit(cross(helper, towards));
    up = cross(towards, right);
}

void ShadowMap::draw(const Rig &rig, std::span<const Vec3> head_mm, const Wardrobe &wardrobe, std::span<const Vec3> worn_mm,
                     std::span<const uint8_t> visible, const Vec3 &towards) {
    lit_ = !on_;
    if (!on_) return;
    sight_ = Sight(towards);
    std::fill(grid_.begin(), grid_.end(), FourFloats{});
    corners_.resize(head_mm.size());
    for (size_t v = 0; v < head_mm.size(); ++v) corners_[v] = corner(sight_, head_mm[v]);
    for (size_t t = 0; t < rig.triangles.size(); ++t) {
        if (rig.parts[t] == kLashes) continue;
        const ScreenVertex &a = corners_[rig.triangles[t][0]], &b = corners_[rig.triangles[t][1]],
                           &c = corners_[rig.triangles[t][2]];
        if (!drawable(a, b, c)) continue;
        scan(a, b, c, kSide, [&](int column, int row, const FourFloats &nearness) {
            FourFloats &there = grid_[row * (kSide / 2) + column];
            there = nearness > there ? nearness : there;
        });
    }
    for (size_t v = 0; v < depth_.size(); ++v) {
        const size_t row = v / kSide, column = v % kSide;
        depth_[v] = grid_[row / 2 * (kSide / 2) + column / 2][row % 2 * 2 + column % 2];
    }
    for (size_t i = 0; i < wardrobe.items.size(); ++i)
        if (visible[i]) cast(wardrobe, wardrobe.items[i], worn_mm);
}

void ShadowMap::cast(const Wardrobe &wardrobe, const Wardrobe::Item &item, std::span<const Vec3> worn_mm) {
    for (int32_t i = item.first_point; i < item.last_point; ++i) {
        const Vec3 at = place(sight_, wardrobe.at(wardrobe.points[i], worn_mm));
        if (!(at.x >= 0.0f && at.x < kSide && at.y >= 0.0f && at.y < kSide && at.z < 2.0f * kPlaneMm)) continue;
        float &there = depth_[static_cast<int>(at.y) * kSide + static_cast<int>(at.x)];
        there = at.z > there ? at.z : there;
    }
}

float ShadowMap::visibility(const Vec3 &point_mm, const Vec3 &normal, float lift_mm) const {
    if (lit_) return 1.0f;
    const float facing = dot(normal, sight_.towards), grazing = 1.0f - (facing > 0.0f ? facing : 0.0f);
    const Vec3 at = place(sight_, point_mm + normal * (lift_mm + kGrazingLiftMm * grazing));
    const float x = at.x, y = at.y, here = at.z + kBiasMm;
    if (!(x >= 1.0f && x < kSide - 1 && y >= 1.0f && y < kSide - 1)) return 1.0f;
    const int column = static_cast<int>(x), row = static_cast<int>(y);
    const std::array<float, 3> across = spline(x - static_cast<float>(column)), down = spline(y - static_cast<float>(row));
    float hidden = 0.0f;
    for (int j = 0; j < 3; ++j) {
        const float *line = &depth_[size_t(row + j - 1) * kSide + column - 1];
        float sum = 0.0f;
        for (int i = 0; i < 3; ++i) {
            const float over = (line[i] - here) * (1.0f / kRampMm);
            sum += across[i] * (over > 0.0f ? (over < 1.0f ? over : 1.0f) : 0.0f);
        }
        hidden += down[j] * sum;
    }
    return 1.0f - hidden;
}

}  // namespace fw
