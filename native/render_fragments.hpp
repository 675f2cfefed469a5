// From triangles in pixels to light on the canvas.
#pragma once

#include <vector>

#include "render_canvas.hpp"
#include "render_stage.hpp"

namespace fw {

// What a surface looks like: levels of its texture, and how it reflects.
struct Paint {
    std::vector<Surface> levels;
    Material material = Material::matt;
};

// Collects fragments and shades them together. Buffers for one batch after the other.
class Fragments {
  public:
    explicit Fragments(const Stage &stage);

    void clear() { count_ = 0; fine_.clear(); }
    size_t count() const { return count_; }
    // A triangle (numbered as the stage does) in some samples of a pixel, shaded in their middle.
    void add(int32_t triangle, const Surface &surface, int32_t pixel, uint32_t samples, const Place &middle) {
        const Triangle &t = stage_.triangles[triangle];
        const ScreenVertex &a = stage_.screen[t[0]], &b = stage_.screen[t[1]], &c = stage_.screen[t[2]];
        const int64_t w0 = edge(b, c, middle.x, middle.y), w1 = edge(c, a, middle.x, middle.y), w2 = edge(a, b, middle.x, middle.y);
        const Kind &kind = stage_.kinds[triangle];
        const int32_t side = w0 + w1 + w2 < 0 ? kind.behind : 0;
        if (count_ == fragments_.size()) fragments_.resize(2 * count_ + 1024);
        if (kind.fine) fine_.push_back(static_cast<int32_t>(count_));
        fragments_[count_++] = {&surface,
                                {t[0] + side, t[1] + side, t[2] + side},
                                {static_cast<float>(w0), static_cast<float>(w1), static_cast<float>(w2)},
                                pixel,
                                samples,
                                kind.item};
    }
    // Shades all: then colour(i) is light times alpha, and alpha, of the i-th.
    void shade(const Light &light);
    const Fragment &fragment(size_t i) const { return fragments_[i]; }
    const FourFloats &colour(size_t i) const { return colours_[i]; }

  private:
    FourFloats with_highlight(const Fragment &fragment, const FourFloats &colour, const Light &light) const;

    const Stage &stage_;
    size_t count_ = 0;
    std::vector<Fragment> fragments_;
    std::vector<int32_t> fine_;  // numbers of those with highlights that are smaller than triangles
    std::vector<FourFloats> colours_;
};

}  // namespace fw
