#include <algorithm>
#include <array>
#include <vector>

#include "background.hpp"
#include "maths.hpp"
#include "noise.hpp"
#include "noise_sheet.hpp"
#include "pixels.hpp"
#include "row_clones.hpp"

namespace fw {

namespace {

struct Colour {
    float r, g, b;
};

// sRGB values 0 .. 255, mostly muted as walls and foliage are, now and then saturated.
Colour draw_colour(Draws &draw) {
    const float value = draw(15.0f, 245.0f);
    const float chroma = draw() < 0.9f ? draw(0.0f, 0.2f) : draw(0.2f, 0.45f);
    const float r = draw(-1.0f, 1.0f), g = draw(-1.0f, 1.0f), b = draw(-1.0f, 1.0f);
    const float mean = (r + g + b) * (1.0f / 3.0f);
    const auto channel = [&](float c) { return std::clamp(value * (1.0f + chroma * (c - mean)), 0.0f, 255.0f); };
    return {channel(r), channel(g), channel(b)};
}

// What repeats across a texture.
enum class Pattern { Plain, Stripes, Checks, Waves, Spots, Bricks };

// What a row of pixels meets: where it begins and its step, in repetitions.
struct Line {
    float u, v, du, dv;
};

struct Mixture {
    Colour first, second, stain;
    float contrast, stained, grain;
};

// Without a call or a branch, so that loops become vector instructions.
inline float whole(float x) {
    const float cut = static_cast<float>(static_cast<int32_t>(x));
    return cut - (cut > x ? 1.0f : 0.0f);
}

inline float triangle(float x) {
    const float t = x - whole(x);
    return t < 0.5f ? 2.0f * t : 2.0f - 2.0f * t;
}

template <class Value>
[[gnu::always_inline]] inline void along(const Line &line, const float *wander, float bend, int size, float *__restrict out, Value value) {
    const float u = line.u, v = line.v, du = line.du, dv = line.dv;
    for (int i = 0; i < size; ++i) {
        const float x = static_cast<float>(i), off = bend * wander[i];
        out[i] = value(u + du * x + off, v + dv * x + off);
    }
}

// How much of the second colour is in each pixel of a row, before noise.
FW_ROW_CLONES
void pattern_row(Pattern pattern, const Line &line, const float *wander, float bend, int size, float *__restrict out) {
    switch (pattern) {
        case Pattern::Stripes: return along(line, wander, bend, size, out, [](float u, float) { return triangle(u); });
        case Pattern::Checks:
            return along(line, wander, bend, size, out, [](float u, float v) {
                return (triangle(u) > 0.5f ? 0.5f : 0.0f) + (triangle(v) > 0.5f ? 0.5f : 0.0f);
            });
        case Pattern::Waves:
            return along(line, wander, bend, size, out,
                         [](float u, float v) { return triangle(u + 0.35f * smooth_step(triangle(0.6f * v))); });
        case Pattern::Spots:
            return along(line, wander, bend, size, out, [](float u, float v) {
                const float x = 2.0f * (u - whole(u)) - 1.0f, y = 2.0f * (v - whole(v)) - 1.0f;
                return x * x + y * y < 0.45f ? 1.0f : 0.0f;
            });
        case Pattern::Bricks:
            return along(line, wander, bend, size, out, [](float u, float v) {
                const float row = whole(v), x = 0.5f * u + 0.5f * (row - 2.0f * whole(0.5f * row));
                const float upright = x - whole(x) < 0.06f ? 1.0f : 0.0f, level = v - row < 0.12f ? 1.0f : 0.0f;
                return upright > level ? upright : level;
            });
        default: std::fill(out, out + size, 0.5f);
    }
}

// Pixels from pattern and noise.
FW_ROW_CLONES
void colour_row(const Mixture &mixture, const float *pattern, const float *stains, const float *grains, int size, uint32_t *__restrict out) {
    const auto [first, second, stain, contrast, stained, grain] = mixture;
    for (int i = 0; i < size; ++i) {
        const float t = contrast * pattern[i], s = stained * (0.5f + 0.5f * stains[i]), gain = 1.0f + grain * grains[i];
        out[i] = pixel(lerp(lerp(first.r, second.r, t), stain.r, s) * gain, lerp(lerp(first.g, second.g, t), stain.g, s) * gain,
                       lerp(lerp(first.b, second.b, t), stain.b, s) * gain);
    }
}

}  // namespace

void draw_texture(Draws &draw, uint32_t seed, int size, uint8_t *out) {
    const Pattern kind = static_cast<Pattern>(draw.count(0, 5));
    const Colour first = draw_colour(draw), second = draw_colour(draw), stain = draw_colour(draw);
    const float side = static_cast<float>(size), repeats = draw(2.0f, 18.0f) / side, stretch = draw(0.5f, 2.0f);
    const SinCos turn = sincos_deg(draw.chance(0.4f) ? 0.0f : draw(0.0f, 180.0f));
    const float s = static_cast<float>(turn.sin) * repeats, c = static_cast<float>(turn.cos) * repeats;
    const std::array<float, 3> step{draw(2.0f, 6.0f) / side, draw(8.0f, 25.0f) / side, draw(30.0f, 90.0f) / side};
    const float bend = draw(0.0f, 1.2f), stained = draw(0.1f, 0.7f), grain = draw(0.02f, 0.25f);
    const Mixture mixture{first, second, stain, draw(0.1f, 1.0f), stained, grain};
    std::array<NoiseSheet, 3> noise{NoiseSheet(step[0], seed, size), NoiseSheet(step[1], seed + 1, size), NoiseSheet(step[2], seed + 2, size)};
    std::vector<float> pattern(size);
    std::vector<uint32_t> codes(size);
    for (int y = 0; y < size; ++y) {
        const float j = static_cast<float>(y);
        const Line line{-s * j, c * j * stretch, c, s * stretch};
        pattern_row(kind, line, noise[0].row(y), bend, size, pattern.data());
        colour_row(mixture, pattern.data(), noise[1].row(y), noise[2].row(y), size, codes.data());
        pack_pixels(codes.data(), size, out + static_cast<size_t>(y) * size * 3);
    }
}

}  // namespace fw
