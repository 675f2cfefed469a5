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

// Collects fragments of triangles that the stage has seen, and shades them together. Buffers for one batch after the other.
class Fragments {
  public:
    explicit Fragments(const Stage &stage);

    void clear() { fragments_.clear(); }
    size_t count() const { return fragments_.size(); }
    // So many of them, to be set.
    std::span<Fragment> reset(size_t count) {
        fragments_.resize(count);
        return fragments_;
    }
    void add(std::span<const Fragment> fragments) { fragments_.insert(fragments_.end(), fragments.begin(), fragments.end()); }
    // Shades all: then colour(i) is light times alpha, and alpha, of the i-th, and near(i) its 1 / depth.
    void shade(const Light &light);
    const Fragment &fragment(size_t i) const { return fragments_[i]; }
    const FourFloats &colour(size_t i) const { return colours_[i]; }
    float near(size_t i) const { return near_[i]; }

  private:
    FourFloats with_highlight(const Fragment &fragment, const FourFloats &colour, const Light &light) const;

    const Stage &stage_;
    std::vector<Fragment> fragments_;
    std::vector<FourFloats> colours_;
    std::vector<float> near_;
};

}  // namespace fw
