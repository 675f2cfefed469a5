// The rasteriser: triangles in, for each sample the triangle that is seen there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "render_lanes.hpp"

namespace fw {

using Triangle = std::array<int32_t, 3>;

inline constexpr int kSamples = 2;  // per pixel of an image, along each axis

inline constexpr int kSubsample = 256;       // fixed-point steps between neighbouring samples
inline constexpr int kGuardSamples = 32768;  // a vertex further than this from the image's corner is not drawn
inline constexpr float kNearMm = 10.0f;
inline constexpr float kFarMm = 1.0e7f;

// A projected vertex: fixed-point sample coordinates (sample centres at +0.5) and 1 / depth. `inverse_depth` 0 marks a
// vertex that cannot be drawn (not finite, nearer than kNearMm, beyond kFarMm or outside the guard band); so are its triangles.
struct ScreenVertex {
    int32_t x, y;
    float inverse_depth;
};

inline ScreenVertex snap(float x_px, float y_px, float depth_mm, int samples) {
    // Exact: a float, a power-of-two scale (times 1 .. 4 samples) and an offset all fit in a double.
    const double x = static_cast<double>(x_px) * samples, y = static_cast<double>(y_px) * samples;
    const bool usable = depth_mm >= kNearMm && depth_mm <= kFarMm && x > -kGuardSamples && x < kGuardSamples &&
                        y > -kGuardSamples && y < kGuardSamples;
    if (!usable) return {0, 0, 0.0f};
    constexpr int offset = kGuardSamples * kSubsample;  // makes the value positive, so that truncation is floor
    return {static_cast<int32_t>(x * kSubsample + (0.5 + offset)) - offset,
            static_cast<int32_t>(y * kSubsample + (0.5 + offset)) - offset, 1.0f / depth_mm};
}

inline int64_t edge(const ScreenVertex &from, const ScreenVertex &to, int32_t x, int32_t y) {
    return int64_t{to.y - from.y} * (x - from.x) - int64_t{to.x - from.x} * (y - from.y);
}

// Twice the area in fixed-point steps; positive for counter-clockwise triangles (as seen in the image).
inline int64_t doubled_area(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c) {
    return edge(a, b, c.x, c.y);
}

inline bool drawable(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c) {
    return a.inverse_depth > 0 && b.inverse_depth > 0 && c.inverse_depth > 0;
}

// Screen-space weights of a triangle's vertices at a sample or a fixed-point position, up to a common factor (twice the area).
struct EdgeWeights {
    float w0, w1, w2;
};

inline EdgeWeights weights_at_point(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c, int32_t x, int32_t y) {
    return {static_cast<float>(edge(b, c, x, y)), static_cast<float>(edge(c, a, x, y)),
            static_cast<float>(edge(a, b, x, y))};
}

inline EdgeWeights weights_at(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c, int column, int row) {
    return weights_at_point(a, b, c, column * kSubsample + kSubsample / 2, row * kSubsample + kSubsample / 2);
}

// A directed edge as a linear function of the sample position, shifted so that "inside" is >= 0 under the top-left rule.
struct EdgeFunction {
    int64_t per_column, per_row, value, bias;

    EdgeFunction(const ScreenVertex &from, const ScreenVertex &to, int32_t x, int32_t y) {
        const int64_t dx = int64_t{to.x} - from.x, dy = int64_t{to.y} - from.y;
        const bool left = dy > 0, top = dy == 0 && dx < 0;
        per_column = dy * kSubsample;
        per_row = -dx * kSubsample;
        bias = left || top ? 0 : 1;
        value = edge(from, to, x, y) - bias;
    }
};

// The range of samples whose centres lie within low .. high, clipped to the grid.
struct SampleRange {
    int first, last;

    SampleRange(int32_t low, int32_t high, int side) {
        constexpr int half = kSubsample / 2, guard = kGuardSamples + 1;  // as in snap: positive before dividing
        first = std::max(0, (low - half + kSubsample - 1 + guard * kSubsample) / kSubsample - guard);
        last = std::min(side - 1, (high - half + guard * kSubsample) / kSubsample - guard);
    }
};

// A triangle's edges over pixels of 2 x 2 samples, all four at a time. Integers are wide enough for the edges' values.
template <class Integers>
class PixelScan {
  public:
    PixelScan(const EdgeFunction &e0, const EdgeFunction &e1, const EdgeFunction &e2) : e0_(e0), e1_(e1), e2_(e2) {}

    // Calls visit(column, row, depths): 1 / depth = depth[0] + weight of b * depth[1] + weight of c * depth[2], 0 outside.
    template <class Visit>
    void run(const SampleRange &columns, const SampleRange &rows, const std::array<float, 3> &depth, Visit &&visit) const {
        Integers row0 = e0_.value, row1 = e1_.value, row2 = e2_.value;
        for (int row = rows.first / 2; row <= rows.last / 2; ++row) {
            Integers v0 = row0, v1 = row1, v2 = row2;
            for (int column = columns.first / 2; column <= columns.last / 2; ++column) {
                const Integers outside = v0 | v1 | v2;  // negative there
                if (any_not_negative(outside)) {
                    const FourFloats b = __builtin_convertvector(v1 + e1_.bias, FourFloats);
                    const FourFloats c = __builtin_convertvector(v2 + e2_.bias, FourFloats);
                    const FourFloats here = depth[0] + (b * depth[1] + c * depth[2]);
                    visit(column, row, __builtin_convertvector(outside >= 0, FourInts) ? here : FourFloats{});
                }
                v0 += e0_.per_column;
                v1 += e1_.per_column;
                v2 += e2_.per_column;
            }
            row0 += e0_.per_row;
            row1 += e1_.per_row;
            row2 += e2_.per_row;
        }
    }

  private:
    struct Edge {
        Integers value, per_column, per_row, bias;

        explicit Edge(const EdgeFunction &e) {
            using Integer = std::remove_cvref_t<decltype(value[0])>;
            const auto across = static_cast<Integer>(e.per_column), down = static_cast<Integer>(e.per_row);
            value = static_cast<Integer>(e.value) + Integers{0, across, down, across + down};
            per_column = Integers{} + 2 * across;
            per_row = Integers{} + 2 * down;
            bias = Integers{} + static_cast<Integer>(e.bias);
        }
    };

    Edge e0_, e1_, e2_;
};

// Calls visit(column, row, depths) for each pixel of 2 x 2 samples of which one is inside a counter-clockwise triangle, with
// 1 / depth of its samples, row by row, 0 for those outside; `side` counts samples and is even. Of a triangle that appears
// clockwise there are none. Coverage is exact integer arithmetic with the top-left rule: a sample on an edge belongs to the
// triangle for which that edge is a left or a horizontal top edge.
template <class Visit>
void scan(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c, int side, Visit &&visit) {
    const int64_t area = doubled_area(a, b, c);
    if (area <= 0) return;
    const int32_t left = std::min(std::min(a.x, b.x), c.x), right = std::max(std::max(a.x, b.x), c.x);
    const int32_t top = std::min(std::min(a.y, b.y), c.y), bottom = std::max(std::max(a.y, b.y), c.y);
    const SampleRange columns(left, right, side), rows(top, bottom, side);
    if (columns.first > columns.last || rows.first > rows.last) return;

    const int32_t x = columns.first / 2 * 2 * kSubsample + kSubsample / 2, y = rows.first / 2 * 2 * kSubsample + kSubsample / 2;
    const EdgeFunction e0(b, c, x, y), e1(c, a, x, y), e2(a, b, x, y);
    const std::array<float, 3> depth{a.inverse_depth, (b.inverse_depth - a.inverse_depth) / static_cast<float>(area),
                                     (c.inverse_depth - a.inverse_depth) / static_cast<float>(area)};
    // Within 64 samples an edge's value stays below 2 * (66 * 256)^2 < 2^30.
    constexpr int32_t near = 64 * kSubsample;
    if (right - left <= near && bottom - top <= near)
        PixelScan<FourInts>(e0, e1, e2).run(columns, rows, depth, visit);
    else
        PixelScan<FourLongs>(e0, e1, e2).run(columns, rows, depth, visit);
}

// What is seen at each of side x side samples, by pixels of 2 x 2 of them (row by row, and so within a pixel): the index of
// the triangle (-1 for none) and 1 / depth there (0 for none).
struct SampleGrid {
    int side, width;  // in samples, even; in pixels
    std::vector<FourInts> triangle;
    std::vector<FourFloats> inverse_depth;

    explicit SampleGrid(int side)
        : side(side), width(side / 2), triangle(size_t(width) * width), inverse_depth(size_t(width) * width) {}
};

// The farthest surface in each tile of a grid, to leave out early what lies behind the grid's triangles.
class FarthestTiles {
  public:
    // inverse_depth: width x width pixels of 2 x 2 samples, 0 where there is nothing.
    void measure(std::span<const FourFloats> inverse_depth, int width);
    // Whether something with this box (fixed-point) and this largest 1 / depth lies behind everything in its tiles.
    bool hide(int32_t left, int32_t right, int32_t top, int32_t bottom, float nearest) const;

  private:
    static constexpr int kTile = 4;  // pixels

    int width_ = 0, tiles_ = 0;
    std::vector<FourFloats> least_;
    std::vector<float> farthest_;
};

// Draws counter-clockwise triangles (as seen in the image) into an emptied grid; others are culled. The nearest triangle
// wins, and of equally near ones that with the lower index.
void rasterize(std::span<const ScreenVertex> vertices, std::span<const Triangle> triangles, SampleGrid &grid);

}  // namespace fw
