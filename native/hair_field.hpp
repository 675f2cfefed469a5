// The room outside a head in coordinates that are simple there: rays from a vertical axis through neck and skull up to
// the middle of the skull, and from that point above it. Along every ray the skin is at one distance ("radius").
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fw::hair {

struct Vec3 {
    float x = 0, y = 0, z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
inline float length(Vec3 a) { return std::sqrt(dot(a, a)); }
inline Vec3 unit(Vec3 a) { return a * (1.0f / std::max(length(a), 1e-6f)); }
inline float clamp01(float t) { return t > 0.0f ? (t < 1.0f ? t : 1.0f) : 0.0f; }
inline float ease(float t) {
    t = clamp01(t);
    return t * t * (3.0f - 2.0f * t);
}
inline float mix(float a, float b, float t) { return a + (b - a) * t; }

// Millimetres, mean head: where the axis ends and how it leans.
inline constexpr Vec3 kCentre{0.0f, 25.0f, -68.0f};
inline constexpr float kLowest = -290.0f;
inline constexpr float kNeckTop = -60.0f, kNeckBottom = -130.0f, kNeckZ = -95.0f;
inline constexpr int kColumns = 48, kLowRows = 42, kHighRows = 12, kRows = kLowRows + kHighRows + 1;
inline constexpr float kRowStep = (kCentre.y - kLowest) / static_cast<float>(kLowRows);

inline float axis_z(float y) { return mix(kCentre.z, kNeckZ, clamp01((kNeckTop - y) / (kNeckTop - kNeckBottom))); }

// Four corners of a grid cell with their weights, and the distance from the axis.
struct Place {
    int corner[4];
    float weight[4];
    float radius;
};

inline Place locate(Vec3 p) {
    const bool high = p.y > kCentre.y;
    const float x = p.x, z = p.z - (high ? kCentre.z : axis_z(p.y));
    // The angle round the axis without trigonometry: position along a diamond, -2 .. 2, 0 in front, 1 at the left.
    const float share = x / std::max(std::fabs(x) + std::fabs(z), 1e-6f);
    const float angle = z >= 0.0f ? share : (share >= 0.0f ? 2.0f - share : -2.0f - share);
    const float flat = std::sqrt(x * x + z * z), up = p.y - kCentre.y;
    const float row = high ? static_cast<float>(kLowRows) + up / (up + flat) * static_cast<float>(kHighRows)
                           : std::max(0.0f, (p.y - kLowest) / kRowStep);
    const float column = (angle + 2.0f) * (kColumns / 4.0f);
    const int r = std::min(static_cast<int>(row), kRows - 2), c = std::min(static_cast<int>(column), kColumns - 1);
    const float tr = row - static_cast<float>(r), tc = column - static_cast<float>(c);
    const int next = c + 1 == kColumns ? 0 : c + 1;
    return {{r * kColumns + c, r * kColumns + next, (r + 1) * kColumns + c, (r + 1) * kColumns + next},
            {(1 - tr) * (1 - tc), (1 - tr) * tc, tr * (1 - tc), tr * tc},
            high ? std::sqrt(flat * flat + up * up) : flat};
}

struct Ray {
    Vec3 origin, direction;
};

// A place on the skin: a triangle and weights of its corners; vertex -1 where a ray misses.
struct Hit {
    int32_t vertex[3] = {-1, -1, -1};
    float weight[3] = {0, 0, 0};
};

class Field {
  public:
    Field(const float *vertices, const int32_t *triangles, size_t triangle_count)
        : radius_(kRows * kColumns), hits_(kRows * kColumns) {
        for (int row = kRows - 1; row >= 0; --row)
            for (int column = 0; column < kColumns; ++column) cast(vertices, triangles, triangle_count, row, column);
        smooth_ = radius_;
        for (int pass = 0; pass < 3; ++pass) blur();
    }

    // Distance in millimetres outside the mean head's skin (below 0 inside), along the ray from the axis.
    float outside(Vec3 p) const {
        const Place at = locate(p);
        return at.radius - (radius_[at.corner[0]] * at.weight[0] + radius_[at.corner[1]] * at.weight[1] +
                            radius_[at.corner[2]] * at.weight[2] + radius_[at.corner[3]] * at.weight[3]);
    }

    // The same without ears and other small things, which hair lies over.
    float outside_smooth(Vec3 p) const {
        const Place at = locate(p);
        return at.radius - (smooth_[at.corner[0]] * at.weight[0] + smooth_[at.corner[1]] * at.weight[1] +
                            smooth_[at.corner[2]] * at.weight[2] + smooth_[at.corner[3]] * at.weight[3]);
    }

    // Of outside_smooth, whose value at p is `here`.
    Vec3 gradient(Vec3 p, float here) const {
        constexpr float step = 5.0f;
        return Vec3{outside_smooth({p.x + step, p.y, p.z}) - here, outside_smooth({p.x, p.y + step, p.z}) - here,
                    outside_smooth({p.x, p.y, p.z + step}) - here} *
               (1.0f / step);
    }

    const std::vector<Hit> &hits() const { return hits_; }
    float radius(int row, int column) const { return radius_[row * kColumns + column]; }
    float smooth(int row, int column) const { return smooth_[row * kColumns + column]; }

    // Through a cell's corner of the grid.
    static Ray ray(int row, int column) {
        const float angle = static_cast<float>(column) * (4.0f / kColumns) - 2.0f;
        const float share = std::fabs(angle) <= 1.0f ? angle : (angle > 0.0f ? 2.0f - angle : -2.0f - angle);
        const float front = std::fabs(angle) <= 1.0f ? 1.0f - std::fabs(share) : std::fabs(share) - 1.0f;
        const Vec3 flat = unit({share, 0.0f, front});
        const float e = static_cast<float>(row - kLowRows) / kHighRows;
        const float y = kLowest + static_cast<float>(row) * kRowStep;
        const Vec3 origin = row >= kLowRows ? kCentre : Vec3{0.0f, y, axis_z(y)};
        return {origin, row >= kLowRows ? unit(flat * (1.0f - e) + Vec3{0.0f, e, 0.0f}) : flat};
    }

  private:
    void cast(const float *vertices, const int32_t *triangles, size_t triangle_count, int row, int column) {
        const auto [origin, direction] = ray(row, column);
        const auto at = [&](int32_t v) { return Vec3{vertices[3 * v], vertices[3 * v + 1], vertices[3 * v + 2]}; };
        Hit best;
        float farthest = 0.0f;
        for (size_t t = 0; t < triangle_count; ++t) {
            const int32_t *v = triangles + 3 * t;
            const Vec3 a = at(v[0]), e1 = at(v[1]) - a, e2 = at(v[2]) - a, h = cross(direction, e2);
            const float det = dot(e1, h);
            if (std::fabs(det) < 1e-9f) continue;
            const Vec3 s = origin - a;
            const float u = dot(s, h) / det;
            if (u < -1e-4f || u > 1.0001f) continue;
            const Vec3 q = cross(s, e1);
            const float w = dot(direction, q) / det;
            if (w < -1e-4f || u + w > 1.0001f) continue;
            const float distance = dot(e2, q) / det;
            if (distance > farthest) {
                farthest = distance;
                best = {{v[0], v[1], v[2]}, {1.0f - u - w, u, w}};
            }
        }
        const int cell = row * kColumns + column;
        const bool missed = farthest <= 0.0f && row + 1 < kRows;  // below the mesh's lower rim
        hits_[cell] = missed ? hits_[cell + kColumns] : best;
        radius_[cell] = missed ? radius_[cell + kColumns] : farthest;
    }

    void blur() {
        const std::vector<float> before = smooth_;
        for (int row = 1; row < kRows - 1; ++row)
            for (int column = 0; column < kColumns; ++column) {
                const int left = row * kColumns + (column + kColumns - 1) % kColumns;
                const int right = row * kColumns + (column + 1) % kColumns, here = row * kColumns + column;
                const float beside = before[left] + before[right] + before[here - kColumns] + before[here + kColumns];
                smooth_[here] = 0.25f * (2.0f * before[here] + 0.5f * beside);
            }
    }

    std::vector<float> radius_, smooth_;
    std::vector<Hit> hits_;
};

}  // namespace fw::hair
