// From triangles in samples to colours in pixels; compiled as part of render_kernels.ipp.
#pragma once

#include "render_kernels.hpp"
#include "render_srgb.hpp"

namespace fw::FW_ISA {

namespace {

typedef uint16_t EightShorts __attribute__((vector_size(16)));
typedef int32_t EightInts __attribute__((vector_size(32)));

// Two neighbouring texels.
[[gnu::always_inline]] inline EightFloats texel_pair(const uint16_t *from) {
    return __builtin_convertvector(__builtin_convertvector(load<EightShorts>(from), EightInts), EightFloats);
}

// The four texels about a place, whose centres are nearest; clamped at the border.
struct FourTexels {
    const uint16_t *upper, *lower;
    float right, below;  // the shares of the right and the lower ones
};

[[gnu::always_inline]] inline FourTexels find_texels(const Surface &surface, float u, float v) {
    const FourFloats size{surface.width, surface.height, 1.0f, 1.0f}, last = size - 1.0f;
    FourFloats at = FourFloats{u, v, 0.0f, 0.0f} * size - 0.5f;
    at = at > 0.0f ? at : FourFloats{};  // so does NaN
    at = at < last ? at : last;
    const FourInts low = __builtin_convertvector(at, FourInts);
    const FourFloats share = at - __builtin_convertvector(low, FourFloats);
    const int64_t row = int64_t{low[1]} * surface.stride;
    const uint16_t *upper = surface.texels + (row + low[0]) * 4;
    return {upper, upper + (low[1] + 1 < static_cast<int32_t>(surface.height) ? surface.stride * 4 : 0), share[0], share[1]};
}

[[gnu::always_inline]] inline void prefetch(const FourTexels &four) {
    __builtin_prefetch(four.upper);
    __builtin_prefetch(four.lower);
}

[[gnu::always_inline]] inline FourFloats mixed(const FourTexels &four) {
    constexpr float unit = 1.0f / 65535.0f;
    const float below = four.below * unit, above = (1.0f - four.below) * unit, right = four.right, left = 1.0f - right;
    const EightFloats both = (texel_pair(four.upper) * above + texel_pair(four.lower) * below) *
                             EightFloats{left, left, left, left, right, right, right, right};
    return __builtin_shufflevector(both, both, 0, 1, 2, 3) + __builtin_shufflevector(both, both, 4, 5, 6, 7);
}

void sample(const Surface &surface, float u, float v, FourFloats *out) {
    *out = mixed(find_texels(surface, u, v)) * load<FourFloats>(surface.tint);
}

// Negative where none of a tile's samples is drawn.
[[gnu::always_inline]] inline FourInts empty_samples(const int32_t *triangle) {
    return load<FourInts>(triangle) & load<FourInts>(triangle + 4) & load<FourInts>(triangle + 8) & load<FourInts>(triangle + 12);
}

// What the vertices hold, at a place in a triangle.
[[gnu::always_inline]] inline EightFloats attributes_at(const Facet &f, const Attributes *vertices, float x, float y) {
    const float right = x - f.x, down = y - f.y;
    const float second = right * f.second[0] + down * f.second[1], third = right * f.third[0] + down * f.third[1];
    const EightFloats mixed = load<EightFloats>(&vertices[f.corners[0]]) * (1.0f - (second + third)) +
                              load<EightFloats>(&vertices[f.corners[1]]) * second + load<EightFloats>(&vertices[f.corners[2]]) * third;
    return mixed * (1.0f / mixed[0]);
}

// A place whose texels are on their way from memory while others are shaded.
struct Lookup {
    EightFloats at;  // what the vertices hold
    FourTexels texels;
    const Surface *surface;

    [[gnu::always_inline]] Lookup(const Surface &surface, const EightFloats &at)
        : at(at), texels(find_texels(surface, at[1], at[2])), surface(&surface) {
        prefetch(texels);
    }
    Lookup() = default;

    [[gnu::always_inline]] FourFloats colour(const FourFloats &highlight) const {
        const FourFloats texel = mixed(texels), light = __builtin_shufflevector(at, at, 4, 5, 6, 7);
        FourFloats diffuse = light * load<FourFloats>(surface->tint);
        diffuse[3] = 1.0f;
        return texel * diffuse + highlight * (at[7] * (texel[0] * surface->shine_by_red + texel[3] * surface->shine_by_alpha));
    }
};

constexpr int32_t kOnTheirWay = 32;

void shade(const Fragment *fragments, int32_t count, const Facet *facets, const Attributes *vertices, const Vec3 &highlight,
           FourFloats *out, float *near) {
    const FourFloats shine{highlight.x, highlight.y, highlight.z, 0.0f};
    Lookup places[kOnTheirWay];
    for (int32_t first = 0; first < count; first += kOnTheirWay) {
        const int32_t n = std::min(kOnTheirWay, count - first);
        for (int32_t i = 0; i < n; ++i) {
            const Fragment &fragment = fragments[first + i];
            const Facet &f = facets[fragment.triangle];
            const float right = fragment.x - f.x, down = fragment.y - f.y;
            near[first + i] = f.near[0] + ((right * f.second[0] + down * f.second[1]) * f.near[1] +
                                           (right * f.third[0] + down * f.third[1]) * f.near[2]);
            places[i] = Lookup(*f.surface, attributes_at(f, vertices, fragment.x, fragment.y));
        }
        for (int32_t i = 0; i < n; ++i) {
            const FourFloats colour = places[i].colour(shine);
            out[first + i] = facets[fragments[first + i].triangle].fine ? colour : finished(colour);
        }
    }
}

// Inside a surface that is smooth there, a pixel's four samples look so much alike that one colour does for all.
constexpr float kSmoothDepth = 0.01f, kSmoothTexels = 6.0f;

struct OpaqueShader {
    const OpaqueScene &scene;
    FourFloats shine;
    FourFloats *colour;
    Fragment *fine;
    int32_t waiting = 0;
    Lookup places[kOnTheirWay];
    int32_t pixels[kOnTheirWay];
    float shares[kOnTheirWay];  // of the pixel, in samples, times what comes through

    [[gnu::always_inline]] EightFloats attributes(int32_t triangle, float x, float y) const {
        return attributes_at(scene.facets[triangle], scene.vertices, x, y);
    }

    [[gnu::always_inline]] void add(int32_t pixel, uint32_t samples, const Surface &surface, const EightFloats &at) {
        if (waiting == kOnTheirWay) finish();
        const FourFloats part = scene.through[pixel] * coverage(samples);
        places[waiting] = Lookup(surface, at);
        pixels[waiting] = pixel;
        shares[waiting++] = part[0] + part[1] + part[2] + part[3];
    }

    void finish() {
        for (int32_t i = 0; i < waiting; ++i) colour[pixels[i]] += finished(places[i].colour(shine)) * shares[i];
        waiting = 0;
    }

    // Whether the four samples, of different triangles, lie on one smooth surface; then its colour is added, between two of them.
    [[gnu::always_inline]] bool add_smooth(int32_t pixel, const FourInts &triangles, float x, float y) {
        const Facet &first = scene.facets[triangles[0]], &last = scene.facets[triangles[3]];
        for (int i = 0; i < 4; ++i) {
            const Facet &f = scene.facets[triangles[i]];
            if (f.surface != first.surface || f.fine) return false;
        }
        const FourFloats near = load<FourFloats>(scene.inverse_depth + size_t(pixel) * 4);
        const FourFloats span = near - near[0];
        if (any((span > kSmoothDepth * near[0]) | (span < -kSmoothDepth * near[0]))) return false;
        const EightFloats a = attributes_at(first, scene.vertices, x, y),
                          b = attributes_at(last, scene.vertices, x + kSubsample, y + kSubsample);
        const float across = (a[1] - b[1]) * first.surface->width, down = (a[2] - b[2]) * first.surface->height;
        if (across * across + down * down > kSmoothTexels * kSmoothTexels) return false;
        add(pixel, kAllSamples, *first.surface, (a + b) * 0.5f);
        return true;
    }

    [[gnu::always_inline]] void shade(int32_t pixel, int column, int row) {
        const FourInts triangles = load<FourInts>(scene.triangle + size_t(pixel) * 4);
        uint32_t left = ~sign_bits(triangles | (scene.through[pixel] <= 0.0f)) & kAllSamples;
        if (left == 0) return;
        const auto x = static_cast<float>(column * kSamples * kSubsample + kSubsample / 2);
        const auto y = static_cast<float>(row * kSamples * kSubsample + kSubsample / 2);
        if (!scene.every_sample && left == kAllSamples && any(triangles != triangles[0]) && add_smooth(pixel, triangles, x, y)) return;
        while (left != 0) {
            const int32_t triangle = triangles[__builtin_ctz(left)];
            const uint32_t samples = scene.every_sample ? left & -left : sign_bits(triangles == triangle) & left;
            left &= ~samples;
            const Place &middle = kSampleSets[samples].middle;
            const float at_x = x + static_cast<float>(middle.x), at_y = y + static_cast<float>(middle.y);
            if (scene.facets[triangle].fine)
                *fine++ = {triangle, pixel, samples, at_x, at_y};
            else
                add(pixel, samples, *scene.facets[triangle].surface, attributes(triangle, at_x, at_y));
        }
    }
};

int32_t shade_opaque(const OpaqueScene &scene, FourFloats *colour, Fragment *fine) {
    OpaqueShader shader{scene, {scene.highlight.x, scene.highlight.y, scene.highlight.z, 0.0f}, colour, fine, 0, {}, {}, {}};
    int32_t pixel = 0;
    for (int row = 0; row < scene.layout.across; ++row)
        for (int column = 0; column < scene.layout.across; ++column, pixel += 4) {
            const int32_t *triangles = scene.triangle + size_t(pixel) * 4;
            if (column + 2 < scene.layout.across)
                for (int i = 32; i < 48; i += 5) __builtin_prefetch(&scene.facets[std::max(triangles[i], 0)]);
            if (!any(~empty_samples(triangles))) continue;
            for (int i = 0; i < 4; ++i) shader.shade(pixel + i, column * 2 + i % 2, row * 2 + i / 2);
        }
    shader.finish();
    return static_cast<int32_t>(shader.fine - fine);
}

void resolve(const TileLayout &layout, int size, const int32_t *triangle, const FourFloats *through, const FourFloats *colour,
             uint8_t *image) {
    for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x, image += 3) {
            const size_t pixel = layout.pixel(x, y);
            const FourFloats open = load<FourInts>(triangle + pixel * 4) < 0 ? through[pixel] : FourFloats{};
            const float behind = open[0] + open[1] + open[2] + open[3];
            if (behind == 4.0f && !any(colour[pixel] != 0.0f)) continue;
            const FourFloats backdrop{kSrgb.linear[image[0]], kSrgb.linear[image[1]], kSrgb.linear[image[2]], 0.0f};
            FourFloats linear = (colour[pixel] + behind * backdrop) * (1.0f / (kSamples * kSamples));
            linear = linear > 0.0f ? (linear < 1.0f ? linear : FourFloats{} + 1.0f) : FourFloats{};
            const FourInts bins = __builtin_convertvector(linear * static_cast<float>(SrgbTables::kBins), FourInts);
            for (int c = 0; c < 3; ++c) {
                const uint8_t code = kSrgb.bin_code[bins[c]];
                image[c] = static_cast<uint8_t>(code + (linear[c] >= kSrgb.threshold[code]));
            }
        }
}

}  // namespace

}  // namespace fw::FW_ISA
