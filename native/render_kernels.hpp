// The inner loops, compiled once for each instruction set; all give the same bits.
#pragma once

#include <array>
#include <cstdint>

#include "render_canvas.hpp"
#include "render_raster.hpp"
#include "render_scene.hpp"

namespace fw {

// What is interpolated over a triangle, all but the last but one times 1 / depth (so that it is linear in the image).
struct alignas(32) Attributes {
    float weight;  // 1
    float u, v;
    float near;              // 1 / depth itself
    float red, green, blue;  // diffuse
    float shine;             // the part of the highlight's irradiance that is reflected
};

// The square roots of linear red, green and blue (times alpha, so that what is invisible does not bleed into its neighbours), and
// alpha, in steps of 1/255.
using Texel = std::array<uint8_t, 4>;

// A level of a texture, and the factors of its colour: rows of texels, each row's last repeated after it.
struct alignas(32) Surface {
    float tint[3];
    // The highlight is multiplied by red (with its factor) times the first plus alpha times the second.
    float shine_by_red, shine_by_alpha;
    float width, height;
    int32_t stride;  // texels
    const Texel *texels;
};

// What has highlights that are smaller than triangles.
enum class Fine : uint8_t { none, eye, glossy, metal, glass };

// A triangle that is seen: what it looks like at its first corner, and what that grows by per step right and down.
struct alignas(64) Facet {
    Attributes first, right, down;
    float x, y;  // of the first corner, fixed-point
    const Surface *surface;
    int32_t behind;  // to be added to its corners' rows of attributes: it is seen from behind
    Fine fine;
};

// What facets are made from.
struct Mesh {
    const ScreenVertex *screen;
    const Triangle *triangles;
    const Attributes *attributes;
};

// A triangle in a pixel, to be shaded at one place.
struct Fragment {
    int32_t triangle, pixel;
    uint32_t samples;  // one bit each
    float x, y;        // fixed-point: their middle
};

inline constexpr uint16_t kFineLook = 65535;  // what has highlights that are smaller than triangles
inline constexpr uint16_t kSeamLook = 65534;  // what lies at a seam of its texture

// The opaque surfaces of an image, as far as something in front of them lets their light through.
struct OpaqueScene {
    const Facet *facets;     // by triangle
    int32_t head_triangles;  // come first, and are all of one surface
    const uint16_t *looks;  // by triangle: one of these, else the same number for all of one surface
    TileLayout layout;
    const int32_t *triangle;     // per sample
    const float *inverse_depth;  // per sample
    const FourFloats *through;   // per pixel: the part of each sample's light that comes through; null for all of it
    Vec3 highlight;
    bool any_fine;  // whether any triangle is
    bool every_sample;

    // Of some samples' light, in samples.
    [[gnu::always_inline]] float coming_through(int32_t pixel, uint32_t samples) const {
        if (through == nullptr) return static_cast<float>(__builtin_popcount(samples));
        const FourFloats part = through[pixel] * coverage(samples);
        return part[0] + part[1] + part[2] + part[3];
    }
    // The samples through which any light comes.
    [[gnu::always_inline]] uint32_t open(int32_t pixel) const {
        return through == nullptr ? kAllSamples : sign_bits(through[pixel] > 0.0f);
    }
};

// Rows of tiles.
struct Band {
    int first, last;
};

// Linear up to the knee, then bending towards 1 with a continuous slope: bright skin is not clipped flat.
inline constexpr float kKnee = 0.8f;
template <class Numbers>
[[gnu::always_inline]] inline Numbers bent(const Numbers &colour) {
    constexpr float rest = 1.0f - kKnee;
    const Numbers over = colour - kKnee;
    return colour <= kKnee ? colour : kKnee + over * rest / (over + rest);
}

// More alpha than 254/255 lets nothing through.
template <class Numbers>
[[gnu::always_inline]] inline Numbers closed(const Numbers &alpha) {
    constexpr float opaque = 254.0f / 255.0f;
    return alpha >= opaque ? Numbers{} + 1.0f : alpha;
}

// A transparent fragment that has been shaded, in the list of its pixel's.
struct alignas(32) Veil {
    FourFloats colour;  // light times alpha, and alpha
    float near;         // 1 / depth
    int32_t triangle;
    int32_t next;       // of the pixel, -1 for none
    uint32_t samples;   // one bit each, and above those how many there are from here on
    static constexpr int kCountShift = 4;
};

// What is known of a pixel's samples while veils are collected.
struct Veiled {
    FourFloats through;   // the part of the light from behind all that has been found
    FourFloats farthest;  // least 1 / depth of that
};

// The veils of an image, by pixels.
struct Veils {
    Veil *all;
    int32_t *first;  // per pixel, -1 for none
    Veiled *known;   // per pixel that has any
    int32_t *pixels;  // those
    int32_t count = 0, pixel_count = 0;
};

// A Blinn-Phong lobe with the usual normalisation and Schlick's Fresnel: its reflectance head-on (0 is matt), and the exponent as a
// number of squarings.
struct alignas(16) Gloss {
    static constexpr int kMostSquarings = 9;

    float reflectance = 0.0f;
    int32_t squarings = 0;
    float peak = 0.0f;  // (exponent + 8) / 8

    constexpr Gloss() = default;
    constexpr Gloss(float reflectance, int squarings)
        : reflectance(reflectance), squarings(squarings), peak(static_cast<float>((1 << squarings) + 8) * 0.125f) {}
};

// Points, as a structure of arrays.
struct Columns {
    float *x, *y, *z;
};

// How vertices of one kind take light.
struct alignas(32) Finish {
    float soft_red, soft_green, soft_blue;  // how far the key light creeps past the terminator
    float lift_mm;                          // how far off its surface a vertex takes its shadow
    Gloss gloss;                            // none where highlights are fine
};

// What vertices are lit by: arrays by their numbers.
struct Unlit {
    const Position *positions_mm;  // head frame
    const float *normals;      // head frame, of any length: rows of at least three numbers
    int32_t stride;            // from one normal to the next, numbers
    float turn;                // -1 where their other sides are lit, else 1
    const ScreenVertex *screen;
    const std::array<float, 2> *uv;
    const float *open;         // the part of the sky that reaches them
    const uint8_t *kinds;      // each one's finish; null for the first of all
    const Finish *finishes;
    const Vec3 *albedo;        // null for white
    const Vec3 *strands;       // directions of hair, head frame; null for what is none, or has no highlights
};

// What lies farthest out along a direction, as a parallel view from there shows it: rows of texels, from the top.
struct DepthMap {
    Vec3 right, up, towards, centre_mm;  // the view's axes, and what its middle shows; head frame
    float scale;                         // texels per millimetre
    int32_t side;                        // texels
    float plane_mm;                      // depths count from a plane this far behind the centre
    float far_mm;                        // what is farther from that plane is left out
    float bias_mm, ramp_mm;              // what is this much farther out hides nothing yet, and all of it a ramp later
    float grazing_lift_mm;               // by how much receivers are lifted more where light grazes their surface
    const float *depths;                 // towards the viewer
};

// Points with unit normals in the head frame, taken this far off their surfaces: a structure of arrays.
struct Receivers {
    const float *x, *y, *z, *normal_x, *normal_y, *normal_z, *lift_mm;
};

inline constexpr size_t kBlendRoom = 512;

struct Kernels {
    const char *name;

    // Draws triangles into the grid; of equally near ones the one that was drawn first stays: of each 64, those come first whose boxes
    // touch 1 x 1 tiles, then 2 x 1, 1 x 2, 2 x 2, then others, the largest (over 64 samples) last. Those that appear clockwise
    // are culled, unless two_sided. The number of a triangle is first_number + its index.
    void (*rasterize)(const ScreenVertex *vertices, const Triangle *triangles, int32_t count, int32_t first_number,
                      bool two_sided, const Target &target);
    // Outlines of the triangles that have an area, and are seen from the front or two_sided. Returns how many; numbers as in rasterize.
    int32_t (*outline)(const ScreenVertex *vertices, const Triangle *triangles, int32_t count, int32_t first_number, bool two_sided,
                       Outline *out);
    // Where these triangles, seen from either side, lie in front of the grid: writes down the fragments of one after the other, and
    // returns how many. At most layout.pixels() of each triangle, and what follows the last one is written over, too.
    int32_t (*cover)(const ScreenVertex *vertices, const Triangle *triangles, const int32_t *numbers, int32_t count,
                     const Target &target, Fragment *out);
    // Adds moves of blocks of vertices, times this, to coordinates, of which there are whole blocks.
    void (*express)(const BlockMoves *blocks, int32_t count, float amount, const Columns &to);
    // Points from their coordinates.
    void (*assemble)(const Columns &from, int32_t count, Position *points);
    // `samples`: per pixel, along each axis; 1, 2 or 4.
    void (*project)(const View &view, const Position *points_mm, int32_t count, int samples, ScreenVertex *out);
    // Raises a map's depths, which these are, to points that lie farther out. If both_ends, the map of the opposite direction, seen
    // through from the same side, follows the first.
    void (*cast)(const DepthMap &map, const Vec3 *points_mm, int32_t count, bool both_ends, float *depths);
    // Finds the light on vertices of these numbers, of which there are whole sixteens, and writes rows of the same numbers: what is
    // interpolated, and the unit normal in the camera frame with the part of the light that makes highlights that arrives. `shadow` is
    // the view from the key light, past a soft edge of 3 x 3 texels; null where all of it arrives.
    void (*light)(const View &view, const Light &light, const DepthMap *shadow, const Unlit &vertices, const int32_t *numbers,
                  int32_t count, Attributes *attributes, FourFloats *facing);
    // Adds up, for each receiver, the cosine under which it faces a map's direction or the opposite one, and the part of that from
    // where light reaches it. The map is of both ends.
    void (*sky)(const DepthMap &map, const Receivers &receivers, int32_t count, float *reached, float *facing);
    // Linear colour times alpha, and alpha, between the four nearest texel centres; clamped at the border.
    void (*sample)(const Surface &surface, float u, float v, FourFloats *out);
    // Finds what these triangles look like; the rest of their facets is set already. Returns twice the area that they cover, in
    // fixed-point steps, less that of those seen from behind.
    int64_t (*lay)(const Mesh &mesh, const int32_t *seen, int32_t count, Facet *facets);
    // Linear colour of each fragment, times alpha, and alpha; matt, with the highlight of its vertices. Finished, but where facets are
    // fine: returns whether any is. And 1 / depth there.
    bool (*shade)(const Fragment *fragments, int32_t count, const Facet *facets, const Vec3 &highlight, FourFloats *out, float *near);
    // Finishes the colours of these fragments, whose facets are fine, from interpolated normals. `facing`: as light() writes it.
    void (*polish)(const Mesh &mesh, const FourFloats *facing, const Light &light, const Facet *facets, const Fragment *fragments,
                   const int32_t *which, int32_t count, FourFloats *colours);
    // Adds fragments, of these colours and nearnesses, to pixels' lists, but those that show nothing. Depths of samples through which no
    // light comes any more become those of what closes them.
    void (*keep)(const Fragment *fragments, const FourFloats *colours, const float *near, int32_t count, Veils &to, float *inverse_depth);
    // The light of pixels that have so many veils each, summed over samples, and what comes through each sample from behind: rows of
    // the pixels' numbers. Of equally near veils that with the lower number comes first. `room`: kBlendRoom bytes for each veil of a pixel.
    void (*blend)(const Veils &veils, const int32_t *pixels, int32_t count, int32_t deep, void *room, FourFloats *colour, FourFloats *through);
    // Adds the light of a band's opaque surfaces but the fine ones, which it writes down: at most one fragment a sample. Returns how
    // many. `colour` begins with the band.
    int32_t (*shade_opaque)(const OpaqueScene &scene, const Band &band, FourFloats *colour, Fragment *fine);
    // Mean of each pixel's samples as sRGB; what no surface hides shows the background, which the image holds. size x size x 3.
    void (*resolve)(const OpaqueScene &scene, const Band &band, const FourFloats *colour, int size, uint8_t *image);
};

// The kernels for this machine, or those that the environment variable FACEWRIGHT_ISA names: portable, avx2, avx512.
// Throws std::invalid_argument for another name and for one that this machine does not have.
const Kernels &kernels();

}  // namespace fw
