#include "render_canvas.hpp"

#include <bit>

namespace fw {

namespace {

std::array<SampleSet, 16> sample_sets() {
    std::array<SampleSet, 16> out{};
    for (uint32_t samples = 0; samples < 16; ++samples) {
        const int count = std::max(1, std::popcount(samples));
        Place sum{0, 0};
        for (int i = 0; i < 4; ++i) {
            if (!(samples >> i & 1)) continue;
            out[samples].covered[i] = 1.0f;
            out[samples].truth[i] = -1;
            sum.x += i % 2;
            sum.y += i / 2;
        }
        out[samples].middle = {sum.x * kSubsample / count, sum.y * kSubsample / count};
    }
    return out;
}

}  // namespace

const std::array<SampleSet, 16> kSampleSets = sample_sets();

Canvas::Canvas(const TileLayout &layout)
    : colour_(layout.pixels()), through_(layout.pixels()), places_(layout.pixels()) {
    constexpr int32_t half = kSubsample / 2, step = kSamples * kSubsample;
    for (int row = 0; row < layout.across * 2; ++row)
        for (int column = 0; column < layout.across * 2; ++column)
            places_[layout.pixel(column, row)] = {column * step + half, row * step + half};
}

void Canvas::clear() {
    std::fill(colour_.begin(), colour_.end(), FourFloats{});
    std::fill(through_.begin(), through_.end(), FourFloats{1.0f, 1.0f, 1.0f, 1.0f});
}

}  // namespace fw
