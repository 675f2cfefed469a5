#include "render_canvas.hpp"

#include <bit>

namespace fw {

namespace {

std::array<SampleSet, 16> sample_sets() {
    std::array<SampleSet, 16> out{};
    for (uint32_t samples = 0; samples < 16; ++samples) {
        const int count = std::max(1, std::popcount(samples));
        int x = 0, y = 0;
        for (int i = 0; i < 4; ++i) {
            if (!(samples >> i & 1)) continue;
            out[samples].covered[i] = 1.0f;
            out[samples].truth[i] = -1;
            x += i % 2;
            y += i / 2;
        }
        out[samples].middle = {static_cast<float>(x * kSubsample / count), static_cast<float>(y * kSubsample / count)};
    }
    return out;
}

}  // namespace

const std::array<SampleSet, 16> kSampleSets = sample_sets();

Canvas::Canvas(const TileLayout &layout) : colour_(layout.pixels()), through_(layout.pixels()) {}

void Canvas::clear() {
    std::fill(colour_.begin(), colour_.end(), FourFloats{});
    std::fill(through_.begin(), through_.end(), FourFloats{1.0f, 1.0f, 1.0f, 1.0f});
}

}  // namespace fw
