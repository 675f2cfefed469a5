#include "background_canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "maths.hpp"
#include "noise_sheet.hpp"
#include "render_srgb.hpp"
#include "row_clones.hpp"

namespace fw {

namespace {

constexpr int kSide = Canvas::kSide;

int to_pixel(float x) { return static_cast<int>(std::clamp(x, 0.0f, 1.0f) * kSide + 0.5f); }

// out += ahead - behind
FW_ROW_CLONES
void add_differences(const float *ahead, const float *behind, size_t count, float *out) {
    for (size_t i = 0; i < count; ++i) out[i] += ahead[i] - behind[i];
}

FW_ROW_CLONES
void scale(float factor, size_t count, float *values) {
    for (size_t i = 0; i < count; ++i) values[i] *= factor;
}

// Where each pixel of a row looks: its cell of the canvas, and how far it is in it.
struct Looks {
    std::vector<int32_t> cell;
    std::vector<float> right, down;

    explicit Looks(int size) : cell(size), right(size), down(size) {}
};

struct Line {
    float x, y, dx, dy;
};

FW_ROW_CLONES
void look(const Line &line, int size, int32_t *__restrict cell, float *__restrict right, float *__restrict down) {
    const float x0 = line.x, y0 = line.y, dx = line.dx, dy = line.dy;
    constexpr float last = kSide - 1.001f;
    for (int i = 0; i < size; ++i) {
        const float u = static_cast<float>(i);
        float x = x0 + dx * u, y = y0 + dy * u;
        x = x > 0.0f ? x : 0.0f;
        y = y > 0.0f ? y : 0.0f;
        x = x < last ? x : last;
        y = y < last ? y : last;
        const int32_t column = static_cast<int32_t>(x), row = static_cast<int32_t>(y);
        cell[i] = row * kSide + column;
        right[i] = x - static_cast<float>(column);
        down[i] = y - static_cast<float>(row);
    }
}

// A row of pixels between those of the developed canvas.
FW_ROW_CLONES
void enlarge(const Light *canvas, const int32_t *cell, const float *right, const float *down, int size, uint8_t *out) {
    typedef uint8_t FourBytes __attribute__((vector_size(4)));
    for (int i = 0; i < size; ++i, out += 3) {
        const Light *at = canvas + cell[i];
        const auto upper = load<EightFloats>(at), lower = load<EightFloats>(at + kSide);
        const EightFloats between = upper + (lower - upper) * down[i];
        Light pair[2];
        std::memcpy(pair, &between, sizeof(pair));
        const Light code = pair[0] + (pair[1] - pair[0]) * right[i] + 0.5f;
        store(out, __builtin_convertvector(__builtin_convertvector(code, FourInts), FourBytes));
    }
}

}  // namespace

void Canvas::shade(const Shaded &box) {
    const int y0 = to_pixel(box.upper), y1 = to_pixel(box.lower), x0 = to_pixel(box.left), x1 = to_pixel(box.right);
    for (int y = y0; y < y1; ++y) {
        const Light c = box.top + (box.bottom - box.top) * (static_cast<float>(y - y0) / static_cast<float>(y1 - y0));
        std::fill(row(y) + x0, row(y) + std::max(x0, x1), c);
    }
}

void Canvas::disc(const Disc &disc) {
    const float r = disc.radius * kSide, x = disc.x * kSide, y = disc.y * kSide;
    const int top = std::max(0, static_cast<int>(y - r)), bottom = std::min(kSide - 1, static_cast<int>(y + r));
    for (int j = top; j <= bottom; ++j) {
        const float dy = static_cast<float>(j) + 0.5f - y, square = r * r - dy * dy;
        if (square < 0.0f) continue;
        // Pixels whose middles are inside.
        const float half = std::sqrt(square);
        const int left = static_cast<int>(std::clamp(x - half + 0.5f, 0.0f, float{kSide}));
        const int right = static_cast<int>(std::clamp(x + half + 0.5f, 0.0f, float{kSide}));
        std::fill(row(j) + left, row(j) + std::max(left, right), disc.colour);
    }
}

void Canvas::darken(const Falloff &falloff) {
    for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x) {
            const float dx = static_cast<float>(x) / kSide - falloff.x, dy = static_cast<float>(y) / kSide - falloff.y;
            row(y)[x] *= 1.0f - falloff.amount * std::min(1.0f, dx * dx + dy * dy);
        }
}

// What a view may take in, and a margin.
Canvas::Box Canvas::seen(const View &view, int margin) {
    const SinCos turn = sincos_deg(view.turn_deg);
    const float reach = 0.5f * view.zoom * static_cast<float>(std::abs(turn.sin) + std::abs(turn.cos)) * kSide;
    const auto limits = [&](float middle) {
        const float place = middle * kSide - 0.5f;
        return std::pair{std::max(0, static_cast<int>(place - reach) - 1 - margin),
                         std::min(kSide, static_cast<int>(place + reach) + 3 + margin)};
    };
    const auto [left, right] = limits(view.x);
    const auto [upper, lower] = limits(view.y);
    return {left, upper, right, lower};
}

void Canvas::mottle(const Patches &patches, const Box &box) {
    NoiseSheet noise(patches.frequency / kSide, patches.seed, kSide);
    for (int y = box.upper; y < box.lower; ++y) {
        const float *value = noise.row(y);
        for (int x = box.left; x < box.right; ++x) row(y)[x] *= 1.0f + patches.amount * value[x];
    }
}

// Means over a disc, from sums along rows; beyond the canvas its edge goes on.
void Canvas::blur(float radius, const Box &box) {
    const int reach = static_cast<int>(radius + 0.5f), stride = box.width() + 2 * reach + 1;
    const int top = std::max(0, box.upper - reach), bottom = std::min(kSide, box.lower + reach);
    sums_.resize(static_cast<size_t>(stride) * kSide);
    for (int y = top; y < bottom; ++y) {
        Light sum{}, *out = sums_.data() + static_cast<size_t>(y) * stride;
        for (int x = box.left - reach; x < box.right + reach; ++x) {
            *out++ = sum;
            sum += row(y)[std::clamp(x, 0, kSide - 1)];
        }
        *out = sum;
    }
    int count = 0;
    std::vector<int> half(2 * reach + 1);  // of each of the disc's rows
    for (int d = -reach; d <= reach; ++d) {
        half[d + reach] = static_cast<int>(std::sqrt(std::max(0.0f, radius * radius - static_cast<float>(d * d))) + 0.5f);
        count += 2 * half[d + reach] + 1;
    }
    const size_t numbers = static_cast<size_t>(box.width()) * 4;
    for (int y = box.upper; y < box.lower; ++y) {
        float *out = reinterpret_cast<float *>(row(y) + box.left);
        std::fill(out, out + numbers, 0.0f);
        for (int d = -reach; d <= reach; ++d) {
            const Light *before = sums_.data() + static_cast<size_t>(std::clamp(y + d, 0, kSide - 1)) * stride + reach;
            const int h = half[d + reach];
            add_differences(reinterpret_cast<const float *>(before + h + 1), reinterpret_cast<const float *>(before - h), numbers, out);
        }
        scale(1.0f / static_cast<float>(count), numbers, out);
    }
}

// From light to sRGB codes.
void Canvas::develop(float exposure, const Box &box) {
    for (int y = box.upper; y < box.lower; ++y)
        for (int x = box.left; x < box.right; ++x) {
            Light &pixel = row(y)[x];
            for (int c = 0; c < 3; ++c) pixel[c] = srgb_code(pixel[c] * exposure);
            pixel[3] = 0.0f;
        }
}

void Canvas::photograph(const Patches &patches, float radius, const View &view, int size, uint8_t *out) {
    const Box box = seen(view, 0);
    mottle(patches, seen(view, static_cast<int>(radius * kSide + 0.5f)));
    if (radius > 0.0f) blur(radius * kSide, box);
    develop(view.exposure, box);
    const SinCos turn = sincos_deg(view.turn_deg);
    const float step = view.zoom * kSide / static_cast<float>(size), middle = 0.5f - 0.5f * static_cast<float>(size);
    const float s = static_cast<float>(turn.sin) * step, c = static_cast<float>(turn.cos) * step;
    Looks looks(size);
    for (int j = 0; j < size; ++j) {
        const float v = static_cast<float>(j) + middle;
        const Line line{view.x * kSide - 0.5f + c * middle - s * v, view.y * kSide - 0.5f + s * middle + c * v, c, s};
        look(line, size, looks.cell.data(), looks.right.data(), looks.down.data());
        enlarge(pixels_.data(), looks.cell.data(), looks.right.data(), looks.down.data(), size, out + static_cast<size_t>(j) * size * 3);
    }
}

}  // namespace fw
