// Procedural backgrounds: places out of focus, and textures.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "background.hpp"
#include "maths.hpp"
#include "noise.hpp"

namespace nb = nanobind;

namespace {

using fw::Draws;

constexpr uint8_t kPlain = 128;

struct Colour {
    float r, g, b;
};

Colour mix(Colour a, Colour b, float t) {
    return {fw::lerp(a.r, b.r, t), fw::lerp(a.g, b.g, t), fw::lerp(a.b, b.b, t)};
}

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

// How much of the second colour is at a place, before noise; u and v count repetitions.
float pattern_at(Pattern pattern, float u, float v) {
    const auto triangle = [](float x) {
        const float t = x - std::floor(x);
        return t < 0.5f ? 2.0f * t : 2.0f - 2.0f * t;
    };
    switch (pattern) {
        case Pattern::Stripes: return triangle(u);
        case Pattern::Checks: return 0.5f * (triangle(u) > 0.5f) + 0.5f * (triangle(v) > 0.5f);
        case Pattern::Waves: return triangle(u + 0.35f * fw::smooth_step(triangle(0.6f * v)));
        case Pattern::Spots: {
            const float x = 2.0f * (u - std::floor(u)) - 1.0f, y = 2.0f * (v - std::floor(v)) - 1.0f;
            return x * x + y * y < 0.45f ? 1.0f : 0.0f;
        }
        case Pattern::Bricks: {
            const float row = std::floor(v), x = 0.5f * u + 0.5f * (row - 2.0f * std::floor(0.5f * row));
            return x - std::floor(x) < 0.06f || v - row < 0.12f ? 1.0f : 0.0f;
        }
        default: return 0.5f;
    }
}

// A surface seen close by, in focus: a pattern in two colours, broken up by noise of three sizes.
void draw_texture(Draws &draw, uint32_t seed, int size, uint8_t *out) {
    const Pattern pattern = static_cast<Pattern>(draw.count(0, 5));
    const Colour a = draw_colour(draw), b = draw_colour(draw), c = draw_colour(draw);
    const float repeats = draw(2.0f, 18.0f) / static_cast<float>(size), stretch = draw(0.5f, 2.0f);
    const fw::SinCos turn = fw::sincos_deg(draw.chance(0.4f) ? 0.0f : draw(0.0f, 180.0f));
    const float s = static_cast<float>(turn.sin) * repeats, co = static_cast<float>(turn.cos) * repeats;
    const std::array<float, 3> step{draw(2.0f, 6.0f) / size, draw(8.0f, 25.0f) / size, draw(30.0f, 90.0f) / size};
    const float bend = draw(0.0f, 1.2f), stain = draw(0.1f, 0.7f), grain = draw(0.02f, 0.25f), contrast = draw(0.1f, 1.0f);
    std::array<std::vector<float>, 3> noise;
    for (auto &row : noise) row.resize(size);
    for (int y = 0; y < size; ++y) {
        for (int k = 0; k < 3; ++k) fw::noise_row(static_cast<float>(y) * step[k], std::min(step[k], 1.0f), seed + k, noise[k]);
        for (int x = 0; x < size; ++x) {
            const float i = static_cast<float>(x), j = static_cast<float>(y), wander = bend * noise[0][x];
            const float t = pattern_at(pattern, co * i - s * j + wander, (s * i + co * j) * stretch + wander);
            Colour colour = mix(a, b, contrast * t);
            colour = mix(colour, c, stain * (0.5f + 0.5f * noise[1][x]));
            const float gain = 1.0f + grain * noise[2][x];
            uint8_t *pixel = out + (static_cast<size_t>(y) * size + x) * 3;
            pixel[0] = static_cast<uint8_t>(std::clamp(colour.r * gain + 0.5f, 0.0f, 255.0f));
            pixel[1] = static_cast<uint8_t>(std::clamp(colour.g * gain + 0.5f, 0.0f, 255.0f));
            pixel[2] = static_cast<uint8_t>(std::clamp(colour.b * gain + 0.5f, 0.0f, 255.0f));
        }
    }
}

// The last two bits choose: a texture where both are set, else a place, so that three random backgrounds in four are places.
void draw_background(const uint32_t *words, int size, uint8_t *out) {
    if ((words[0] | words[1] | words[2] | words[3]) == 0) {
        std::fill(out, out + static_cast<size_t>(size) * size * 3, kPlain);
        return;
    }
    Draws draw(words);
    if ((words[3] & 3) == 3)
        draw_texture(draw, words[0] ^ words[3], size, out);
    else
        fw::draw_place(draw, size, out);
}

using Pixels = nb::ndarray<nb::numpy, uint8_t, nb::ndim<4>, nb::c_contig>;

Pixels draw_backgrounds(nb::ndarray<const uint32_t, nb::shape<-1, 4>, nb::c_contig> words, int size) {
    const size_t count = words.shape(0), bytes = static_cast<size_t>(size) * size * 3;
    uint8_t *out = new uint8_t[count * bytes];
    nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<uint8_t *>(p); });
    const uint32_t *source = words.data();
    {
        nb::gil_scoped_release release;
        for (size_t i = 0; i < count; ++i) draw_background(source + 4 * i, size, out + i * bytes);
    }
    return Pixels(out, {count, static_cast<size_t>(size), static_cast<size_t>(size), 3}, owner);
}

}  // namespace

void bind_background(nb::module_ &m) {
    m.def("draw_backgrounds", &draw_backgrounds, nb::arg("words"), nb::arg("size_px"),
          "(n, size, size, 3) uint8 sRGB: a procedural background for each row of four random words.");
}
