#include "render_layers.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace fw {

namespace {

// Triangles are shaded together in runs of this many: within one, what an earlier one closes does not hide a later one yet.
constexpr size_t kRun = 16;
constexpr size_t kMaxFragments = 1u << 26;

}  // namespace

Layers::Layers(Stage &stage, std::span<const Paint> paints, const TileLayout &layout)
    : stage_(stage),
      paints_(paints),
      covers_(stage.wardrobe.items.empty() ? 0 : layout.pixels() * kRun),
      fragments_(stage),
      first_(stage.wardrobe.items.empty() ? 0 : layout.pixels(), -1),
      known_(first_.size()) {}

void Layers::find(std::span<const uint8_t> visible, const SampleGrid &grid) {
    seen_.clear();
    bool measured = false;
    for (size_t i = 0; i < visible.size(); ++i) {
        const Wardrobe::Item &item = stage_.wardrobe.items[i];
        if (!visible[i] || item.is_opaque()) continue;
        if (!measured) farthest_.measure(grid);
        measured = true;
        for (int32_t t = item.first_triangle; t < item.last_triangle; ++t)
            consider(stage_.head_triangles() + t, item.two_sided);
    }
    std::sort(seen_.begin(), seen_.end());
    for (const Seen &seen : seen_) stage_.see(seen.triangle, surface(seen.triangle));
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

const Surface &Layers::surface(int32_t triangle) const {
    const int32_t item = stage_.kinds[triangle].item;
    return paints_[item].levels[stage_.wardrobe.items[item].texture->level(stage_.texels_per_pixel(triangle))];
}

void Layers::draw(const Light &light, SampleGrid &grid, Canvas &canvas) {
    nodes_.clear();
    for (size_t first = 0; first < seen_.size(); first += kRun)
        collect(std::span(seen_).subspan(first, std::min(kRun, seen_.size() - first)), light, grid, canvas);
    for (const int32_t pixel : pixels_) {
        blend(pixel, canvas);
        first_[pixel] = -1;
    }
    pixels_.clear();
}

void Layers::collect(std::span<const Seen> run, const Light &light, SampleGrid &grid, const Canvas &canvas) {
    std::array<Triangle, kRun> corners;
    std::array<int32_t, kRun> ends;
    for (size_t i = 0; i < run.size(); ++i) corners[i] = stage_.triangles[run[i].triangle];
    kernels().cover(stage_.screen.data(), corners.data(), static_cast<int32_t>(run.size()), grid.layout,
                    grid.inverse_depth.data(), covers_.data(), ends.data());
    fragments_.clear();
    for (int32_t i = 0, k = 0; i < static_cast<int32_t>(run.size()); ++i)
        for (; k < ends[i]; ++k)
            fragments_.add(run[i].triangle, covers_[k].pixel, covers_[k].samples, canvas.middle(covers_[k].pixel, covers_[k].samples));
    fragments_.shade(light);
    for (size_t i = 0; i < fragments_.count(); ++i) {
        const FourFloats &colour = fragments_.colour(i);
        if (colour[0] != 0.0f || colour[1] != 0.0f || colour[2] != 0.0f || colour[3] != 0.0f)
            keep(fragments_.fragment(i), fragments_.near(i), colour, grid);
    }
    if (nodes_.size() > kMaxFragments) throw std::invalid_argument("attachments: found over 2^26 fragments, expected fewer");
}

void Layers::keep(const Fragment &fragment, float near, const FourFloats &colour, SampleGrid &grid) {
    const int32_t pixel = fragment.pixel;
    Known &known = known_[pixel];
    if (first_[pixel] < 0) {
        pixels_.push_back(pixel);
        known = {FourFloats{} + 1.0f, FourFloats{} + kFarMm};
    }
    nodes_.push_back({colour, near, fragment.triangle, first_[pixel], fragment.samples});
    first_[pixel] = static_cast<int32_t>(nodes_.size()) - 1;
    const FourInts &covered = truth(fragment.samples);
    known.through = covered ? known.through * (1.0f - colour[3]) : known.through;
    known.farthest = covered & (near < known.farthest) ? FourFloats{} + near : known.farthest;
    float *depths = &grid.inverse_depth[size_t(pixel) * 4];
    const FourFloats before = load<FourFloats>(depths);
    store(depths, (known.through < kInvisible) & (known.farthest > before) ? known.farthest : before);
}

// Front to back; of equally near ones that with the lower number comes first.
void Layers::blend(int32_t pixel, Canvas &canvas) {
    sorted_.clear();
    for (int32_t i = first_[pixel]; i >= 0; i = nodes_[i].next) {
        const Node *one = &nodes_[i];
        size_t place = sorted_.size();  // most come back to front
        sorted_.push_back(one);
        for (; place > 0; --place) {
            const Node *before = sorted_[place - 1];
            if (before->near < one->near || (before->near == one->near && before->triangle > one->triangle)) break;
            sorted_[place] = before;
        }
        sorted_[place] = one;
    }
    for (size_t i = sorted_.size(); i-- > 0;) {
        const Node &node = *sorted_[i];
        canvas.add(pixel, node.samples, node.colour);
        canvas.dim(pixel, node.samples, 1.0f - node.colour[3]);
    }
}

}  // namespace fw
