// What may let light through in front of the opaque surfaces: hair, panes of glass, lace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "render_canvas.hpp"
#include "render_fragments.hpp"
#include "render_raster.hpp"
#include "render_stage.hpp"

namespace fw {

// Every fragment that can be seen is kept (an A-buffer: Carpenter, SIGGRAPH 1984), shaded once a pixel, and a pixel's fragments
// are blended by their depth, so that the result does not depend on the order of triangles. What lies behind others that let
// next to nothing through is left out early, for which triangles come about front to back. Buffers for one scene after the
// other.
class Layers {
  public:
    Layers(Stage &stage, std::span<const Paint> paints, const TileLayout &layout);

    // Finds the triangles of transparent attachments that may be seen in front of the grid, and marks them as needed.
    void find(std::span<const uint8_t> visible, const SampleGrid &grid);
    // Whether there are any.
    bool any() const { return !seen_.empty(); }
    // Draws them. The grid's depths of what has been closed change.
    void draw(const Light &light, SampleGrid &grid, Canvas &canvas);

  private:
    // The lower the order, the nearer.
    struct Seen {
        uint32_t order;
        int32_t triangle;
    };

    void sort_seen();
    void collect(std::span<const Seen> run, const Light &light, SampleGrid &grid);
    void blend(Canvas &canvas);

    Stage &stage_;
    std::span<const Paint> paints_;
    FarthestBlocks farthest_;
    std::vector<Outline> outlines_;
    std::vector<Seen> seen_, moved_;
    std::unique_ptr<Fragment[]> found_;  // of a run
    Fragments fragments_;
    std::vector<Veil> all_;
    std::vector<int32_t> first_;
    std::vector<Veiled> known_;
    std::vector<int32_t> pixels_;
    Veils veils_{};  // of these
    std::vector<std::vector<int32_t>> by_count_;  // pixels with one veil, with two, ...
    LinedVector<std::byte> room_;  // to blend them in
};

}  // namespace fw
