#include "render_shadow.hpp"

#include <algorithm>
#include <array>
#include <cmath>

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

}  // namespace

Sight::Sight(const Vec3 &towards) : towards(towards) {
    const Vec3 helper = std::abs(towards.y) < 0.9f ? Vec3{0, 1, 0} : Vec3{1, 0, 0};
    right = unit(cross(helper, towards));
    up = cross(towards, right);
}

void ShadowMap::draw(const Rig &rig, std::span<const Position> head_mm, const Wardrobe &wardrobe, std::span<const Position> worn_mm,
                     std::span<const uint8_t> visible, const Vec3 &towards) {
    lit_ = !on_;
    if (!on_) return;
    sight_ = Sight(towards);
    grid_.clear();
    corners_.clear();
    for (const int32_t v : rig.coarse_skin.vertices) corners_.push_back(corner(sight_, head_mm[v]));
    const std::vector<Triangle> &skin = rig.coarse_skin.triangles;
    kernels().rasterize(corners_.data(), skin.data(), static_cast<int32_t>(skin.size()), 0, false, grid_.target());
    for (int row = 0; row < kSide; row += 2)
        for (int column = 0; column < kSide; column += 2) {
            const float *four = &grid_.inverse_depth[grid_.layout.sample(column, row)];
            std::copy(four, four + 2, &depth_[size_t(row) * kSide + column]);
            std::copy(four + 2, four + 4, &depth_[size_t(row + 1) * kSide + column]);
        }
    for (size_t i = 0; i < wardrobe.items.size(); ++i)
        if (visible[i]) cast(wardrobe, wardrobe.items[i], worn_mm);
}

void ShadowMap::cast(const Wardrobe &wardrobe, const Wardrobe::Item &item, std::span<const Position> worn_mm) {
    moved_.clear();
    for (int32_t i = item.first_moving; i < item.last_point; ++i) moved_.push_back(wardrobe.at(wardrobe.points[i], worn_mm));
    const auto cast = [&](std::span<const Vec3> points_mm) {
        kernels().cast(map(), points_mm.data(), static_cast<int32_t>(points_mm.size()), false, depth_.data());
    };
    cast(std::span(wardrobe.points_mm).subspan(item.first_point, item.first_moving - item.first_point));
    cast(moved_);
}

DepthMap ShadowMap::map() const {
    return {sight_.right, sight_.up, sight_.towards, kCentreMm, kScale, kSide, kPlaneMm, 2.0f * kPlaneMm, kBiasMm, kRampMm,
            kGrazingLiftMm, depth_.data()};
}

}  // namespace fw
