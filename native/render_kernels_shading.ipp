// From triangles in samples to colours in pixels; compiled as part of render_kernels.ipp.
#pragma once

#include "render_kernels_lanes.ipp"
#include "render_srgb.hpp"

namespace fw::FW_ISA {

namespace {

typedef uint16_t EightShorts __attribute__((vector_size(16)));
typedef int32_t EightInts __attribute__((vector_size(32)));

// Two neighbouring texels.
[[gnu::always_inline]] inline EightFloats texel_pair(const uint16_t *from) {
    return __builtin_convertvector(__builtin_convertvector(load<EightShorts>(from), EightInts), EightFloats);
}

// The mean of four neighbouring texels, weighted by the shares of the right and of the lower ones, and by the whole.
[[gnu::always_inline]] inline FourFloats mixed(const uint16_t *upper, const uint16_t *lower, float right, float above, float below) {
    const float left = 1.0f - right;
    const EightFloats both = (texel_pair(upper) * above + texel_pair(lower) * below) *
                             EightFloats{left, left, left, left, right, right, right, right};
    return __builtin_shufflevector(both, both, 0, 1, 2, 3) + __builtin_shufflevector(both, both, 4, 5, 6, 7);
}

// As many columns as asked for, of one number a lane.
template <int N>
struct Columns {
    alignas(64) float at[N][kLanes];

    [[gnu::always_inline]] F operator[](int column) const { return load<F>(at[column]); }

    // Four columns from the rows that `row` gives for each lane.
    template <class Row>
    [[gnu::always_inline]] void turn_rows(int first, Row &&row) {
        for (int i = 0; i < kLanes; i += 4) {
            FourFloats a = row(i), b = row(i + 1), c = row(i + 2), d = row(i + 3);
            turn(a, b, c, d);
            store(at[first] + i, a);
            store(at[first + 1] + i, b);
            store(at[first + 2] + i, c);
            store(at[first + 3] + i, d);
        }
    }
};

// The texels about places, whose centres are nearest; clamped at the border. One place a lane.
struct Lookups {
    alignas(64) int32_t upper[kLanes], lower[kLanes];        // of the left ones, in numbers of its surface
    alignas(64) float right[kLanes], above[kLanes], below[kLanes];  // their shares, the last two times 1/65535
    const Surface *surface[kLanes];

    // Where surface[] is set already; `one`: whether all are the same.
    [[gnu::always_inline]] void find(const F &u, const F &v, bool one) {
        const auto each = [&](auto &&number) {
            if (one) return splat(number(*surface[0]));
            alignas(64) int32_t out[kLanes];
            for (int i = 0; i < kLanes; ++i) out[i] = number(*surface[i]);
            return load<I>(out);
        };
        const I columns = each([](const Surface &s) { return s.width; }), rows = each([](const Surface &s) { return s.height; });
        const I step = each([](const Surface &s) { return s.stride; });
        const F x = clamped(u, __builtin_convertvector(columns, F)), y = clamped(v, __builtin_convertvector(rows, F));
        const I column = __builtin_convertvector(x, I), row = __builtin_convertvector(y, I);
        const I at = row * step + column;
        constexpr float unit = 1.0f / 65535.0f;
        const F down = y - __builtin_convertvector(row, F);
        store(right, x - __builtin_convertvector(column, F));
        store(above, (1.0f - down) * unit);
        store(below, down * unit);
        store(upper, at * 4);
        store(lower, (at + (row + 1 < rows ? step : I{})) * 4);
    }

    void prefetch() const {
        for (int i = 0; i < kLanes; ++i) {
            __builtin_prefetch(surface[i]->texels + upper[i]);
            __builtin_prefetch(surface[i]->texels + lower[i]);
        }
    }

    [[gnu::always_inline]] FourFloats texel(int i) const {
        const uint16_t *texels = surface[i]->texels;
        return mixed(texels + upper[i], texels + lower[i], right[i], above[i], below[i]) * load<FourFloats>(surface[i]->tint);
    }

  private:
    [[gnu::always_inline]] static F clamped(const F &share, const F &size) {
        F at = share * size - 0.5f;
        at = at > 0.0f ? at : F{};  // so does NaN
        return at < size - 1.0f ? at : size - 1.0f;
    }
};

void sample(const Surface &surface, float u, float v, FourFloats *out) {
    Lookups one;
    for (const Surface *&each : one.surface) each = &surface;
    one.find(F{} + u, F{} + v, true);
    *out = one.texel(0);
}

// A place in a triangle.
struct Site {
    int32_t triangle;
    float x, y;
};

// Places that are shaded together, one a lane.
struct Places {
    alignas(64) int32_t triangle[kLanes];
    alignas(64) float x[kLanes], y[kLanes];

    [[gnu::always_inline]] void set(int i, const Site &site) { triangle[i] = site.triangle, x[i] = site.x, y[i] = site.y; }
    // Fills the lanes from `count` on with the first place again.
    void close(int count) {
        for (int i = count; i < kLanes; ++i) triangle[i] = triangle[0], x[i] = x[0], y[i] = y[0];
    }
};

// What the vertices hold, at places in triangles: u, v, red, green, blue, shine. One place a lane.
using Held = Columns<6>;

// And 1 / depth there.
[[gnu::always_inline]] inline F hold(const Places &places, const Facet *facets, const Attributes *vertices, Held &out) {
    const auto at = [&](int i) -> const Facet & { return facets[places.triangle[i]]; };
    Columns<8> facet;
    facet.turn_rows(0, [&](int i) { return load<FourFloats>(&at(i).x); });
    facet.turn_rows(4, [&](int i) { return load<FourFloats>(at(i).third); });
    Columns<1> third_nearer;
    for (int i = 0; i < kLanes; ++i) third_nearer.at[0][i] = at(i).near[2];
    const F right = load<F>(places.x) - facet[0], down = load<F>(places.y) - facet[1];
    const F second = right * facet[2] + down * facet[3], third = right * facet[4] + down * facet[5];
    Columns<3> share;
    store(share.at[0], 1.0f - (second + third));
    store(share.at[1], second);
    store(share.at[2], third);
    const auto mix = [&](int i, int half) {
        const auto row = [&](int corner) {
            return load<FourFloats>(reinterpret_cast<const float *>(&vertices[at(i).corners[corner]]) + half) * share.at[corner][i];
        };
        return row(0) + row(1) + row(2);
    };
    Columns<8> sums;
    sums.turn_rows(0, [&](int i) { return mix(i, 0); });
    sums.turn_rows(4, [&](int i) { return mix(i, 4); });
    const F depth = 1.0f / sums[0];
    store(out.at[0], sums[1] * depth);
    store(out.at[1], sums[2] * depth);
    for (int c = 0; c < 4; ++c) store(out.at[2 + c], sums[4 + c] * depth);
    return facet[6] + (second * facet[7] + third * third_nearer[0]);
}

// Places whose texels are on their way from memory while others are shaded.
struct Shading {
    Held held;
    Lookups texels;
    alignas(64) int32_t fine[kLanes];
    bool one;  // whether all lie on the same surface

    // Where held is set already.
    [[gnu::always_inline]] void start(const Places &places, const Facet *facets) {
        const Surface *first = facets[places.triangle[0]].surface;
        one = true;
        for (int i = 0; i < kLanes; ++i) {
            const Facet &f = facets[places.triangle[i]];
            texels.surface[i] = f.surface;
            one &= f.surface == first;
            fine[i] = -int32_t{f.fine};
        }
        texels.find(held[0], held[1], one);
        texels.prefetch();
    }

    // Linear colour times alpha, and alpha. Finished, but where facets are fine.
    [[gnu::always_inline]] void finish(const Vec3 &highlight, FourFloats *out) const {
        Columns<4> texel;
        texel.turn_rows(0, [&](int i) { return texels.texel(i); });
        Columns<2> shines;
        for (int i = 0; i < kLanes; ++i) {
            const Surface &surface = *texels.surface[one ? 0 : i];
            shines.at[0][i] = surface.shine_by_red;
            shines.at[1][i] = surface.shine_by_alpha;
        }
        const F shine = held[5] * (texel[0] * shines[0] + texel[3] * shines[1]);
        const I as_it_is = load<I>(fine);
        const float strength[3] = {highlight.x, highlight.y, highlight.z};
        for (int c = 0; c < 3; ++c) {
            const F colour = texel[c] * held[2 + c] + strength[c] * shine;
            store(texel.at[c], as_it_is ? colour : bent(colour));
        }
        store(texel.at[3], as_it_is ? texel[3] : closed(texel[3]));
        for (int i = 0; i < kLanes; i += 4) {
            FourFloats rows[4];
            for (int c = 0; c < 4; ++c) rows[c] = load<FourFloats>(texel.at[c] + i);
            turn(rows[0], rows[1], rows[2], rows[3]);
            for (int k = 0; k < 4; ++k) out[i + k] = rows[k];
        }
    }
};

void shade(const Fragment *fragments, int32_t count, const Facet *facets, const Attributes *vertices, const Vec3 &highlight,
           FourFloats *out, float *near) {
    Shading lanes[2];
    Places places;
    FourFloats colours[kLanes];
    const auto finish = [&](int32_t first) {
        lanes[first / kLanes % 2].finish(highlight, colours);
        std::copy(colours, colours + std::min(kLanes, count - first), out + first);
    };
    for (int32_t first = 0; first < count; first += kLanes) {
        const int n = std::min(kLanes, count - first);
        for (int i = 0; i < n; ++i) {
            const Fragment &one = fragments[first + i];
            places.triangle[i] = one.triangle, places.x[i] = one.x, places.y[i] = one.y;
        }
        places.close(n);
        Shading &lane = lanes[first / kLanes % 2];
        const F depth = hold(places, facets, vertices, lane.held);
        std::memcpy(near + first, &depth, size_t(n) * sizeof(float));
        lane.start(places, facets);
        if (first > 0) finish(first - kLanes);
    }
    if (count > 0) finish((count - 1) / kLanes * kLanes);
}

// Inside a surface that is smooth there, a pixel's four samples look so much alike that one colour does for all.
constexpr float kSmoothDepth = 0.01f;

// Negative where none of a tile's samples is drawn.
[[gnu::always_inline]] inline FourInts empty_samples(const int32_t *triangle) {
    return load<FourInts>(triangle) & load<FourInts>(triangle + 4) & load<FourInts>(triangle + 8) & load<FourInts>(triangle + 12);
}

struct OpaqueShader {
    const OpaqueScene &scene;
    const int32_t first;  // pixel of the band
    FourFloats *colour;
    Fragment *fine;
    int waiting = 0;  // in the places of one of the two
    bool second = false, started = false;
    Shading lanes[2];
    Places places, others;
    int32_t pixels[2][kLanes];
    float shares[2][kLanes];  // of the pixel, in samples, times what comes through

    OpaqueShader(const OpaqueScene &scene, const Band &band, FourFloats *colour, Fragment *fine)
        : scene(scene), first(band.first * scene.layout.across * 4), colour(colour), fine(fine) {}

    // Some samples of a pixel that are shaded between two places, or at one.
    [[gnu::always_inline]] void add(int32_t pixel, uint32_t samples, const Site &at, const Site &other) {
        __builtin_prefetch(&scene.facets[at.triangle]);
        __builtin_prefetch(&scene.facets[other.triangle]);
        places.set(waiting, at);
        others.set(waiting, other);
        pixels[second][waiting] = pixel;
        shares[second][waiting] = scene.coming_through(pixel, samples);
        if (++waiting == kLanes) turn_over();
    }

    // All samples of a pixel, each for itself, where there is room for them.
    [[gnu::always_inline]] void add_each(int32_t pixel, const FourInts &triangles, float x, float y) {
        for (int i = 0; i < 4; ++i) __builtin_prefetch(&scene.facets[triangles[i]]);
        constexpr float across = kSubsample;
        store(places.triangle + waiting, triangles);
        store(places.x + waiting, x + FourFloats{0.0f, across, 0.0f, across});
        store(places.y + waiting, y + FourFloats{0.0f, 0.0f, across, across});
        store(pixels[second] + waiting, FourInts{} + pixel);
        store(shares[second] + waiting, scene.through == nullptr ? FourFloats{} + 1.0f : scene.through[pixel]);
        waiting += 4;
        if (waiting == kLanes) turn_over();
    }

    [[gnu::always_inline]] bool any_fine(const FourInts &triangles) const {
        const uint16_t *looks = scene.looks;
        return looks[triangles[0]] == kFineLook || looks[triangles[1]] == kFineLook || looks[triangles[2]] == kFineLook ||
               looks[triangles[3]] == kFineLook;
    }

    // Starts the places that wait, and finishes those that were started before.
    [[gnu::noinline]] void turn_over() {
        start();
        if (started) finish(!second, kLanes);
        started = true;
        second = !second;
        waiting = 0;
    }

    void end() {
        if (started) finish(!second, kLanes);
        if (waiting == 0) return;
        places.close(waiting);
        others.close(waiting);
        start();
        finish(second, waiting);
    }

    // Between the two places of a pixel, where there are two.
    [[gnu::always_inline]] void start() {
        Held &held = lanes[second].held;
        hold(places, scene.facets, scene.vertices, held);
        if (!scene.every_sample) {
            Held other;
            hold(others, scene.facets, scene.vertices, other);
            for (int c = 0; c < 6; ++c) store(held.at[c], (held[c] + other[c]) * 0.5f);
        }
        lanes[second].start(places, scene.facets);
    }

    void finish(bool which, int count) {
        FourFloats colours[kLanes];
        lanes[which].finish(scene.highlight, colours);
        for (int i = 0; i < count; ++i) colour[pixels[which][i] - first] += colours[i] * shares[which][i];
    }

    // Whether four samples lie on one smooth surface.
    [[gnu::always_inline]] bool is_smooth(int32_t pixel, const FourInts &triangles) const {
        const uint16_t *looks = scene.looks;
        const int look = looks[triangles[0]];
        const int others = (look ^ looks[triangles[1]]) | (look ^ looks[triangles[2]]) | (look ^ looks[triangles[3]]);
        const FourFloats near = load<FourFloats>(scene.inverse_depth + size_t(pixel) * 4);
        const FourFloats span = near - near[0], limit = FourFloats{} + kSmoothDepth * near[0];
        return (others | (look >= kSeamLook)) == 0 && !any((span > limit) | (span < -limit));
    }

    [[gnu::always_inline]] void shade(int32_t pixel, int column, int row) {
        const FourInts triangles = load<FourInts>(scene.triangle + size_t(pixel) * 4);
        uint32_t left = ~sign_bits(triangles) & scene.open(pixel) & kAllSamples;
        const auto x = static_cast<float>(column * kSamples * kSubsample + kSubsample / 2);
        const auto y = static_cast<float>(row * kSamples * kSubsample + kSubsample / 2);
        if (!scene.every_sample && left == kAllSamples && is_smooth(pixel, triangles)) {
            constexpr float across = kSubsample;
            add(pixel, kAllSamples, {triangles[0], x, y}, {triangles[3], x + across, y + across});
            return;
        }
        if (scene.every_sample && left == kAllSamples && waiting <= kLanes - 4 && !any_fine(triangles)) {
            add_each(pixel, triangles, x, y);
            return;
        }
        while (left != 0) {
            const int32_t triangle = triangles[__builtin_ctz(left)];
            const uint32_t samples = scene.every_sample ? left & -left : sign_bits(triangles == triangle) & left;
            left &= ~samples;
            const Place &middle = kSampleSets[samples].middle;
            const float at_x = x + static_cast<float>(middle.x), at_y = y + static_cast<float>(middle.y);
            if (scene.looks[triangle] == kFineLook)
                *fine++ = {triangle, pixel, samples, at_x, at_y};
            else
                add(pixel, samples, {triangle, at_x, at_y}, {triangle, at_x, at_y});
        }
    }
};

int32_t shade_opaque(const OpaqueScene &scene, const Band &band, FourFloats *colour, Fragment *fine) {
    OpaqueShader shader(scene, band, colour, fine);
    int32_t pixel = shader.first;
    for (int row = band.first; row < band.last; ++row)
        for (int column = 0; column < scene.layout.across; ++column, pixel += 4) {
            if (!any(~empty_samples(scene.triangle + size_t(pixel) * 4))) continue;
            for (int i = 0; i < 4; ++i) shader.shade(pixel + i, column * 2 + i % 2, row * 2 + i / 2);
        }
    shader.end();
    return static_cast<int32_t>(shader.fine - fine);
}

void resolve(const OpaqueScene &scene, const Band &band, const FourFloats *colour, int size, uint8_t *image) {
    const TileLayout &layout = scene.layout;
    const size_t first = layout.pixel(0, band.first * 2);
    for (int y = band.first * 2; y < std::min(band.last * 2, size); ++y) {
        uint8_t *out = image + size_t(y) * size * 3;
        for (int x = 0; x < size; ++x, out += 3) {
            const size_t pixel = layout.pixel(x, y);
            const FourFloats sum = colour[pixel - first];
            const auto bare = static_cast<int32_t>(sign_bits(load<FourInts>(scene.triangle + pixel * 4)));
            const float behind = scene.coming_through(static_cast<int32_t>(pixel), bare);
            if (behind == 4.0f && !any(sum != 0.0f)) continue;
            const FourFloats backdrop{kSrgb.linear[out[0]], kSrgb.linear[out[1]], kSrgb.linear[out[2]], 0.0f};
            FourFloats linear = (sum + behind * backdrop) * (1.0f / (kSamples * kSamples));
            linear = linear > 0.0f ? (linear < 1.0f ? linear : FourFloats{} + 1.0f) : FourFloats{};
            const FourInts bins = __builtin_convertvector(linear * static_cast<float>(SrgbTables::kBins), FourInts);
            for (int c = 0; c < 3; ++c) {
                const uint8_t code = kSrgb.bin_code[bins[c]];
                out[c] = static_cast<uint8_t>(code + (linear[c] >= kSrgb.threshold[code]));
            }
        }
    }
}

}  // namespace

}  // namespace fw::FW_ISA
