// Attachments: meshes with textures of their own (hair, glasses, hats), checked and laid out for drawing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "render_rig.hpp"
#include "render_texture.hpp"

namespace fw {

enum class Material : uint8_t { matt, glossy, metal, glass, hair };  // as people/attachment.py's Material
inline constexpr int kMaterials = 5;

// The arrays of an Attachment; sizes in values.
struct AttachmentArrays {
    std::string name;
    int material;
    std::span<const Vec3> vertices_mm, normals;
    std::span<const int32_t> triangles;  // 3 per triangle
    std::span<const float> uv;           // 2 per vertex
    std::span<const float> tint;         // 3
    std::span<const int32_t> anchors;    // per vertex
    bool two_sided;
};

// A point of an attachment's surface, where it is opaque enough to hide what is behind it.
struct OpaquePoint {
    int32_t triangle;
    float w1, w2;  // weights of its second and third vertex
};

// All attachments of a draw call, one after the other in shared arrays.
struct Wardrobe {
    struct Item {
        Material material;
        bool two_sided;
        Vec3 tint;
        std::shared_ptr<const MipTexture> texture;
        int32_t first_vertex, last_vertex;  // half-open
        int32_t first_triangle, first_veil, last_triangle;  // those before the first veil let nothing through, and come first
        int32_t first_point, last_point;
        int32_t first_moving;  // of the points: those from here on are moved by anchors
        bool hides_sky;  // large enough to matter for ambient occlusion

        // Hair is shaded as the volume that its given normals describe, whichever side of a card is seen.
        bool turns_normals() const { return two_sided && material != Material::hair; }
    };

    std::vector<Item> items;
    std::vector<Vec3> vertices_mm, normals;
    std::vector<Vec3> strands;  // unit, along the texture's v axis; hair only, else 0
    std::vector<std::array<float, 2>> uv;
    std::vector<int32_t> anchors;
    std::vector<Triangle> triangles;
    std::vector<int32_t> given;  // per triangle: its number as it was given, from the first attachment's on
    std::vector<float> texels;   // per triangle: its area in the texture
    std::vector<OpaquePoint> points;
    std::vector<Vec3> points_mm;  // without expression

    // Where it lies when vertices are at these positions.
    template <class Positions>
    Vec3 at(const OpaquePoint &point, const Positions &positions_mm) const {
        const Triangle &t = triangles[point.triangle];
        const Vec3 &a = positions_mm[t[0]];
        return a + ((positions_mm[t[1]] - a) * point.w1 + (positions_mm[t[2]] - a) * point.w2);
    }
    // Throws std::invalid_argument naming the attachment and the field, what was found and what was expected.
    void add(const AttachmentArrays &arrays, std::shared_ptr<const MipTexture> texture);

  private:
    int32_t add_triangles(const AttachmentArrays &arrays, int32_t first_vertex, const MipTexture &texture);
    bool is_closed(const Triangle &triangle, const MipTexture &texture) const;
    float texel_area(const Triangle &triangle, const MipTexture &texture) const;
    void add_points(int32_t triangle, float step_mm, const Item &item);
};

}  // namespace fw
