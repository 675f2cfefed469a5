// The rasteriser: triangles in, for each sample the triangle that is seen there.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace fw {

using Triangle = std::array<int32_t, 3>;

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

// What is seen at each of side x side samples: the index of the triangle (-1 for none) and 1 / depth there (0 for none).
struct SampleGrid {
    int side;
    std::vector<int32_t> triangle;
    std::vector<float> inverse_depth;

    explicit SampleGrid(int side) : side(side), triangle(size_t(side) * side), inverse_depth(size_t(side) * side) {}
};

// Draws counter-clockwise triangles (as seen in the image); others are culled. Coverage is exact integer arithmetic with
// the top-left rule: a sample on an edge belongs to the triangle for which that edge is a left or a horizontal top edge.
// The nearest triangle wins, and of equally near ones that with the lower index.
void rasterize(std::span<const ScreenVertex> vertices, std::span<const Triangle> triangles, SampleGrid &grid);

// Screen-space weights of a triangle's vertices at a sample, up to a common factor (twice the area).
struct EdgeWeights {
    float w0, w1, w2;
};

inline int64_t edge(const ScreenVertex &from, const ScreenVertex &to, int32_t x, int32_t y) {
    return int64_t{to.y - from.y} * (x - from.x) - int64_t{to.x - from.x} * (y - from.y);
}

inline EdgeWeights weights_at(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c, int column, int row) {
    const int32_t x = column * kSubsample + kSubsample / 2, y = row * kSubsample + kSubsample / 2;
    return {static_cast<float>(edge(b, c, x, y)), static_cast<float>(edge(c, a, x, y)),
            static_cast<float>(edge(a, b, x, y))};
}

}  // namespace fw
