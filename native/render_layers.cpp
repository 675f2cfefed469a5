#include "render_layers.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

namespace fw {

namespace {

// Triangles are shaded together in runs of this many: within one, what an earlier one closes does not hide a later one yet.
constexpr size_t kRun = 16;
constexpr size_t kMaxFragments = 1u << 26;

}  // namespace

Layers::Layers(Stage &stage, std::span<const Paint> paints, const TileLayout &layout)
    : stage_(stage),
      paints_(paints),
      found_(stage.wardrobe.items.empty() ? 0 : layout.pixels() * kRun + 1),
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
        for (int32_t t = item.first_veil; t < item.last_triangle; ++t)
            consider(stage_.head_triangles() + t, item.two_sided);
    }
    sort_seen();
    for (const Seen &seen : seen_) stage_.see(seen.triangle, surface_of(stage_, paints_, seen.triangle));
}

void Layers::consider(int32_t triangle, bool two_sided) {
    const Triangle &t = stage_.triangles[triangle];
    const ScreenVertex &a = stage_.screen[t[0]], &b = stage_.screen[t[1]], &c = stage_.screen[t[2]];
    if (!drawable(a, b, c)) return;
    const int64_t area = doubled_area(a, b, c);
    if (area == 0 || (area < 0 && !two_sided)) return;
    const auto [left, right] = std::minmax({a.x, b.x, c.x});
    const auto [top, bottom] = std::minmax({a.y, b.y, c.y});
    const float nearest = std::max({a.inverse_depth, b.inverse_depth, c.inverse_depth});
    if (farthest_.hide(left, right, top, bottom, nearest)) return;
    const float middle = a.inverse_depth + b.inverse_depth + c.inverse_depth;  // the bits of positive floats sort as they do
    seen_.push_back({~std::bit_cast<uint32_t>(middle), triangle});
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
    count_ = veiled_ = 0;
    for (size_t first = 0; first < seen_.size(); first += kRun)
        collect(std::span(seen_).subspan(first, std::min(kRun, seen_.size() - first)), light, grid);
    for (const int32_t pixel : std::span(pixels_).first(veiled_)) {
        canvas.put(pixel, blended(pixel, canvas.at(pixel)));
        first_[pixel] = -1;
    }
}

void Layers::collect(std::span<const Seen> run, const Light &light, SampleGrid &grid) {
    std::array<Triangle, kRun> corners;
    std::array<int32_t, kRun> numbers;
    for (size_t i = 0; i < run.size(); ++i) {
        numbers[i] = run[i].triangle;
        corners[i] = stage_.triangles[run[i].triangle];
    }
    const int32_t count = kernels().cover(stage_.screen.data(), corners.data(), numbers.data(), static_cast<int32_t>(run.size()),
                                          grid.target(), found_.data());
    const auto found = std::span(found_).first(count);
    fragments_.shade(found, light);
    if (count_ + count > kMaxFragments) throw std::invalid_argument("attachments: found over 2^26 fragments, expected fewer");
    if (nodes_.size() < count_ + count) nodes_.resize(2 * (count_ + count));
    for (int32_t i = 0; i < count; ++i)
        if (fw::any(fragments_.colour(i) != 0.0f)) keep(found[i], fragments_.near(i), fragments_.colour(i), grid);
}

void Layers::keep(const Fragment &fragment, float near, const FourFloats &colour, SampleGrid &grid) {
    const int32_t pixel = fragment.pixel;
    const bool is_new = first_[pixel] < 0;
    pixels_[veiled_] = pixel;
    veiled_ += is_new;
    const FourFloats through = is_new ? FourFloats{} + 1.0f : known_[pixel].through;
    const FourFloats farthest = is_new ? FourFloats{} + kFarMm : known_[pixel].farthest;
    nodes_[count_] = {colour, near, fragment.triangle, first_[pixel], fragment.samples};
    first_[pixel] = static_cast<int32_t>(count_++);
    const FourInts &covered = truth(fragment.samples);
    const Known known{covered ? through * (1.0f - colour[3]) : through,
                      (covered & (near < farthest)) ? FourFloats{} + near : farthest};
    known_[pixel] = known;
    float *depths = &grid.inverse_depth[size_t(pixel) * 4];
    const FourFloats before = load<FourFloats>(depths);
    store(depths, ((known.through < kInvisible) & (known.farthest > before)) ? known.farthest : before);
}

// Front to back; of equally near ones that with the lower number comes first.
Exposure Layers::blended(int32_t pixel, Exposure exposure) {
    const Node *node = &nodes_[first_[pixel]];
    if (node->next < 0) {
        exposure.add(node->samples, node->colour);
        return exposure;
    }
    sorted_.clear();
    for (int32_t i = first_[pixel]; i >= 0; i = nodes_[i].next) {
        node = &nodes_[i];
        // The bits of positive floats sort as they do.
        const Order one{uint64_t{std::bit_cast<uint32_t>(node->near)} << 32 | ~static_cast<uint32_t>(node->triangle), node};
        size_t place = sorted_.size();  // most come back to front
        sorted_.push_back(one);
        for (; place > 0 && sorted_[place - 1].key > one.key; --place) sorted_[place] = sorted_[place - 1];
        sorted_[place] = one;
    }
    for (size_t i = sorted_.size(); i-- > 0;) exposure.add(sorted_[i].node->samples, sorted_[i].node->colour);
    return exposure;
}

}  // namespace fw
