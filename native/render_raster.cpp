#include "render_raster.hpp"

namespace fw {

void FarthestTiles::measure(std::span<const FourFloats> inverse_depth, int width) {
    width_ = width;
    tiles_ = (width + kTile - 1) / kTile;
    farthest_.assign(size_t(tiles_) * tiles_, kFarMm);
    for (int first = 0; first < width; first += kTile) {
        const FourFloats *line = &inverse_depth[size_t(first) * width];
        least_.assign(line, line + width);
        for (int row = first + 1; row < std::min(first + kTile, width); ++row) {
            line += width;
            for (int column = 0; column < width; ++column)
                least_[column] = line[column] < least_[column] ? line[column] : least_[column];
        }
        float *tiles = &farthest_[size_t(first / kTile) * tiles_];
        for (int column = 0; column < width; ++column) {
            const FourFloats &four = least_[column];
            const float least = std::min(std::min(four[0], four[1]), std::min(four[2], four[3]));
            tiles[column / kTile] = std::min(tiles[column / kTile], least);
        }
    }
}

bool FarthestTiles::hide(int32_t left, int32_t right, int32_t top, int32_t bottom, float nearest) const {
    const SampleRange columns(left, right, 2 * width_), rows(top, bottom, 2 * width_);
    if (columns.first > columns.last || rows.first > rows.last) return true;
    // The depth inside a triangle may be rounded to slightly more than its corners'.
    const float limit = nearest * (1.0f + 1.0e-5f);
    for (int row = rows.first / (2 * kTile); row <= rows.last / (2 * kTile); ++row)
        for (int column = columns.first / (2 * kTile); column <= columns.last / (2 * kTile); ++column)
            if (limit > farthest_[size_t(row) * tiles_ + column]) return false;
    return true;
}

void rasterize(std::span<const ScreenVertex> vertices, std::span<const Triangle> triangles, SampleGrid &grid) {
    std::fill(grid.triangle.begin(), grid.triangle.end(), FourInts{-1, -1, -1, -1});
    std::fill(grid.inverse_depth.begin(), grid.inverse_depth.end(), FourFloats{});
    for (size_t t = 0; t < triangles.size(); ++t) {
        const ScreenVertex &a = vertices[triangles[t][0]], &b = vertices[triangles[t][1]], &c = vertices[triangles[t][2]];
        if (!drawable(a, b, c)) continue;
        const FourInts number = FourInts{} + static_cast<int32_t>(t);
        scan(a, b, c, grid.side, [&](int column, int row, const FourFloats &depths) {
            const size_t pixel = size_t(row) * grid.width + column;
            FourFloats &nearest = grid.inverse_depth[pixel];
            FourInts &seen = grid.triangle[pixel];
            const FourInts nearer = depths > nearest;
            nearest = nearer ? depths : nearest;
            seen = nearer ? number : seen;
        });
    }
}

}  // namespace fw
