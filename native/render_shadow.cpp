#include "render_shadow.hpp"

#include <algorithm>
#include <array>
#include <cmath>

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

void ShadowMap::cast(const Wardrobe &wardrobe, const Wardrobe::Item &item, std::span<const Vec3> worn_mm) {
    std::array<Vec3, 4> four;
    for (int32_t i = item.first_point; i < item.last_point; i += 4) {
        if (i + 4 <= item.first_moving) {
            cast_four(&wardrobe.points_mm[i]);
            continue;
        }
        for (int32_t k = 0; k < 4; ++k) four[k] = wardrobe.at(wardrobe.points[std::min(i + k, item.last_point - 1)], worn_mm);
        cast_four(four.data());
    }
}

// What lies outside the map goes to a texel that nobody reads.
void ShadowMap::cast_four(const Vec3 *points_mm) {
    const float *from = &points_mm->x;
    const FourFloats a = load<FourFloats>(from), b = load<FourFloats>(from + 4), c = load<FourFloats>(from + 8);
    const FourFloats x = FourFloats{a[0], a[3], b[2], c[1]} - kCentreMm.x, y = FourFloats{a[1], b[0], b[3], c[2]} - kCentreMm.y,
                     z = FourFloats{a[2], b[1], c[0], c[3]} - kCentreMm.z;
    const auto along = [&](const Vec3 &axis) { return axis.x * x + axis.y * y + axis.z * z; };
    const FourFloats column = along(sight_.right) * kScale + kMiddle, row = kMiddle - along(sight_.up) * kScale;
    const FourFloats height = along(sight_.towards) + kPlaneMm;
    const FourInts inside = (column >= 0.0f) & (column < static_cast<float>(kSide)) & (row >= 0.0f) &
                            (row < static_cast<float>(kSide)) & (height < 2.0f * kPlaneMm);
    const FourInts at_column = __builtin_convertvector(inside ? column : FourFloats{}, FourInts);
    const FourInts at_row = __builtin_convertvector(inside ? row : FourFloats{}, FourInts);
    const FourInts texel = inside ? at_row * kSide + at_column : FourInts{} + kUnread;
    for (int i = 0; i < 4; ++i) {
        float &there = depth_[texel[i]];
        there = height[i] > there ? height[i] : there;
    }
}

void ShadowMap::visibility(const Receivers &receivers, size_t count, float *out) const {
    kernels().shadow({sight_.right, sight_.up, sight_.towards, kCentreMm, kScale, kSide, kPlaneMm, kBiasMm, kRampMm, kGrazingLiftMm,
                      depth_.data()},
                     receivers, static_cast<int32_t>(count), out);
}

}  // namespace fw
