#include "render_sky.hpp"

#include <cmath>

#include "maths.hpp"
#include "render_shading.hpp"
#include "render_shadow.hpp"
#include "row_clones.hpp"

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

// Points as three arrays.
struct Coordinates {
    std::vector<float> x, y, z;

    void resize(size_t size) {
        x.resize(size);
        y.resize(size);
        z.resize(size);
    }
    void set(size_t i, const Vec3 &p) {
        x[i] = p.x;
        y[i] = p.y;
        z[i] = p.z;
    }
};

// What lies farthest out along an axis at both ends: depth towards the one, and towards the other.
struct Skyline {
    Sight sight;
    std::vector<float> ends;  // the one, then the other

    Skyline(const Vec3 &towards, const Coordinates &occluders, Coordinates &place) : sight(towards), ends(2 * kTexels, -kFar) {
        turn(occluders, place);
        for (size_t i = 0; i < place.x.size(); ++i) {
            const float x = place.x[i], y = place.y[i], depth = place.z[i];
            if (!(x >= 0.0f && x < kSide && y >= 0.0f && y < kSide)) continue;
            const int texel = static_cast<int>(y) * kSide + static_cast<int>(x);
            ends[texel] = std::max(ends[texel], depth);
            ends[kTexels + texel] = std::max(ends[kTexels + texel], -depth);
        }
    }

    // Column, row and depth of points.
    void turn(const Coordinates &points, Coordinates &out) const {
        out.resize(points.x.size());
        for (size_t i = 0; i < points.x.size(); ++i) {
            const float x = points.x[i] - kCentreMm.x, y = points.y[i] - kCentreMm.y, z = points.z[i] - kCentreMm.z;
            out.x[i] = (sight.right.x * x + sight.right.y * y + sight.right.z * z) * kScale + kMiddle;
            out.y[i] = (sight.up.x * x + sight.up.y * y + sight.up.z * z) * kScale + kMiddle;
            out.z[i] = sight.towards.x * x + sight.towards.y * y + sight.towards.z * z;
        }
    }
};

[[gnu::always_inline]] inline float part(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

// Vertices, and the middles of triangles that vertices alone would leave holes between.
Coordinates occluders(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe,
                            std::span<const uint8_t> visible) {
    constexpr int32_t most = 8000;  // points of an attachment
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
    Coordinates coordinates;
    coordinates.resize(out.size());
    for (size_t i = 0; i < out.size(); ++i) coordinates.set(i, out[i]);
    return coordinates;
}

// Adds the light of the axis's end that each surface faces, by the cosine under which it does, and how much reaches its place.
FW_ROW_CLONES
void add_light(const Skyline &skyline, const Coordinates &places, const Coordinates &normals, float *reached, float *facing) {
    const float *px = places.x.data(), *py = places.y.data(), *pz = places.z.data(), *ends = skyline.ends.data();
    const float *nx = normals.x.data(), *ny = normals.y.data(), *nz = normals.z.data();
    const Vec3 towards = skyline.sight.towards;
    const size_t count = places.x.size();
    for (size_t i = 0; i < count; ++i) {
        const float cosine = nx[i] * towards.x + ny[i] * towards.y + nz[i] * towards.z;
        const bool other = cosine < 0.0f;
        const float weight = other ? -cosine : cosine, depth = (other ? -pz[i] : pz[i]) + kBiasMm;
        const float x = px[i] - 0.5f, y = py[i] - 0.5f;
        const bool inside = (x >= 0.0f) & (x < kSide - 1) & (y >= 0.0f) & (y < kSide - 1);
        const float in_x = inside ? x : 0.0f, in_y = inside ? y : 0.0f;
        const int column = static_cast<int>(in_x), row = static_cast<int>(in_y), at = row * kSide + column + (other ? kTexels : 0);
        const float right = in_x - static_cast<float>(column), up = in_y - static_cast<float>(row), left = 1.0f - right, down = 1.0f - up;
        const auto hidden = [&](int texel) { return part((ends[at + texel] - depth) * (1.0f / kRampMm)); };
        const float sum = (hidden(0) * (left * down) + hidden(1) * (right * down)) +
                          (hidden(kSide) * (left * up) + hidden(kSide + 1) * (right * up));
        reached[i] += weight * (inside ? 1.0f - sum : 1.0f);
        facing[i] += weight;
    }
}

// Points with their normals, and the light that has been found to reach them.
struct Receivers {
    Coordinates lifted, normals;
    std::vector<float> reached, facing;

    Receivers(std::span<const Vec3> points, std::span<const Vec3> unit_normals) : reached(points.size()), facing(points.size()) {
        lifted.resize(points.size());
        normals.resize(points.size());
        for (size_t i = 0; i < points.size(); ++i) {
            lifted.set(i, points[i] + unit_normals[i] * kLiftMm);
            normals.set(i, unit_normals[i]);
        }
    }

    void add(const Skyline &skyline, Coordinates &place) {
        skyline.turn(lifted, place);
        add_light(skyline, place, normals, reached.data(), facing.data());
    }

    std::vector<float> shares() const {
        std::vector<float> out(reached.size(), 1.0f);
        for (size_t i = 0; i < out.size(); ++i)
            if (facing[i] > 0.0f) out[i] = reached[i] / facing[i];
        return out;
    }
};

std::vector<Vec3> turned(std::span<const Vec3> normals) {
    std::vector<Vec3> out;
    for (const Vec3 &n : normals) out.push_back(n * -1.0f);
    return out;
}

}  // namespace

Openness coarse_openness(const Rig &rig, std::span<const Vec3> neutral_mm, const Wardrobe &wardrobe,
                         std::span<const uint8_t> visible) {
    const Coordinates hiding = occluders(rig, neutral_mm, wardrobe, visible);
    std::vector<FourFloats> sums(rig.vertices);
    vertex_normals(rig, neutral_mm, sums);
    std::vector<Vec3> normals;
    for (const FourFloats &n : sums) normals.push_back(unit({n[0], n[1], n[2]}));
    Receivers head(neutral_mm, normals);
    std::vector<std::array<Receivers, 2>> worn;  // per item: its front, and the other side if that has normals of its own
    for (size_t i = 0; i < wardrobe.items.size(); ++i) {
        const Wardrobe::Item &item = wardrobe.items[i];
        const size_t first = item.first_vertex, count = visible[i] || !item.hides_sky ? item.last_vertex - first : 0;
        const size_t behind = item.turns_normals() ? count : 0;
        const std::span<const Vec3> points(wardrobe.vertices_mm), fronts(wardrobe.normals);
        worn.push_back({Receivers(points.subspan(first, count), fronts.subspan(first, count)),
                        Receivers(points.subspan(first, behind), turned(fronts.subspan(first, behind)))});
    }
    Coordinates place;
    for (int i = 0; i < kAxes; ++i) {
        const Skyline skyline(axis(i), hiding, place);
        head.add(skyline, place);
        for (auto &sides : worn)
            for (Receivers &side : sides) side.add(skyline, place);
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
