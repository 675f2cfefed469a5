// What drawing needs to know of a head model, checked and laid out once.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "render_raster.hpp"

namespace fw {

inline constexpr int kParts = 8;  // as many as models/morphable.py's Part
inline constexpr uint8_t kSkin = 0, kLeftEye = 1, kRightEye = 2, kUpperTeeth = 3, kLowerTeeth = 4;
inline constexpr int kLandmarks = 68;
inline constexpr int kAlignment = 5;
inline constexpr int kAlignmentVertices = 6;

struct Vec3 {
    float x, y, z;
};

inline float dot(const Vec3 &a, const Vec3 &b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 operator+(const Vec3 &a, const Vec3 &b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(const Vec3 &a, const Vec3 &b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(const Vec3 &a, float k) { return {a.x * k, a.y * k, a.z * k}; }
inline Vec3 operator*(const Vec3 &a, const Vec3 &b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec3 cross(const Vec3 &a, const Vec3 &b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

// Of unit length; a vector too short to have a direction becomes 0.
Vec3 unit(const Vec3 &v);

// A point of which a vector of four numbers can be loaded.
struct alignas(16) Position : Vec3 {
    float unused = 0.0f;

    Position() = default;
    Position(const Vec3 &at) : Vec3(at) {}
};

// How an expression direction moves a block of vertices: x, y and z, in steps of the direction.
struct BlockMoves {
    static constexpr int kVertices = 16;

    int32_t first;  // vertex
    int16_t by[3][kVertices];
};

// A direction at coefficient 1, to 1/32767 of its largest move; only blocks of which it moves something.
struct Direction {
    float step_mm = 0.0f;
    std::vector<BlockMoves> blocks;
};

// The arrays of a MorphableModel that a rig is made of; the sizes are given by vertices and triangles.
struct ModelArrays {
    std::span<const int32_t> triangles;  // 3 per triangle
    std::span<const uint8_t> parts;      // per triangle
    std::span<const int32_t> weld;       // per vertex
    std::span<const float> uv;           // 2 per vertex
    std::span<const float> occlusion;    // per vertex
    std::span<const Vec3> mean_mm;       // per vertex
    std::span<const float> expression;   // 3 per vertex per direction
    std::span<const int32_t> landmarks;
    std::span<const int32_t> alignment;
};

// A part of a mesh, simplified: some of its vertices, and triangles of those.
struct CoarseMesh {
    std::vector<int32_t> vertices;
    std::vector<Triangle> triangles;  // by their places in `vertices`
};

struct Rig {
    int32_t vertices;
    std::vector<Triangle> triangles;
    std::vector<Triangle> welded;       // the same triangles, by the first vertex at each place
    CoarseMesh coarse_skin;             // one vertex within every few millimetres
    std::vector<uint8_t> parts;         // per triangle
    std::vector<uint8_t> vertex_parts;  // per vertex: the part of the triangles that use it
    std::vector<int32_t> weld;
    std::vector<int32_t> seam;  // vertices that are not the first at their place
    std::vector<std::array<float, 2>> uv;
    std::vector<float> uv_area;  // per triangle, of the texture's
    std::vector<float> occlusion, mean_openness;  // of the mean head: baked in detail, and by coarse depth maps
    std::vector<Direction> expression;
    std::array<int32_t, kLandmarks> landmarks;
    std::array<std::array<int32_t, kAlignmentVertices>, kAlignment> alignment;

    // Throws std::invalid_argument naming the field, what was found and what was expected.
    explicit Rig(const ModelArrays &model);
};

// Sum of the triangles' normals around each vertex's place, weighted by area; x, y, z, and not of unit length. Only of the vertices
// that are wanted (not 0); what is written for others means nothing.
void vertex_normals(const Rig &rig, std::span<const Position> positions_mm, std::span<const uint8_t> wanted, std::span<FourFloats> normals);

}  // namespace fw
