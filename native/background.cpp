// Procedural backgrounds: colour fields of low detail with a few soft-edged shapes, as rooms and streets look out of focus.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <vector>

#include "maths.hpp"
#include "noise.hpp"
#include "philox.hpp"

namespace nb = nanobind;

namespace {

using fw::Words;

// Uniform numbers in (0, 1) that follow from four random words.
class Draws {
  public:
    explicit Draws(const uint32_t *words)
        : counter_{0, words[2], words[3], 0}, seed_(uint64_t{words[1]} << 32 | words[0]) {}

    float operator()() {
        if (used_ == 4) {
            block_ = fw::philox(counter_, seed_);
            ++counter_[0];
            used_ = 0;
        }
        return static_cast<float>(fw::unit_interval(block_[used_++]));
    }
    float operator()(float low, float high) { return low + (high - low) * (*this)(); }

  private:
    Words counter_, block_{};
    uint64_t seed_;
    int used_ = 4;
};

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

// A soft-edged half plane or band: coverage rises from 0 to 1 over `softness` px across the line.
struct Shape {
    float nx, ny, offset, half_width, softness;
    Colour colour;

    float coverage(float x, float y) const {
        const float distance = half_width - std::abs(nx * x + ny * y - offset);
        if (distance <= -0.5f * softness) return 0.0f;
        return fw::smooth_step(std::min(distance / softness + 0.5f, 1.0f));
    }
};

Shape draw_shape(Draws &draw, float size) {
    // Buildings, frames and furniture are upright more often than not.
    const float turn = draw() < 0.6f ? (draw() < 0.65f ? 0.0f : 90.0f) + draw(-4.0f, 4.0f) : draw(0.0f, 180.0f);
    const fw::SinCos direction = fw::sincos_deg(turn);
    const float reach = draw(0.03f, 0.35f) * size;
    return {static_cast<float>(direction.cos),
            static_cast<float>(direction.sin),
            draw(-0.6f, 0.6f) * size,
            reach,
            draw() < 0.35f ? draw(0.01f, 0.03f) * size : draw(0.04f, 0.3f) * size,
            draw_colour(draw)};
}

void draw_background(const uint32_t *words, int size, uint8_t *out) {
    if ((words[0] | words[1] | words[2] | words[3]) == 0) {
        std::fill(out, out + static_cast<size_t>(size) * size * 3, kPlain);
        return;
    }
    Draws draw(words);
    const uint32_t seed = words[0] ^ words[3];
    const Colour a = draw_colour(draw), b = draw_colour(draw), c = draw_colour(draw);
    const float coarse = draw(1.0f, 5.0f) / size, fine = draw(30.0f, 90.0f) / size;
    const float contrast = draw() < 0.25f ? draw(0.0f, 0.15f) : draw(0.3f, 1.0f);
    const float grain = draw() < 0.5f ? 0.0f : draw(0.0f, 0.08f);
    const int shape_count = static_cast<int>(draw() * 7.0f) - 1;
    std::vector<Shape> shapes;
    for (int i = 0; i < shape_count; ++i) shapes.push_back(draw_shape(draw, static_cast<float>(size)));

    std::vector<float> field(size), detail(size, 0.0f);
    std::vector<Colour> row(size);
    for (int y = 0; y < size; ++y) {
        fw::noise_row(y * coarse, coarse, seed, field);
        if (grain != 0.0f) fw::noise_row(y * fine, fine, seed + 1, detail);
        const Colour level = mix(b, c, static_cast<float>(y) / size);
        for (int x = 0; x < size; ++x) row[x] = mix(a, level, contrast * (0.5f + 0.5f * field[x]));
        for (const Shape &shape : shapes)
            for (int x = 0; x < size; ++x) {
                const float cover = shape.coverage(x - 0.5f * size, y - 0.5f * size);
                if (cover > 0.0f) row[x] = mix(row[x], shape.colour, cover);
            }
        for (int x = 0; x < size; ++x) {
            const float gain = 1.0f + grain * detail[x];
            uint8_t *pixel = out + (static_cast<size_t>(y) * size + x) * 3;
            pixel[0] = static_cast<uint8_t>(std::clamp(row[x].r * gain + 0.5f, 0.0f, 255.0f));
            pixel[1] = static_cast<uint8_t>(std::clamp(row[x].g * gain + 0.5f, 0.0f, 255.0f));
            pixel[2] = static_cast<uint8_t>(std::clamp(row[x].b * gain + 0.5f, 0.0f, 255.0f));
        }
    }
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
