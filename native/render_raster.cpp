#include "render_raster.hpp"

namespace fw {

void FarthestBlocks::measure(const SampleGrid &grid) {
    const int tiles = grid.layout.across, per_block = kBlock / 4;
    side_ = grid.layout.side;
    across_ = (tiles + per_block - 1) / per_block;
    farthest_.assign(size_t(across_) * across_, kFarMm);
    for (int row = 0; row < tiles; ++row)
        for (int column = 0; column < tiles; ++column) {
            const float *tile = &grid.inverse_depth[(size_t(row) * tiles + column) * 16];
            FourFloats least = load<FourFloats>(tile);
            for (int i = 4; i < 16; i += 4) {
                const FourFloats more = load<FourFloats>(tile + i);
                least = more < least ? more : least;
            }
            float &block = farthest_[size_t(row / per_block) * across_ + column / per_block];
            block = std::min(block, std::min(std::min(least[0], least[1]), std::min(least[2], least[3])));
        }
}

bool FarthestBlocks::hide(const Outline &one) const {
    const auto [left, right, top, bottom, nearest, middle, triangle] = one;
    constexpr int block = kSubsample * kBlock;
    const int32_t last = side_ * kSubsample - 1;
    if (right < 0 || bottom < 0 || left > last || top > last) return true;
    // The depth inside a triangle may be rounded to slightly more than its corners'.
    const float limit = nearest * (1.0f + 1.0e-5f);
    for (int row = std::max(top, 0) / block; row <= std::min(bottom, last) / block; ++row)
        for (int column = std::max(left, 0) / block; column <= std::min(right, last) / block; ++column)
            if (limit > farthest_[size_t(row) * across_ + column]) return false;
    return true;
}

}  // namespace fw
