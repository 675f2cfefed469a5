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

    void clear() { fragments_.clear(); }
    size_t count() const { return fragments_.size(); }
    // A triangle (numbered as the stage does) in some samples of a pixel, shaded in their middle.
    void add(int32_t triangle, const Surface &surface, int32_t pixel, uint32_t samples, const Canvas &canvas);
    // Shades all: then colour(i) is light times alpha, and alpha, of the i-th.
    void shade(const Light &light);
    const Fragment &fragment(size_t i) const { return fragments_[i]; }
    const FourFloats &colour(size_t i) const { return colours_[i]; }

  private:
    FourFloats finish(const Fragment &fragment, const FourFloats &colour, const Light &light) const;

    const Stage &stage_;
    std::vector<Fragment> fragments_;
    std::vector<FourFloats> colours_;
};

}  // namespace fw
