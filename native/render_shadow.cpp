#include "render_shadow.hpp"

#include <cmath>

#include "render_kernels.hpp"
#include "render_shading.hpp"
#include "row_clones.hpp"

namespace fw {

namespace {

constexpr Vec3 kCentreMm{0, -30, -60};
constexpr float kRadiusMm = 170.0f, kPlaneMm = 1000.0f;  // the plane lies this far behind the centre
constexpr float kScale = 0.5f * ShadowMap::kSide / kRadiusMm, kMiddle = 0.5f * ShadowMap::kSide;
constexpr float kBiasMm = 1.0f, kRampMm = 2.5f, kGrazingLiftMm = 3.0f;

// Where a point is in the map: column and row, and how far towards the light from the plane.
[[gnu::always_inline]] inline Vec3 place(const Sight &sight, const Vec3 &point_mm) {
    const Vec3 p = point_mm - kCentreMm;
    return {dot(sight.right, p) * kScale + kMiddle, kMiddle - dot(sight.up, p) * kScale, dot(sight.towards, p) + kPlaneMm};
}

ScreenVertex corner(const Sight &sight, const Vec3 &point_mm) {
    const Vec3 at = place(sight, point_mm);
    ScreenVertex out = snap(at.x, at.y, kNearMm, 1);
    if (out.inverse_depth > 0.0f) out.inverse_depth = at.z > 0.0f && at.z < 2.0f * kPlaneMm ? at.z : 0.0f;
    return out;
}

[[gnu::always_inline]] inline float part(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

// The mean over 3 x 3 texels by the weights of a quadratic B-spline.
FW_ROW_CLONES
void look_up(const Sight &sight, const float *depths, const ShadowReceivers &at, size_t count, float *out) {
    constexpr int side = ShadowMap::kSide;
    for (size_t i = 0; i < count; ++i) {
        const Vec3 normal{at.normal_x[i], at.normal_y[i], at.normal_z[i]};
        const float facing = dot(normal, sight.towards), grazing = 1.0f - (facing > 0.0f ? facing : 0.0f);
        const Vec3 spot = place(sight, Vec3{at.x[i], at.y[i], at.z[i]} + normal * (at.lift_mm[i] + kGrazingLiftMm * grazing));
        const bool inside = (spot.x >= 1.0f) & (spot.x < side - 1) & (spot.y >= 1.0f) & (spot.y < side - 1);
        const float x = inside ? spot.x : 1.0f, y = inside ? spot.y : 1.0f, here = spot.z + kBiasMm;
        const int column = static_cast<int>(x), row = static_cast<int>(y), first = (row - 1) * side + column - 1;
        const float right = x - static_cast<float>(column), down = y - static_cast<float>(row);
        const float x0 = 0.5f * (1.0f - right) * (1.0f - right), x2 = 0.5f * right * right, x1 = 1.0f - x0 - x2;
        const float y0 = 0.5f * (1.0f - down) * (1.0f - down), y2 = 0.5f * down * down, y1 = 1.0f - y0 - y2;
        const auto hidden = [&](int texel) { return part((depths[first + texel] - here) * (1.0f / kRampMm)); };
        const auto hidden_row = [&](int texel) { return hidden(texel) * x0 + hidden(texel + 1) * x1 + hidden(texel + 2) * x2; };
        const float sum = hidden_row(0) * y0 + hidden_row(side) * y1 + hidden_row(2 * side) * y2;
        out[i] = inside ? 1.0f - sum : 1.0f;
    }
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
    kernels().rasterize(corners_.data(), skin.data(), static_cast<int32_t>(skin.size()), 0, false, grid_.layout,
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

void ShadowMap::visibility(const ShadowReceivers &receivers, size_t count, float *out) const {
    look_up(sight_, depth_.data(), receivers, count, out);
}

}  // namespace fw
