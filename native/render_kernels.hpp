// The inner loops, compiled once for each instruction set; all give the same bits.
#pragma once

#include <cstdint>

#include "render_raster.hpp"
#include "render_scene.hpp"

namespace fw {

// What is interpolated over a triangle, all times 1 / depth (so that it is linear in the image).
struct alignas(32) Attributes {
    float weight;            // 1
    float u, v;
    float arriving;          // the part of the light that makes highlights that arrives
    float red, green, blue;  // diffuse
    float shine;             // the part of the highlight's irradiance that is reflected
};

// A level of a texture, and the factors of its colour: rows of linear red, green, blue (times alpha) and alpha in steps of
// 1/65535, each row's last texel repeated after it.
struct Surface {
    const uint16_t *texels;
    int32_t stride;  // texels
    float width, height;
    float tint[3];
    // The highlight is multiplied by red times the first plus alpha times the second.
    float shine_by_red, shine_by_alpha;
};

// A triangle in a pixel, to be shaded at one place.
struct Fragment {
    const Surface *surface;
    int32_t corners[3];
    float weights[3];  // of the corners there, up to a common factor
    int32_t pixel;
    uint32_t samples;  // one bit each
    int32_t item;      // what the triangle belongs to; the kernels do not read it
};

// Linear up to the knee, then bending towards 1 with a continuous slope: bright skin is not clipped flat. More alpha than 254/255
// lets nothing through.
[[gnu::always_inline]] inline FourFloats finished(const FourFloats &colour) {
    constexpr float knee = 0.8f, rest = 1.0f - knee, opaque = 254.0f / 255.0f;
    const FourFloats over = colour - knee;
    FourFloats out = colour <= knee ? colour : knee + over * rest / (over + rest);
    out[3] = colour[3] >= opaque ? 1.0f : colour[3];
    return out;
}

// Light on a vertex, before and after: a structure of arrays.
struct VertexLights {
    float *x, *y, *z;                  // unit normal, camera frame
    float *open, *arriving;            // the parts of the ambient and of the key light that reach the vertex
    float *soft_red, *soft_green, *soft_blue;  // how far the key light creeps past the terminator
    float *red, *green, *blue;         // out: diffuse light
};

struct Kernels {
    const char *name;

    // Draws triangles into the grid; of equally near ones the one that was drawn first stays. Those that appear clockwise are
    // culled, unless two_sided. The number of a triangle is first_number + its index.
    void (*rasterize)(const ScreenVertex *vertices, const Triangle *triangles, int32_t count, int32_t first_number,
                      bool two_sided, const TileLayout &layout, int32_t *triangle, float *inverse_depth);
    // Where triangles, seen from either side, lie in front of the grid: writes down the pixels of one after the other, and
    // where each one's end. At most layout.pixels() of each triangle.
    int32_t (*cover)(const ScreenVertex *vertices, const Triangle *triangles, int32_t count, const TileLayout &layout,
                     const float *inverse_depth, Cover *out, int32_t *ends);
    void (*project)(const View &view, const Vec3 *points_mm, int32_t count, int samples, ScreenVertex *out);
    void (*light)(const Light &light, const VertexLights &vertices, int32_t count);
    // Linear colour times alpha, and alpha, between the four nearest texel centres; clamped at the border.
    void (*sample)(const Surface &surface, float u, float v, FourFloats *out);
    // Linear colour of each fragment, times alpha, and alpha; matt, with the highlight of its vertices. Where it is finished, bright
    // light is bent towards 1 (shoulder) and nearly opaque alpha is 1.
    void (*shade)(const Fragment *fragments, int32_t count, const Attributes *vertices, const Vec3 &highlight, bool finish,
                  FourFloats *out);
};

// The kernels for this machine, or those that the environment variable FACEWRIGHT_ISA names: portable, avx2, avx512.
// Throws std::invalid_argument for another name and for one that this machine does not have.
const Kernels &kernels();

}  // namespace fw
