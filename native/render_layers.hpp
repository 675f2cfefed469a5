// What is drawn in front of the opaque head: the fragments of attachments in every sample, blended in order of depth.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "render_raster.hpp"
#include "render_scene.hpp"
#include "render_shadow.hpp"
#include "render_sky.hpp"
#include "render_wardrobe.hpp"

namespace fw {

// Light that layers send on (premultiplied), and the part of the light behind them that they let through.
struct Layer {
    Vec3 colour;
    float through;
};

using PixelLayers = std::array<Layer, kSamples * kSamples>;

// Buffers for the attachments of one scene after the other. Transparency does not depend on the order of triangles or
// attachments: every fragment that can be seen is kept (an A-buffer: Carpenter, SIGGRAPH 1984) and a sample's fragments are
// blended by depth; of equally near ones that with the lower triangle number comes first. Depth and coverage are those of the
// samples; a triangle's colour and alpha are found once a pixel, amid the samples of it that are in front of the head.
class Layers {
  public:
    Layers(const Wardrobe &wardrobe, int side);

    // Takes over which attachments are worn, and moves their vertices as the expression moves their anchors.
    void place(std::span<const uint8_t> visible, std::span<const Vec3> neutral_mm, std::span<const Vec3> expressed_mm);
    std::span<const Vec3> positions_mm() const { return positions_mm_; }
    // Finds the triangles that may be seen in front of what the grid holds, and their vertices' places in the image.
    void find_seen(const View &view, const SampleGrid &head);
    // Light at the vertices of these triangles.
    void light(const View &view, const Light &light, const Openness &openness, const ShadowMap &shadow);
    // Keeps the fragments in front of what the grid holds, and of what is opaque among themselves.
    void collect(const SampleGrid &head, const Light &light);
    bool covers(size_t pixel) const { return any_ && first_[pixel] >= 0; }
    // All layers of each sample over each other; those behind an opaque one (or nearly) are left out.
    PixelLayers blend(size_t pixel);

  private:
    // Times 1 / depth.
    struct Values {
        FourFloats place;  // 1; u, v; the key light's visibility
        FourFloats light;  // diffuse r, g, b; highlight
    };

    // A triangle in a pixel: 1 / depth at each sample (0 where it is not seen).
    struct Fragment {
        int32_t triangle, next;
        FourFloats inverse_depth;
        Layer layer;
    };

    // A triangle as it is seen in this scene.
    struct Seen {
        int32_t triangle;
        const Wardrobe::Item *item;
        bool back;
        float nearest;  // largest 1 / depth
    };

    // What reaches a vertex: the part of the sky that it sees, and that of the key light.
    struct Reach {
        float sky, key;
    };

    Values lit(int32_t v, const Wardrobe::Item &item, const Vec3 &normal, const Light &light, const View &view,
               const Reach &reach) const;
    void add(int32_t triangle, const Wardrobe::Item &item);
    void sort_seen();
    bool hidden(int32_t triangle, float nearest) const;
    void collect(const Seen &seen, const SampleGrid &head, const Light &light);
    Layer blend_sample(int sample);
    Layer shade(const Seen &seen, int level, int32_t x, int32_t y, const Light &light) const;

    const Wardrobe &wardrobe_;
    int side_;
    bool any_ = false;
    std::vector<uint8_t> visible_;  // per item
    std::vector<Vec3> positions_mm_;
    std::vector<Vec3> normals_;  // camera frame
    std::vector<ScreenVertex> screen_;
    std::vector<Values> front_, back_;
    FarthestTiles farthest_;
    std::vector<Seen> seen_, sorted_;
    std::vector<uint8_t> needed_;  // per vertex
    std::vector<FourFloats> closed_;  // per sample of each pixel: 1 / depth of the nearest opaque fragment so far
    std::vector<int32_t> first_;  // per pixel: its first fragment, -1 for none
    std::vector<Fragment> fragments_;
    std::vector<const Fragment *> candidates_;  // of the pixel at hand, by descending triangle
    std::vector<uint64_t> keys_;                // of a sample's candidates: the bits of 1 / depth, then their number
};

}  // namespace fw
