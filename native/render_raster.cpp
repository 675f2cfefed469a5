#include "render_raster.hpp"

namespace fw {

void SampleGrid::measure() {
    measured = true;
    for (size_t tile = 0; tile < farthest.size(); ++tile) {
        const float *depths = &inverse_depth[tile * 16];
        FourFloats least = load<FourFloats>(depths);
        for (int i = 4; i < 16; i += 4) {
            const FourFloats more = load<FourFloats>(depths + i);
            least = more < least ? more : least;
        }
        farthest[tile] = std::min(std::min(least[0], least[1]), std::min(least[2], least[3]));
    }
    const size_t across = layout.across;
    for (size_t tile = 0; tile + across < farthest.size(); ++tile) farthest[tile] = std::min(farthest[tile], farthest[tile + across]);
    for (size_t row = 0; row < farthest.size(); row += across)
        for (size_t tile = row; tile + 1 < row + across; ++tile) farthest[tile] = std::min(farthest[tile], farthest[tile + 1]);
}

void FarthestBlocks::take(const SampleGrid &grid) {
    const int tiles = grid.layout.across, per_block = kBlock / 4;
    side_ = grid.layout.side;
    across_ = (tiles + per_block - 1) / per_block;
    farthest_.assign(size_t(across_) * across_, kFarMm);
    for (int row = 0; row < tiles; row += 2)
        for (int column = 0; column < tiles; column += 2) {
            float &block = farthest_[size_t(row / per_block) * across_ + column / per_block];
            block = std::min(block, grid.farthest[size_t(row) * tiles + column]);
        }
}

bool FarthestBlocks::hide(int32_t left, int32_t right, int32_t top, int32_t bottom, float nearest) const {
    constexpr int block = kSubsample * kBlock;
    const int32_t last = side_ * kSubsample - 1;
    if (right < 0 || bottom < 0 || left > last || top > last) return true;
    const float limit = nearest_inside(nearest);
    for (int row = std::max(top, 0) / block; row <= std::min(bottom, last) / block; ++row)
        for (int column = std::max(left, 0) / block; column <= std::min(right, last) / block; ++column)
            if (limit > farthest_[size_t(row) * across_ + column]) return false;
    return true;
}

}  // namespace fw
