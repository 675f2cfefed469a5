// Paints a person's albedo: layers over each other, through masks and along bands, broken up by noise.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <stdexcept>
#include <vector>

#include "pixels.hpp"
#include "row_clones.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using In2 = nb::ndarray<const T, nb::ndim<2>, nb::c_contig>;

// A layer covers a texel with
//   alpha = strength * clamp((value + roughness * noise - threshold) * gain, 0, 1)   where value > 0
// and moves its colour towards colour * (1 + mottle * noise). Its value is mask / 255, times, for a band,
//   1 - |v - (c0 + c1 u + c2 u^2)| / (w0 + w1 u)
// with u and v of two coordinate planes, / 255.
struct Layer {
    float colour[3], strength, threshold, gain, roughness, mottle, c0, c1, c2, w0, w1;
};
constexpr size_t kLayerParameters = 13;
static_assert(sizeof(Layer) == kLayerParameters * sizeof(float));

// In two steps without a branch, so that loops become vector instructions.
inline float clamp01(float x) {
    const float low = x > 0.0f ? x : 0.0f;
    return low < 1.0f ? low : 1.0f;
}

// Three rows of one colour each.
struct Rows {
    float *red, *green, *blue;

    Rows from(size_t x) const { return {red + x, green + x, blue + x}; }
};

inline void blend(float colour, float shade, float alpha, float &under) { under += (colour * shade - under) * alpha; }

FW_ROW_CLONES
void paint_mask(const Layer &layer, const uint8_t *mask, const int8_t *pattern, size_t count, const Rows &rows) {
    const float roughness = layer.roughness, threshold = layer.threshold, gain = layer.gain, strength = layer.strength,
                mottle = layer.mottle, red = layer.colour[0], green = layer.colour[1], blue = layer.colour[2];
    float *__restrict r = rows.red, *__restrict g = rows.green, *__restrict b = rows.blue;
    for (size_t x = 0; x < count; ++x) {
        const float noise = static_cast<float>(pattern[x]) * (1.0f / 127.0f);
        const float value = static_cast<float>(mask[x]) * (1.0f / 255.0f);
        const float cover = strength * clamp01((value + roughness * noise - threshold) * gain);
        const float alpha = value > 0.0f ? cover : 0.0f, shade = 1.0f + mottle * noise;
        blend(red, shade, alpha, r[x]);
        blend(green, shade, alpha, g[x]);
        blend(blue, shade, alpha, b[x]);
    }
}

// Covers of `count` texels, and whether any is not 0: most rows have only a few places that a band touches.
FW_ROW_CLONES
bool cover_band(const Layer &layer, const uint8_t *mask, const uint8_t *along, const uint8_t *across, const int8_t *pattern, size_t count,
                float *__restrict alpha) {
    const float roughness = layer.roughness, threshold = layer.threshold, gain = layer.gain, strength = layer.strength, c0 = layer.c0,
                c1 = layer.c1, c2 = layer.c2, w0 = layer.w0, w1 = layer.w1;
    uint32_t bits = 0;
    for (size_t x = 0; x < count; ++x) {
        const float noise = static_cast<float>(pattern[x]) * (1.0f / 127.0f);
        const float u = static_cast<float>(along[x]) * (1.0f / 255.0f), v = static_cast<float>(across[x]) * (1.0f / 255.0f);
        const float off = v - (c0 + u * (c1 + u * c2));
        const float width = w0 + w1 * u;
        const float distance = (off > 0.0f ? off : -off) / (width > 1e-3f ? width : 1e-3f);
        const float value = static_cast<float>(mask[x]) * (1.0f / 255.0f) * (1.0f - distance);
        const float cover = strength * clamp01((value + roughness * noise - threshold) * gain);
        alpha[x] = value > 0.0f ? cover : 0.0f;
        bits |= std::bit_cast<uint32_t>(alpha[x]);
    }
    return bits != 0;
}

FW_ROW_CLONES
void paint_cover(const Layer &layer, const float *alpha, const int8_t *pattern, size_t count, const Rows &rows) {
    const float mottle = layer.mottle, red = layer.colour[0], green = layer.colour[1], blue = layer.colour[2];
    float *__restrict r = rows.red, *__restrict g = rows.green, *__restrict b = rows.blue;
    for (size_t x = 0; x < count; ++x) {
        const float shade = 1.0f + mottle * (static_cast<float>(pattern[x]) * (1.0f / 127.0f));
        blend(red, shade, alpha[x], r[x]);
        blend(green, shade, alpha[x], g[x]);
        blend(blue, shade, alpha[x], b[x]);
    }
}

FW_ROW_CLONES
void to_pixels(const Rows &rows, size_t count, uint32_t *__restrict out) {
    const float *r = rows.red, *g = rows.green, *b = rows.blue;
    for (size_t x = 0; x < count; ++x) out[x] = fw::pixel(r[x], g[x], b[x]);
}

// The masks and noise patterns of a head, with the texels of each row outside which a mask is empty.
class AlbedoPainter {
  public:
    using Masks = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig>;
    using Patterns = nb::ndarray<const int8_t, nb::ndim<3>, nb::c_contig>;
    using Base = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig>;
    using Texture = nb::ndarray<nb::numpy, uint8_t, nb::ndim<3>>;

    AlbedoPainter(Masks masks, Patterns patterns)
        : height_(masks.shape(1)), width_(masks.shape(2)), mask_count_(masks.shape(0)), pattern_count_(patterns.shape(0)),
          masks_(by_rows(masks)), patterns_(by_rows(patterns)) {
        if (patterns.shape(1) != height_ || patterns.shape(2) != width_)
            throw std::invalid_argument("AlbedoPainter: patterns must have the masks' size");
        for (size_t y = 0; y < height_; ++y)
            for (size_t m = 0; m < mask_count_; ++m) spans_.push_back(covered(mask_row(static_cast<int32_t>(m), y)));
    }

    // planes (L, 4): mask, pattern, and the two coordinate planes of a band or -1.
    Texture paint(In2<int32_t> planes, In2<float> parameters, std::optional<Base> base) const {
        check(planes, parameters);
        if (base && (base->shape(0) != height_ || base->shape(1) != width_ || base->shape(2) != 3))
            throw std::invalid_argument("paint: base must be (S, S, 3) of the masks' size");
        uint8_t *out = new uint8_t[height_ * width_ * 3 + 1];
        nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<uint8_t *>(p); });
        const size_t layers = planes.shape(0);
        const int32_t *chosen = planes.data();
        const auto *layer = reinterpret_cast<const Layer *>(parameters.data());
        const uint8_t *under = base ? base->data() : nullptr;
        {
            nb::gil_scoped_release release;
            std::vector<float> colours(3 * width_), cover(width_);
            std::vector<uint32_t> pixels(width_);
            const Rows rows{colours.data(), colours.data() + width_, colours.data() + 2 * width_};
            for (size_t y = 0; y < height_; ++y) {
                const Span touched = union_of(layer, chosen, layers, y);
                const size_t bytes = width_ * 3, count = touched.right - touched.left;
                uint8_t *line = out + y * bytes;
                start_row(under ? under + y * bytes : nullptr, touched, rows, line);
                for (size_t l = 0; l < layers; ++l) paint_row(layer[l], chosen + 4 * l, y, rows, cover.data());
                to_pixels(rows.from(touched.left), count, pixels.data());
                fw::pack_pixels(pixels.data(), count, line + touched.left * 3);
                if (under && count > 0 && touched.right < width_) line[touched.right * 3] = under[y * bytes + touched.right * 3];
            }
        }
        return Texture(out, {height_, width_, 3}, owner);
    }

  private:
    static constexpr uint32_t kWhole = 32;  // texels of which loops leave no rest

    struct Span {
        uint32_t left, right;  // equal if there is no covered texel
    };

    Span covered(const uint8_t *row) const {
        uint32_t left = 0, right = static_cast<uint32_t>(width_);
        while (left < right && row[left] == 0) ++left;
        while (right > left && row[right - 1] == 0) --right;
        if (left == right) return {0, 0};
        return {left / kWhole * kWhole, std::min<uint32_t>(static_cast<uint32_t>(width_), (right + kWhole - 1) / kWhole * kWhole)};
    }

    void check(In2<int32_t> planes, In2<float> parameters) const {
        const size_t layers = planes.shape(0);
        if (planes.shape(1) != 4 || parameters.shape(0) != layers || parameters.shape(1) != kLayerParameters)
            throw std::invalid_argument("paint: every layer needs four planes and thirteen parameters");
        const auto known = [](int32_t index, size_t count) { return index >= 0 && static_cast<size_t>(index) < count; };
        for (size_t l = 0; l < layers; ++l) {
            const int32_t *p = planes.data() + 4 * l;
            const bool plain = p[2] == -1 && p[3] == -1;
            if (!known(p[0], mask_count_) || !known(p[1], pattern_count_) ||
                !(plain || (known(p[2], mask_count_) && known(p[3], mask_count_))))
                throw std::invalid_argument("paint: a layer names a mask or pattern that does not exist");
        }
    }

    // What a row needs lies together.
    template <class T>
    static std::vector<T> by_rows(nb::ndarray<const T, nb::ndim<3>, nb::c_contig> planes) {
        const size_t count = planes.shape(0), height = planes.shape(1), width = planes.shape(2);
        std::vector<T> out(planes.size());
        for (size_t p = 0; p < count; ++p)
            for (size_t y = 0; y < height; ++y)
                std::copy_n(planes.data() + (p * height + y) * width, width, out.data() + (y * count + p) * width);
        return out;
    }

    const uint8_t *mask_row(int32_t mask, size_t y) const { return masks_.data() + (y * mask_count_ + size_t(mask)) * width_; }
    Span span(int32_t mask, size_t y) const { return spans_[y * mask_count_ + size_t(mask)]; }

    Span union_of(const Layer *layer, const int32_t *chosen, size_t layers, size_t y) const {
        Span all{static_cast<uint32_t>(width_), 0};
        for (size_t l = 0; l < layers; ++l) {
            const Span one = span(chosen[4 * l], y);
            if (layer[l].strength == 0.0f || one.left == one.right) continue;
            all = {std::min(all.left, one.left), std::max(all.right, one.right)};
        }
        return all.left < all.right ? all : Span{0, 0};
    }

    // What is not touched stays as it is underneath.
    void start_row(const uint8_t *under, Span touched, const Rows &rows, uint8_t *out) const {
        if (!under) {
            std::fill(out, out + width_ * 3, uint8_t{0});
            for (float *row : {rows.red, rows.green, rows.blue}) std::fill(row, row + width_, 0.0f);
            return;
        }
        std::copy(under, under + width_ * 3, out);
        for (size_t x = touched.left; x < touched.right; ++x) {
            rows.red[x] = static_cast<float>(under[3 * x]);
            rows.green[x] = static_cast<float>(under[3 * x + 1]);
            rows.blue[x] = static_cast<float>(under[3 * x + 2]);
        }
    }

    void paint_row(const Layer &layer, const int32_t *planes, size_t y, const Rows &rows, float *cover) const {
        const auto [left, right] = span(planes[0], y);
        if (left == right || layer.strength == 0.0f) return;
        const size_t count = right - left;
        const uint8_t *mask = mask_row(planes[0], y) + left;
        const int8_t *pattern = patterns_.data() + (y * pattern_count_ + size_t(planes[1])) * width_ + left;
        if (planes[2] < 0)
            paint_mask(layer, mask, pattern, count, rows.from(left));
        else if (cover_band(layer, mask, mask_row(planes[2], y) + left, mask_row(planes[3], y) + left, pattern, count, cover))
            paint_cover(layer, cover, pattern, count, rows.from(left));
    }

    size_t height_, width_, mask_count_, pattern_count_;
    std::vector<uint8_t> masks_;
    std::vector<int8_t> patterns_;
    std::vector<Span> spans_;
};

}  // namespace

void bind_paint(nb::module_ &m) {
    nb::class_<AlbedoPainter>(m, "AlbedoPainter", "Paints albedo textures from shared masks and noise patterns.")
        .def(nb::init<AlbedoPainter::Masks, AlbedoPainter::Patterns>(), nb::arg("masks"), nb::arg("patterns"),
             "masks (M, S, S) uint8 and patterns (P, S, S) int8 are copied.")
        .def("paint", &AlbedoPainter::paint, nb::arg("planes"), nb::arg("parameters"), nb::arg("base").none() = nb::none(),
             "(S, S, 3) uint8: layers over each other in order, over `base` (S, S, 3) or black. planes (L, 4): mask, pattern,\n"
             "and two coordinate planes u and v among the masks for a band, else -1. parameters (L, 13): red, green, blue\n"
             "0 .. 255, strength, threshold, gain, roughness, mottle, c0, c1, c2, w0, w1. A layer's value is its mask, times\n"
             "1 - |v - (c0 + c1 u + c2 u^2)| / (w0 + w1 u) for a band. Where that is above 0 it covers with alpha = strength *\n"
             "clamp((value + roughness * pattern - threshold) * gain, 0, 1) in colour * (1 + mottle * pattern).");
}
