#include "render_raster.hpp"

#include <algorithm>

namespace fw {

namespace {

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
struct Range {
    int first, last;

    Range(int32_t low, int32_t high, int side) {
        constexpr int half = kSubsample / 2, guard = kGuardSamples + 1;  // as in snap: positive before dividing
        first = std::max(0, (low - half + kSubsample - 1 + guard * kSubsample) / kSubsample - guard);
        last = std::min(side - 1, (high - half + guard * kSubsample) / kSubsample - guard);
    }
};

void draw(int32_t index, const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c, SampleGrid &grid) {
    const Range columns(std::min({a.x, b.x, c.x}), std::max({a.x, b.x, c.x}), grid.side);
    const Range rows(std::min({a.y, b.y, c.y}), std::max({a.y, b.y, c.y}), grid.side);
    if (columns.first > columns.last || rows.first > rows.last) return;
    const int64_t area = edge(a, b, c.x, c.y);
    if (area <= 0) return;

    const int32_t x = columns.first * kSubsample + kSubsample / 2, y = rows.first * kSubsample + kSubsample / 2;
    const EdgeFunction e0(b, c, x, y), e1(c, a, x, y), e2(a, b, x, y);
    const float slope1 = (b.inverse_depth - a.inverse_depth) / static_cast<float>(area);
    const float slope2 = (c.inverse_depth - a.inverse_depth) / static_cast<float>(area);
    int64_t row0 = e0.value, row1 = e1.value, row2 = e2.value;
    for (int row = rows.first; row <= rows.last; ++row) {
        int64_t v0 = row0, v1 = row1, v2 = row2;
        const size_t line = size_t(row) * grid.side;
        for (int column = columns.first; column <= columns.last; ++column) {
            if ((v0 | v1 | v2) >= 0) {
                const float inverse_depth =
                    a.inverse_depth + (static_cast<float>(v1 + e1.bias) * slope1 + static_cast<float>(v2 + e2.bias) * slope2);
                if (inverse_depth > grid.inverse_depth[line + column]) {
                    grid.inverse_depth[line + column] = inverse_depth;
                    grid.triangle[line + column] = index;
                }
            }
            v0 += e0.per_column;
            v1 += e1.per_column;
            v2 += e2.per_column;
        }
        row0 += e0.per_row;
        row1 += e1.per_row;
        row2 += e2.per_row;
    }
}

}  // namespace

void rasterize(std::span<const ScreenVertex> vertices, std::span<const Triangle> triangles, SampleGrid &grid) {
    std::fill(grid.triangle.begin(), grid.triangle.end(), -1);
    std::fill(grid.inverse_depth.begin(), grid.inverse_depth.end(), 0.0f);
    for (size_t t = 0; t < triangles.size(); ++t) {
        const ScreenVertex &a = vertices[triangles[t][0]], &b = vertices[triangles[t][1]], &c = vertices[triangles[t][2]];
        if (a.inverse_depth > 0 && b.inverse_depth > 0 && c.inverse_depth > 0) draw(static_cast<int32_t>(t), a, b, c, grid);
    }
}

}  // namespace fw
