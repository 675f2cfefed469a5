// The rasteriser: triangles in, for each sample the triangle that is seen there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "simd.hpp"

namespace fw {

using Triangle = std::array<int32_t, 3>;

inline constexpr int kSamples = 2;  // per pixel of an image, along each axis

inline constexpr int kSubsample = 256;       // fixed-point steps between neighbouring samples
inline constexpr int kGuardSamples = 32768;  // a vertex further than this from the image's corner is not drawn
inline constexpr float kNearMm = 10.0f;
inline constexpr float kFarMm = 1.0e7f;

// A projected vertex: fixed-point sample coordinates (sample centres at +0.5) and 1 / depth. `inverse_depth` 0 marks a
// vertex that cannot be drawn (not finite, nearer than kNearMm, beyond kFarMm or outside the guard band); so are its triangles.
struct alignas(16) ScreenVertex {
    int32_t x, y;
    float inverse_depth;
    int32_t unused = 0;
};

[[gnu::always_inline]] inline ScreenVertex snap(float x_px, float y_px, float depth_mm, int samples) {
    // Exact: a float, a power-of-two scale (times 1 .. 4 samples) and an offset all fit in a double.
    const double x = static_cast<double>(x_px) * samples, y = static_cast<double>(y_px) * samples;
    const bool usable = depth_mm >= kNearMm && depth_mm <= kFarMm && x > -kGuardSamples && x < kGuardSamples &&
                        y > -kGuardSamples && y < kGuardSamples;
    if (!usable) return {0, 0, 0.0f};
    constexpr int offset = kGuardSamples * kSubsample;  // makes the value positive, so that truncation is floor
    return {static_cast<int32_t>(x * kSubsample + (0.5 + offset)) - offset,
            static_cast<int32_t>(y * kSubsample + (0.5 + offset)) - offset, 1.0f / depth_mm};
}

[[gnu::always_inline]] inline int64_t edge(const ScreenVertex &from, const ScreenVertex &to, int32_t x, int32_t y) {
    return int64_t{to.y - from.y} * (x - from.x) - int64_t{to.x - from.x} * (y - from.y);
}

// Twice the area in fixed-point steps; positive for counter-clockwise triangles (as seen in the image).
[[gnu::always_inline]] inline int64_t doubled_area(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c) {
    return edge(a, b, c.x, c.y);
}

[[gnu::always_inline]] inline bool drawable(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c) {
    return a.inverse_depth > 0 && b.inverse_depth > 0 && c.inverse_depth > 0;
}

// Screen-space weights of a triangle's vertices at a fixed-point position, up to a common factor (twice the area, which is
// negative where the triangle is seen from behind).
struct EdgeWeights {
    float w0, w1, w2;
};

[[gnu::always_inline]] inline EdgeWeights weights_at_point(const ScreenVertex &a, const ScreenVertex &b,
                                                           const ScreenVertex &c, int32_t x, int32_t y) {
    return {static_cast<float>(edge(b, c, x, y)), static_cast<float>(edge(c, a, x, y)),
            static_cast<float>(edge(a, b, x, y))};
}

// Samples in tiles of 4 x 4, row by row; a tile is four pixels of 2 x 2 samples, row by row, and so are the samples within
// a pixel. So 16, 8 or 4 neighbouring samples are also neighbours in memory, and a pixel's four always are.
struct TileLayout {
    int side = 0;    // samples that are drawn; the tiles may reach further
    int across = 0;  // tiles

    TileLayout() = default;
    explicit TileLayout(int side) : side(side), across((side + 3) / 4) {}

    size_t samples() const { return size_t(across) * across * 16; }
    size_t pixels() const { return samples() / 4; }
    [[gnu::always_inline]] size_t pixel(int column, int row) const {
        return (size_t(row >> 1) * across + (column >> 1)) * 4 + (row & 1) * 2 + (column & 1);
    }
    [[gnu::always_inline]] size_t sample(int column, int row) const {
        return pixel(column >> 1, row >> 1) * 4 + (row & 1) * 2 + (column & 1);
    }
};

// A grid as the rasteriser draws into it.
struct Target {
    TileLayout layout;
    int32_t *triangle;
    float *inverse_depth;
};

// What is seen at each sample: the index of the triangle (-1 for none) and 1 / depth there (0 for none).
struct SampleGrid {
    TileLayout layout;
    LinedVector<int32_t> triangle;
    LinedVector<float> inverse_depth;

    explicit SampleGrid(int side) : layout(side), triangle(layout.samples()), inverse_depth(layout.samples()) {}

    void clear() {
        std::fill(triangle.begin(), triangle.end(), -1);
        std::fill(inverse_depth.begin(), inverse_depth.end(), 0.0f);
    }
    Target target() { return {layout, triangle.data(), inverse_depth.data()}; }
};

// A triangle as far as it decides whether it can be seen.
struct Outline {
    int32_t left, right, top, bottom;  // fixed-point
    float nearest, middle;             // 1 / depth: the most of its corners, and their sum
    int32_t triangle;
};

// The farthest surface in each block of a grid, to leave out early what lies behind it.
class FarthestBlocks {
  public:
    void measure(const SampleGrid &grid);
    // Whether it lies behind everything in the blocks that its box touches.
    bool hide(const Outline &one) const;

  private:
    static constexpr int kBlock = 16;  // samples

    int side_ = 0, across_ = 0;
    std::vector<float> farthest_;
};

}  // namespace fw
