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

    // A fragment that has been shaded: light times alpha, and alpha.
    struct Node {
        FourFloats colour;
        float near;  // 1 / depth
        int32_t triangle, next;
        uint32_t samples;
    };

    // Where a node comes among those of its pixel: the lowest is the farthest, and of equally near ones that with the highest number.
    struct Order {
        uint64_t key;
        const Node *node;
    };

    // What is known of a pixel's samples while fragments are collected.
    struct Known {
        FourFloats through;   // the part of the light from behind all that has been found
        FourFloats farthest;  // least 1 / depth of that
    };

    void consider(int32_t triangle, bool two_sided);
    void sort_seen();
    void collect(std::span<const Seen> run, const Light &light, SampleGrid &grid);
    void keep(const Fragment &fragment, float near, const FourFloats &colour, SampleGrid &grid);
    Exposure blended(int32_t pixel, Exposure exposure);

    Stage &stage_;
    std::span<const Paint> paints_;
    FarthestBlocks farthest_;
    std::vector<Seen> seen_, moved_;
    std::vector<Fragment> found_;
    Fragments fragments_;
    std::vector<Node> nodes_;
    size_t count_ = 0;  // of nodes that are in use
    std::vector<int32_t> first_;  // per pixel, -1 for none
    std::vector<Known> known_;    // per pixel that has any
    std::vector<int32_t> pixels_;  // those, of which there are
    size_t veiled_ = 0;
    std::vector<Order> sorted_;
};

}  // namespace fw
