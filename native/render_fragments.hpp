// From triangles in pixels to light on the canvas.
#pragma once

#include <span>
#include <vector>

#include "render_canvas.hpp"
#include "render_stage.hpp"

namespace fw {

// What a surface looks like: levels of its texture, and how it reflects.
struct Paint {
    std::vector<Surface> levels;
    Material material = Material::matt;
};

// The surface of an attachment's triangle: of the level of its texture that is about as fine as the image there.
const Surface &surface_of(const Stage &stage, std::span<const Paint> paints, int32_t triangle);

// Shades fragments of triangles that the stage has seen. Buffers for one batch after the other.
class Fragments {
  public:
    explicit Fragments(const Stage &stage);

    // Then colours() are light times alpha, and alpha, and near() 1 / depth.
    void shade(std::span<const Fragment> fragments, const Light &light);
    const FourFloats *colours() const { return colours_.data(); }
    const float *near() const { return near_.data(); }

  private:
    const Stage &stage_;
    std::vector<FourFloats> colours_;
    std::vector<float> near_;
    std::vector<int32_t> fine_;
};

}  // namespace fw
