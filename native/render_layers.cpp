#include "render_layers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>
#include <utility>

namespace fw {

namespace {

// Triangles are shaded together in runs of this many: within one, what an earlier one closes does not hide a later one yet.
constexpr size_t kRun = 16;
constexpr size_t kMaxFragments = 1u << 26, kMaxVeils = 4096;  // of an image; of a pixel

}  // namespace

Layers::Layers(Stage &stage, std::span<const Paint> paints, const TileLayout &layout)
    : stage_(stage),
      paints_(paints),
      found_(std::make_unique_for_overwrite<Fragment[]>(stage.wardrobe.items.empty() ? 0 : layout.pixels() * kRun + 1)),
      fragments_(stage),
      first_(stage.wardrobe.items.empty() ? 0 : layout.pixels(), -1),
      known_(first_.size()),
      pixels_(first_.size() + 1) {}

void Layers::find(std::span<const uint8_t> visible, const SampleGrid &grid) {
    seen_.clear();
    bool measured = false;
    for (size_t i = 0; i < visible.size(); ++i) {
        const Wardrobe::Item &item = stage_.wardrobe.items[i];
        if (!visible[i] || item.first_veil == item.last_triangle) continue;
        if (!measured) farthest_.measure(grid);
        measured = true;
        const int32_t first = stage_.head_triangles() + item.first_veil, all = item.last_triangle - item.first_veil;
        outlines_.resize(std::max(outlines_.size(), size_t(all) + 1));
        const int32_t count = kernels().outline(stage_.screen.data(), &stage_.triangles[first], all, first, item.two_sided, outlines_.data());
        for (const Outline &one : std::span(outlines_).first(count))
            if (!farthest_.hide(one)) seen_.push_back({~std::bit_cast<uint32_t>(one.middle), one.triangle});  // positive floats sort as their bits do
    }
    sort_seen();
    for (const Seen &seen : seen_) stage_.see(seen.triangle, surface_of(stage_, paints_, seen.triangle));
}

// By distance, then by number: a radix sort, which leaves equal ones in the order of their numbers.
void Layers::sort_seen() {
    constexpr int bits = 11;
    constexpr uint32_t digit = (1u << bits) - 1;
    moved_.resize(seen_.size());
    for (int shift = 0; shift < 32; shift += bits) {
        std::array<uint32_t, digit + 1> ends{};
        for (const Seen &one : seen_) ++ends[one.order >> shift & digit];
        for (uint32_t i = 0, sum = 0; i <= digit; ++i) sum += std::exchange(ends[i], sum);
        for (const Seen &one : seen_) moved_[ends[one.order >> shift & digit]++] = one;
        seen_.swap(moved_);
    }
}

void Layers::draw(const Light &light, SampleGrid &grid, Canvas &canvas) {
    veils_ = {all_.data(), first_.data(), known_.data(), pixels_.data()};
    for (size_t first = 0; first < seen_.size(); first += kRun)
        collect(std::span(seen_).subspan(first, std::min(kRun, seen_.size() - first)), light, grid);
    blend(canvas);
}

void Layers::collect(std::span<const Seen> run, const Light &light, SampleGrid &grid) {
    std::array<Triangle, kRun> corners;
    std::array<int32_t, kRun> numbers;
    for (size_t i = 0; i < run.size(); ++i) {
        numbers[i] = run[i].triangle;
        corners[i] = stage_.triangles[run[i].triangle];
    }
    const int32_t count = kernels().cover(stage_.screen.data(), corners.data(), numbers.data(), static_cast<int32_t>(run.size()),
                                          grid.target(), found_.get());
    const auto found = std::span(found_.get(), count);
    fragments_.shade(found, light);
    const size_t all = static_cast<size_t>(veils_.count) + count;
    if (all > kMaxFragments) throw std::invalid_argument("attachments: found over 2^26 fragments, expected fewer");
    if (all_.size() < all) all_.resize(2 * all);
    veils_.all = all_.data();
    kernels().keep(found_.get(), fragments_.colours(), fragments_.near(), count, veils_, grid.inverse_depth.data());
}

// Pixels with as many veils together.
void Layers::blend(Canvas &canvas) {
    for (const int32_t pixel : std::span(pixels_).first(veils_.pixel_count)) {
        const size_t count = all_[first_[pixel]].samples >> Veil::kCountShift;
        if (count > kMaxVeils) throw std::invalid_argument("attachments: found over 4096 layers in front of a pixel, expected fewer");
        if (by_count_.size() < count) by_count_.resize(count);
        by_count_[count - 1].push_back(pixel);
    }
    room_.resize(by_count_.size() * kBlendRoom);
    for (size_t i = 0; i < by_count_.size(); ++i) {
        std::vector<int32_t> &pixels = by_count_[i];
        kernels().blend(veils_, pixels.data(), static_cast<int32_t>(pixels.size()), static_cast<int32_t>(i + 1), room_.data(),
                        canvas.colour(), canvas.through());
        pixels.clear();
    }
    for (const int32_t pixel : std::span(pixels_).first(veils_.pixel_count)) first_[pixel] = -1;
}

}  // namespace fw
