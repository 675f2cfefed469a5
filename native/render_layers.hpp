// What may let light through in front of the opaque surfaces: hair, panes of glass, lace.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "render_canvas.hpp"
#include "render_fragments.hpp"
#include "render_raster.hpp"
#include "render_stage.hpp"

namespace fw {

// Triangles are sorted by the distance of their middles and blended front to back, shaded once a pixel; so the result does not
// depend on their order in the mesh, and what lies behind others that let next to nothing through is left out early. Buffers
// for one scene after the other.
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
    // By distance, then by number.
    struct Seen {
        uint32_t order;
        int32_t triangle;

        bool operator<(const Seen &other) const { return order != other.order ? order < other.order : triangle < other.triangle; }
    };

    void consider(int32_t triangle, bool two_sided);
    void draw_run(std::span<const Seen> run, const Light &light, SampleGrid &grid, Canvas &canvas);
    const Surface &surface(int32_t triangle) const;

    Stage &stage_;
    std::span<const Paint> paints_;
    FarthestBlocks farthest_;
    std::vector<Seen> seen_;
    std::vector<Cover> covers_;
    Fragments fragments_;
};

}  // namespace fw
