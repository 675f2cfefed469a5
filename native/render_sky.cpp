#include "render_sky.hpp"

#include <cmath>

#include "maths.hpp"
#include "render_kernels.hpp"
#include "render_shading.hpp"
#include "render_shadow.hpp"

namespace fw {

namespace {

constexpr int kAxes = 12;  // each seen from both ends
constexpr int kSide = 48, kTexels = kSide * kSide;
constexpr Vec3 kCentreMm{0, -40, -70};
constexpr float kRadiusMm = 180.0f, kFar = 1.0e4f;
constexpr float kLiftMm = 5.0f, kBiasMm = 2.0f, kRampMm = 8.0f;
constexpr float kScale = 0.5f * kSide / kRadiusMm, kMiddle = 0.5f * kSide;

// Evenly spread over a hemisphere (a Fibonacci lattice).
Vec3 axis(int i) {
    const double z = (i + 0.5) / kAxes, radius = std::sqrt(1.0 - z * z);
    const SinCos turn = sincos_deg(i * 137.50776405003785);
    return {static_cast<float>(radius * turn.cos), static_cast<float>(z), static_cast<float>(radius * turn.sin)};
}

// What lies farthest out along an axis at both ends, one map after the other.
struct Skyline {
    Sight sight;
    std::vector<float> depths;

    Skyline(const Vec3 &towards, std::span<const Vec3> occluders) : sight(towards), depths(2 * kTexels, -kFar) {
        for (const Vec3 &point : occluders) {
            const Vec3 p = point - kCentreMm;
            const float x = dot(sight.right, p) * kScale + kMiddle, y = kMiddle - dot(sight.up, p) * kScale, depth = dot(sight.towards, p);
            if (!(x >= 0.0f && x < kSide && y >= 0.0f && y < kSide)) continue;
            const int texel = static_cast<int>(y) * kSide + static_cast<int>(x);
            depths[texel] = std::max(depths[texel], depth);
            depths[kTexels + texel] = std::max(depths[kTexels + texel], -depth);
        }
    }
};

// Vertices, and the middles of triangles that vertices alone would leave holes between.
std::vector<Vec3> occluders(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe,
                            std::span<const uint8_t> visible) {
    constexpr int32_t most = 4000;  // points of an attachment
    std::vector<Vec3> out(neutral_mm.begin(), neutral_mm.end());
    const auto middle = [](const Vec3 &a, const Vec3 &b, const Vec3 &c) { return (a + b + c) * (1.0f / 3.0f); };
    for (const Triangle &t : rig.triangles) {
        const Vec3 &a = neutral_mm[t[0]], &b = neutral_mm[t[1]], &c = neutral_mm[t[2]];
        const Vec3 normal = cross(b - a, c - a);
        if (dot(normal, normal) > 30.0f * 30.0f) out.push_back(middle(a, b, c));
    }
    for (size_t i = 0; i < wardrobe.items.size(); ++i) {
        const Wardrobe::Item &item = wardrobe.items[i];
        if (!visible[i] || !item.hides_sky) continue;
        const int32_t step = 1 + (item.last_point - item.first_point) / most;
        for (int32_t k = item.first_point; k < item.last_point; k += step)
            out.push_back(wardrobe.points_mm[k]);
    }
    return out;
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

    void add(const Skyline &skyline) {
        const Sight &sight = skyline.sight;
        kernels().sky({sight.right, sight.up, sight.towards, kCentreMm, kScale, kSide, 0.0f, kBiasMm, kRampMm, 0.0f, skyline.depths.data()},
                      {at(0), at(1), at(2), at(3), at(4), at(5), at(6)}, static_cast<int32_t>(count_), at(7), at(8));
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

Openness coarse_openness(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe,
                         std::span<const uint8_t> visible) {
    const std::vector<Vec3> hiding = occluders(rig, neutral_mm, wardrobe, visible);
    std::vector<FourFloats> sums(rig.vertices);
    vertex_normals(rig, fours(neutral_mm), std::vector<uint8_t>(rig.vertices, 1), sums);
    std::vector<Vec3> normals;
    for (const FourFloats &n : sums) normals.push_back(unit({n[0], n[1], n[2]}));
    Lookout head(neutral_mm, normals);
    std::vector<std::array<Lookout, 2>> worn;  // per item: its front, and the other side if that has normals of its own
    for (size_t i = 0; i < wardrobe.items.size(); ++i) {
        const Wardrobe::Item &item = wardrobe.items[i];
        const size_t first = item.first_vertex, count = visible[i] || !item.hides_sky ? item.last_vertex - first : 0;
        const size_t behind = item.turns_normals() ? count : 0;
        const std::span<const Vec3> points(wardrobe.vertices_mm), fronts(wardrobe.normals);
        worn.push_back({Lookout(points.subspan(first, count), fronts.subspan(first, count)),
                        Lookout(points.subspan(first, behind), turned(fronts.subspan(first, behind)))});
    }
    for (int i = 0; i < kAxes; ++i) {
        const Skyline skyline(axis(i), hiding);
        head.add(skyline);
        for (auto &sides : worn)
            for (Lookout &side : sides) side.add(skyline);
    }
    const std::vector<float> open(wardrobe.vertices_mm.size(), 1.0f);
    Openness out{head.shares(), open, open};
    for (size_t i = 0; i < worn.size(); ++i) {
        const std::vector<float> front = worn[i][0].shares(), behind = worn[i][1].shares();
        std::copy(front.begin(), front.end(), out.worn.begin() + wardrobe.items[i].first_vertex);
        std::copy(behind.begin(), behind.end(), out.behind.begin() + wardrobe.items[i].first_vertex);
    }
    return out;
}

Openness openness(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe, std::span<const uint8_t> visible) {
    constexpr float floor = 0.05f, most = 1.5f;  // where the mean head is nearly shut the ratio says little
    Openness out = coarse_openness(rig, neutral_mm, wardrobe, visible);
    for (int32_t v = 0; v < rig.vertices; ++v) {
        const float ratio = std::min(most, (out.head[v] + floor) / (rig.mean_openness[v] + floor));
        out.head[v] = std::min(1.0f, rig.occlusion[v] * ratio);
    }
    return out;
}

}  // namespace fw
