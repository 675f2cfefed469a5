// The geometry and light of one scene: where all vertices are, where they are seen, and what light they send on.
#pragma once

#include <span>
#include <vector>

#include "render_kernels.hpp"
#include "render_materials.hpp"
#include "render_rig.hpp"
#include "render_scene.hpp"
#include "render_shadow.hpp"
#include "render_sky.hpp"
#include "render_wardrobe.hpp"

namespace fw {

// One person, as all their images share them.
struct Sitter {
    Sitter(std::span<const Vec3> neutral_mm, MipTexture texture, MipTexture made_up, std::vector<Vec3> vertex_albedo);

    std::span<const Vec3> neutral_mm;
    std::array<LinedVector<float>, 3> coordinates_mm;  // the same, x, y and z, in whole blocks
    MipTexture texture, made_up;      // made_up only where a shot asks for it
    std::vector<Vec3> vertex_albedo;  // linear, times the texture; empty for none
};

// One image of them.
struct Shot {
    std::span<const float> expression;
    SceneCamera camera;
    Light light;
    bool made_up;
    std::span<const uint8_t> visible;  // per attachment
    const Openness &openness;
};

inline constexpr int32_t kLitTogether = 16;  // vertices: whole vectors on every path

inline constexpr int32_t kHeadItem = -1;

// What a triangle belongs to: an attachment, or the head.
struct Kind {
    int32_t item;
    int32_t behind;  // to be added to its vertices' rows of attributes where it is seen from behind
    Fine fine;
};

// Buffers for one scene after the other. Vertices are numbered through: the head's, then the attachments'; and so are
// triangles. The other side of an attachment's vertex, where it has normals of its own, has attributes at backs() + its number.
class Stage {
  public:
    // samples: per pixel, along each axis.
    Stage(const Rig &rig, const Wardrobe &wardrobe, const CropTemplate &crop, int samples, const Look &look);

    // Moves everything to where the scene has it, and finds the shadows.
    void set(const Sitter &sitter, const Shot &shot);
    // Finds the light of the vertices of the triangles that were marked as needed since set().
    void need(int32_t triangle) {
        for (const int32_t v : triangles[triangle]) needed_[v] = 1;
    }
    // The same, and has light() make the facets: of some of the head's triangles, and of another one.
    void see_head(std::span<const int32_t> seen);
    void see(int32_t triangle, const Surface &surface);
    // Returns twice the area of those of the head, in fixed-point steps.
    int64_t light(const Sitter &sitter, const Shot &shot);

    int32_t head_triangles() const { return static_cast<int32_t>(rig.triangles.size()); }
    // What leads from a triangle's vertices to the attributes of the side that is seen of it: of its reverse, if its normals face away,
    // too. Where only its corners do, an expression has folded cloth over.
    int32_t behind(int32_t triangle) const;
    int32_t backs() const { return static_cast<int32_t>(positions_mm.size()) - rig.vertices; }
    // A unit normal in the camera frame, of the side that an attribute row describes.
    Vec3 normal(int32_t row) const { return {facing[row][0], facing[row][1], facing[row][2]}; }
    Mesh mesh() const { return {screen.data(), triangles.data(), attributes.data()}; }
    // Draws the head and the opaque attachments of these into an emptied grid.
    void draw_opaque(std::span<const uint8_t> visible, SampleGrid &grid) const;
    // The area in its texture of an attachment's triangle, as seen, in texels per pixel.
    float texels_per_pixel(int32_t triangle) const;
    std::span<const Position> worn_mm() const { return std::span(positions_mm).subspan(rig.vertices); }

    const Rig &rig;
    const Wardrobe &wardrobe;
    const CropTemplate crop;
    const int samples;
    const Look look;
    View view{};
    std::vector<Triangle> triangles;
    std::vector<Kind> kinds;        // per triangle
    std::vector<uint16_t> looks;    // per triangle, as in OpaqueScene
    bool any_fine;                  // of the looks
    std::vector<Position> positions_mm;
    std::vector<ScreenVertex> screen;
    std::vector<Attributes> attributes;
    std::vector<FourFloats> facing;  // per row of attributes: normal(), and the part of the light that makes highlights that arrives
    std::vector<Facet> facets;  // per triangle that has been seen
    Surface head{};             // of all the head's facets

  private:
    void express(const Sitter &sitter, std::span<const float> expression);
    void place(const Wardrobe::Item &item, std::span<const Vec3> neutral_mm);
    void project(int32_t first, int32_t last);
    void light_head(const Sitter &sitter, const Shot &shot);
    void light_item(size_t item, const Shot &shot, bool behind);
    void light(const Shot &shot, const Unlit &vertices, int32_t first, int32_t last, int32_t numbered_from, int32_t rows);

    std::array<LinedVector<float>, 3> coordinates_mm_;  // the head's, as the sitter's
    std::vector<FourFloats> sums_;  // of normals at the head's vertices
    std::vector<uint8_t> needed_;   // per vertex
    std::vector<int32_t> head_seen_, seen_;  // triangles
    std::vector<int32_t> lit_;      // vertices that are lit together
    std::array<Finish, kParts> finishes_;
    ShadowMap shadow_;
};

}  // namespace fw
