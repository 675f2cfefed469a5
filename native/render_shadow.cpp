#include "render_shadow.hpp"

#include <cmath>

#include "render_kernels.hpp"
#include "render_shading.hpp"

namespace fw {

namespace {

constexpr Vec3 kCentreMm{0, -30, -60};
constexpr float kRadiusMm = 170.0f, kPlaneMm = 1000.0f;  // the plane lies this far behind the centre
constexpr float kScale = 0.5f * ShadowMap::kSide / kRadiusMm, kMiddle = 0.5f * ShadowMap::kSide;
constexpr float kBiasMm = 1.0f, kRampMm = 2.5f, kGrazingLiftMm = 3.0f;

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
    grid_.clear();
    corners_.resize(head_mm.size());
    for (size_t v = 0; v < head_mm.size(); ++v) corners_[v] = corner(sight_, head_mm[v]);
    kernels().rasterize(corners_.data(), rig.skin.data(), static_cast<int32_t>(rig.skin.size()), 0, false, grid_.layout,
                        grid_.triangle.data(), grid_.inverse_depth.data());
    for (int row = 0; row < kSide; row += 2)
        for (int column = 0; column < kSide; column += 2) {
            const float *four = &grid_.inverse_depth[grid_.layout.sample(column, row)];
            std::copy(four, four + 2, &depth_[size_t(row) * kSide + column]);
            std::copy(four + 2, four + 4, &depth_[size_t(row + 1) * kSide + column]);
        }
    for (size_t i = 0; i < wardrobe.items.size(); ++i)
        if (visible[i]) cast(wardrobe, wardrobe.items[i], worn_mm);
}

void ShadowMap::cast(const Wardrobe &wardrobe, const Wardrobe::Item &item, std::span<const Vec3> worn_mm) {
    for (int32_t i = item.first_point; i < item.last_point; ++i) {
        const Vec3 at = place(sight_, item.follows ? wardrobe.at(wardrobe.points[i], worn_mm) : wardrobe.points_mm[i]);
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
    const FourFloats weights{across[0], across[1], across[2], 0.0f};
    FourFloats hidden{};
    for (int j = 0; j < 3; ++j) {
        FourFloats over = (load<FourFloats>(&depth_[size_t(row + j - 1) * kSide + column - 1]) - here) * (1.0f / kRampMm);
        over = over > 0.0f ? over : FourFloats{};
        over = over < 1.0f ? over : FourFloats{1.0f, 1.0f, 1.0f, 1.0f};
        hidden += over * weights * down[j];
    }
    return 1.0f - (hidden[0] + hidden[1] + hidden[2]);
}

}  // namespace fw
