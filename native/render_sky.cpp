#include "render_sky.hpp"

#include <algorithm>
#include <cmath>

#include "maths.hpp"
#include "render_kernels.hpp"
#include "render_shadow.hpp"

namespace fw {

namespace {

constexpr int kAxes = 12;  // each seen from both ends
constexpr int kSide = 48, kTexels = kSide * kSide;
constexpr Vec3 kCentreMm{0, -40, -70};
constexpr float kRadiusMm = 180.0f, kFar = 1.0e4f;
constexpr float kLiftMm = 5.0f, kBiasMm = 2.0f, kRampMm = 8.0f;
constexpr float kScale = 0.5f * kSide / kRadiusMm;

// Evenly spread over a hemisphere (a Fibonacci lattice).
Vec3 direction(int i) {
    const double z = (i + 0.5) / kAxes, radius = std::sqrt(1.0 - z * z);
    const SinCos turn = sincos_deg(i * 137.50776405003785);
    return {static_cast<float>(radius * turn.cos), static_cast<float>(z), static_cast<float>(radius * turn.sin)};
}

// Skylines: for each axis what lies farthest out along it, at one end and at the other.
constexpr size_t kStride = 2 * kTexels;

DepthMap map_of(int axis, const float *depths) {
    static const std::vector<Sight> sights = [] {
        std::vector<Sight> out;
        for (int i = 0; i < kAxes; ++i) out.emplace_back(direction(i));
        return out;
    }();
    const Sight &sight = sights[axis];
    return {sight.right, sight.up, sight.towards, kCentreMm, kScale, kSide, 0.0f, kFar, kBiasMm, kRampMm, 0.0f, depths};
}

std::vector<float> skylines_of(std::span<const Vec3> points_mm) {
    std::vector<float> out(kAxes * kStride, -kFar);
    for (int i = 0; i < kAxes; ++i) {
        float *depths = &out[i * kStride];
        kernels().cast(map_of(i, depths), points_mm.data(), static_cast<int32_t>(points_mm.size()), true, depths);
    }
    return out;
}

// Of the head: vertices, and the middles of triangles that vertices alone would leave holes between.
std::vector<float> head_skylines(const Rig &rig, std::span<const Vec3> neutral_mm) {
    std::vector<Vec3> points(neutral_mm.begin(), neutral_mm.end());
    for (const Triangle &t : rig.triangles) {
        const Vec3 &a = neutral_mm[t[0]], &b = neutral_mm[t[1]], &c = neutral_mm[t[2]];
        const Vec3 normal = cross(b - a, c - a);
        if (dot(normal, normal) > 30.0f * 30.0f) points.push_back((a + b + c) * (1.0f / 3.0f));
    }
    return skylines_of(points);
}

std::vector<float> item_skylines(const Wardrobe &wardrobe, const Wardrobe::Item &item) {
    constexpr int32_t most = 4000;  // points
    const int32_t step = 1 + (item.last_point - item.first_point) / most;
    std::vector<Vec3> points;
    for (int32_t k = item.first_point; k < item.last_point; k += step) points.push_back(wardrobe.points_mm[k]);
    return skylines_of(points);
}

// Points with their normals, and the light that has been found to reach them.
class Lookout {
  public:
    Lookout(std::span<const Vec3> points, std::span<const Vec3> unit_normals) : count_(points.size()), values_(kColumns * count_) {
        for (size_t i = 0; i < count_; ++i) {
            const Vec3 &p = points[i], &n = unit_normals[i];
            const std::array<float, 7> given{p.x, p.y, p.z, n.x, n.y, n.z, kLiftMm};
            for (size_t c = 0; c < given.size(); ++c) at(c)[i] = given[c];
        }
    }

    void look(const std::vector<float> &skylines) {
        for (int i = 0; i < kAxes; ++i)
            kernels().sky(map_of(i, &skylines[i * kStride]), {at(0), at(1), at(2), at(3), at(4), at(5), at(6)},
                          static_cast<int32_t>(count_), at(7), at(8));
    }

    std::vector<float> shares() const {
        std::vector<float> out(count_, 1.0f);
        for (size_t i = 0; i < count_; ++i)
            if (at(8)[i] > 0.0f) out[i] = at(7)[i] / at(8)[i];
        return out;
    }

  private:
    static constexpr size_t kColumns = 9;  // position, normal, lift; the light that reaches it, and that it faces

    float *at(size_t column) { return values_.data() + column * count_; }
    const float *at(size_t column) const { return values_.data() + column * count_; }

    size_t count_;
    std::vector<float> values_;
};

std::vector<Vec3> turned(std::span<const Vec3> normals) {
    std::vector<Vec3> out;
    for (const Vec3 &n : normals) out.push_back(n * -1.0f);
    return out;
}

}  // namespace

Outlook::Outlook(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe)
    : rig_(rig),
      neutral_mm_(neutral_mm),
      wardrobe_(wardrobe),
      head_(head_skylines(rig, neutral_mm)),
      items_(wardrobe.items.size()) {
    std::vector<FourFloats> sums(rig.vertices);
    vertex_normals(rig, std::vector<Position>(neutral_mm.begin(), neutral_mm.end()), std::vector<uint8_t>(rig.vertices, 1), sums);
    for (const FourFloats &n : sums) normals_.push_back(unit({n[0], n[1], n[2]}));
}

std::vector<float> Outlook::skylines(std::span<const uint8_t> visible) {
    std::vector<float> out = head_;
    for (size_t i = 0; i < items_.size(); ++i) {
        const Wardrobe::Item &item = wardrobe_.items[i];
        if (!visible[i] || !item.hides_sky) continue;
        if (items_[i].empty()) items_[i] = item_skylines(wardrobe_, item);
        for (size_t k = 0; k < out.size(); ++k) out[k] = std::max(out[k], items_[i][k]);
    }
    return out;
}

Openness Outlook::coarse(std::span<const uint8_t> visible) {
    const std::vector<float> all = skylines(visible);
    const auto shares = [&](std::span<const Vec3> points, std::span<const Vec3> unit_normals) {
        Lookout lookout(points, unit_normals);
        lookout.look(all);
        return lookout.shares();
    };
    const std::vector<float> open(wardrobe_.vertices_mm.size(), 1.0f);
    Openness out{shares(neutral_mm_, normals_), open, open};
    for (size_t i = 0; i < items_.size(); ++i) {
        const Wardrobe::Item &item = wardrobe_.items[i];
        if (!visible[i] && item.hides_sky) continue;
        const size_t first = item.first_vertex, count = item.last_vertex - first;
        const auto points = std::span(wardrobe_.vertices_mm).subspan(first, count);
        const auto fronts = std::span(wardrobe_.normals).subspan(first, count);
        std::ranges::copy(shares(points, fronts), out.worn.begin() + item.first_vertex);
        if (item.turns_normals()) std::ranges::copy(shares(points, turned(fronts)), out.behind.begin() + item.first_vertex);
    }
    return out;
}

Openness Outlook::fine(std::span<const uint8_t> visible) {
    constexpr float floor = 0.05f, most = 1.5f;  // where the mean head is nearly shut the ratio says little
    Openness out = coarse(visible);
    for (int32_t v = 0; v < rig_.vertices; ++v) {
        const float ratio = std::min(most, (out.head[v] + floor) / (rig_.mean_openness[v] + floor));
        out.head[v] = std::min(1.0f, rig_.occlusion[v] * ratio);
    }
    return out;
}

}  // namespace fw
