// What building a person needs: a fixed-order linear combination, noise over the head, and painting of albedo layers.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

#include "maths.hpp"
#include "noise.hpp"
#include "row_clones.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using In1 = nb::ndarray<const T, nb::ndim<1>, nb::c_contig>;
template <class T>
using In2 = nb::ndarray<const T, nb::ndim<2>, nb::c_contig>;
using In3F = nb::ndarray<const float, nb::ndim<3>, nb::c_contig>;
using Out2F = nb::ndarray<nb::numpy, float, nb::ndim<2>, nb::c_contig>;

template <class T>
nb::capsule own(T *data) {
    return nb::capsule(data, [](void *p) noexcept { delete[] static_cast<T *>(p); });
}

FW_ROW_CLONES
void add_scaled(float weight, const float *source, size_t count, float *out) {
    for (size_t i = 0; i < count; ++i) out[i] += weight * source[i];
}

FW_ROW_CLONES
void add_scaled(float weight, const int16_t *source, size_t count, float *out) {
    for (size_t i = 0; i < count; ++i) out[i] += weight * static_cast<float>(source[i]);
}

// mean + sum_k weights[k] * basis[k], added in the order of k.
template <class T>
Out2F combine(In2<float> mean, nb::ndarray<const T, nb::ndim<3>, nb::c_contig> basis, In1<float> weights) {
    const size_t rows = mean.shape(0), columns = mean.shape(1), n = rows * columns;
    if (basis.shape(0) != weights.shape(0) || basis.shape(1) != rows || basis.shape(2) != columns)
        throw std::invalid_argument("combine: basis must be (weights, rows, columns) of mean");
    float *out = new float[n];
    nb::capsule owner = own(out);
    const float *source = mean.data();
    const T *direction = basis.data();
    const float *weight = weights.data();
    const size_t count = weights.shape(0);
    {
        nb::gil_scoped_release release;
        constexpr size_t block = 1024;  // stays in the first-level cache while all directions are added
        for (size_t begin = 0; begin < n; begin += block) {
            const size_t end = std::min(n, begin + block);
            std::copy(source + begin, source + end, out + begin);
            for (size_t k = 0; k < count; ++k) {
                if (weight[k] == 0.0f) continue;
                add_scaled(weight[k], direction + k * n + begin, end - begin, out + begin);
            }
        }
    }
    return Out2F(out, {rows, columns}, owner);
}

nb::ndarray<nb::numpy, float, nb::ndim<1>> noise_at(In2<float> points, uint32_t seed) {
    if (points.shape(1) != 3) throw std::invalid_argument("noise_at: points must be (n, 3)");
    const size_t n = points.shape(0);
    float *out = new float[n];
    nb::capsule owner = own(out);
    const float *p = points.data();
    {
        nb::gil_scoped_release release;
        for (size_t i = 0; i < n; ++i) out[i] = fw::value_noise(p[3 * i], p[3 * i + 1], p[3 * i + 2], seed);
    }
    return nb::ndarray<nb::numpy, float, nb::ndim<1>>(out, {n}, owner);
}

nb::ndarray<nb::numpy, double, nb::ndim<1>> quantiles(In1<double> p) {
    const size_t n = p.shape(0);
    double *out = new double[n];
    for (size_t i = 0; i < n; ++i) out[i] = fw::normal_quantile(p.data()[i]);
    return nb::ndarray<nb::numpy, double, nb::ndim<1>>(out, {n}, own(out));
}

// (n, 2): sine and cosine of each angle.
nb::ndarray<nb::numpy, double, nb::ndim<2>> sines_cosines(In1<double> degrees) {
    const size_t n = degrees.shape(0);
    double *out = new double[2 * n];
    for (size_t i = 0; i < n; ++i) {
        const fw::SinCos value = fw::sincos_deg(degrees.data()[i]);
        out[2 * i] = value.sin;
        out[2 * i + 1] = value.cos;
    }
    return nb::ndarray<nb::numpy, double, nb::ndim<2>>(out, {n, 2}, own(out));
}

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

// Covers and shades of `count` texels, and whether any cover is not 0.

bool any(const float *values, size_t count) {
    uint32_t bits = 0;
    for (size_t x = 0; x < count; ++x) bits |= std::bit_cast<uint32_t>(values[x]);
    return bits != 0;
}

FW_ROW_CLONES
bool cover_mask(const Layer &layer, const uint8_t *__restrict mask, const int8_t *__restrict pattern, size_t count, float *__restrict alpha, float *__restrict shade) {
    const float roughness = layer.roughness, threshold = layer.threshold, gain = layer.gain, strength = layer.strength,
                mottle = layer.mottle;
    for (size_t x = 0; x < count; ++x) {
        const float noise = static_cast<float>(pattern[x]) * (1.0f / 127.0f);
        const float value = static_cast<float>(mask[x]) * (1.0f / 255.0f);
        const float cover = strength * clamp01((value + roughness * noise - threshold) * gain);
        alpha[x] = cover * (value > 0.0f ? 1.0f : 0.0f);
        shade[x] = 1.0f + mottle * noise;
    }
    return any(alpha, count);
}

FW_ROW_CLONES
bool cover_band(const Layer &layer, const uint8_t *__restrict mask, const uint8_t *__restrict along, const uint8_t *__restrict across, const int8_t *__restrict pattern,
                size_t count, float *__restrict alpha, float *__restrict shade) {
    const float roughness = layer.roughness, threshold = layer.threshold, gain = layer.gain, strength = layer.strength,
                mottle = layer.mottle, c0 = layer.c0, c1 = layer.c1, c2 = layer.c2, w0 = layer.w0, w1 = layer.w1;
    for (size_t x = 0; x < count; ++x) {
        const float noise = static_cast<float>(pattern[x]) * (1.0f / 127.0f);
        const float u = static_cast<float>(along[x]) * (1.0f / 255.0f), v = static_cast<float>(across[x]) * (1.0f / 255.0f);
        const float off = v - (c0 + u * (c1 + u * c2));
        const float width = w0 + w1 * u;
        const float distance = (off > 0.0f ? off : -off) / (width > 1e-3f ? width : 1e-3f);
        const float value = static_cast<float>(mask[x]) * (1.0f / 255.0f) * (1.0f - distance);
        const float cover = strength * clamp01((value + roughness * noise - threshold) * gain);
        alpha[x] = cover * (value > 0.0f ? 1.0f : 0.0f);
        shade[x] = 1.0f + mottle * noise;
    }
    return any(alpha, count);
}

FW_ROW_CLONES
void mix(float colour, const float *__restrict alpha, const float *__restrict shade, size_t count, float *__restrict row) {
    for (size_t x = 0; x < count; ++x) row[x] += (colour * shade[x] - row[x]) * alpha[x];
}

inline uint32_t code(float value) {
    const float rounded = value + 0.5f;
    return static_cast<uint32_t>(static_cast<int32_t>(rounded > 0.0f ? (rounded < 255.0f ? rounded : 255.0f) : 0.0f));
}

// Three rows of one colour each to pixels: red in the lowest byte.
FW_ROW_CLONES
void to_codes(const float *__restrict row, size_t count, uint32_t *__restrict out) {
    for (size_t x = 0; x < count; ++x) out[x] = code(row[x]) | code(row[count + x]) << 8 | code(row[2 * count + x]) << 16;
}

// The lower three bytes of each; a fourth is written after the last.
void pack(const uint32_t *codes, size_t count, uint8_t *out) {
    for (size_t x = 0; x < count; ++x, out += 3) {
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(out, codes + x, 4);
        } else {
            for (int c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(codes[x] >> (8 * c));
        }
    }
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
          masks_(masks.data(), masks.data() + masks.size()), patterns_(patterns.data(), patterns.data() + patterns.size()) {
        if (patterns.shape(1) != height_ || patterns.shape(2) != width_)
            throw std::invalid_argument("AlbedoPainter: patterns must have the masks' size");
        for (size_t m = 0; m < mask_count_; ++m)
            for (size_t y = 0; y < height_; ++y) spans_.push_back(covered(masks_.data() + (m * height_ + y) * width_));
    }

    // planes (L, 4): mask, pattern, and the two coordinate planes of a band or -1.
    Texture paint(In2<int32_t> planes, In2<float> parameters, std::optional<Base> base) const {
        check(planes, parameters);
        if (base && (base->shape(0) != height_ || base->shape(1) != width_ || base->shape(2) != 3))
            throw std::invalid_argument("paint: base must be (S, S, 3) of the masks' size");
        uint8_t *out = new uint8_t[height_ * width_ * 3 + 1];
        nb::capsule owner = own(out);
        const size_t layers = planes.shape(0);
        const int32_t *chosen = planes.data();
        const auto *layer = reinterpret_cast<const Layer *>(parameters.data());
        const uint8_t *under = base ? base->data() : nullptr;
        {
            nb::gil_scoped_release release;
            std::vector<float> row(3 * width_), scratch(2 * width_);
            std::vector<uint32_t> codes(width_);
            for (size_t y = 0; y < height_; ++y) {
                start_row(under, y, row);
                for (size_t l = 0; l < layers; ++l)
                    if (layer[l].strength != 0.0f) paint_row(layer[l], chosen + 4 * l, y, row.data(), scratch.data());
                to_codes(row.data(), width_, codes.data());
                pack(codes.data(), width_, out + y * width_ * 3);
            }
        }
        return Texture(out, {height_, width_, 3}, owner);
    }

  private:
    struct Span {
        uint32_t left, right;  // right is one past the last covered texel; equal if there is none
    };

    Span covered(const uint8_t *row) const {
        uint32_t left = 0, right = static_cast<uint32_t>(width_);
        while (left < right && row[left] == 0) ++left;
        while (right > left && row[right - 1] == 0) --right;
        return {left, right};
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

    const uint8_t *mask_row(int32_t mask, size_t y) const { return masks_.data() + (size_t(mask) * height_ + y) * width_; }

    void start_row(const uint8_t *under, size_t y, std::vector<float> &row) const {
        if (!under) {
            std::fill(row.begin(), row.end(), 0.0f);
            return;
        }
        const uint8_t *pixel = under + y * width_ * 3;
        for (size_t x = 0; x < width_; ++x)
            for (size_t c = 0; c < 3; ++c) row[c * width_ + x] = static_cast<float>(*pixel++);
    }

    void paint_row(const Layer &layer, const int32_t *planes, size_t y, float *row, float *scratch) const {
        const Span span = spans_[size_t(planes[0]) * height_ + y];
        if (span.left == span.right) return;
        const size_t left = span.left, count = span.right - span.left;
        const int8_t *pattern = patterns_.data() + (size_t(planes[1]) * height_ + y) * width_ + left;
        const uint8_t *mask = mask_row(planes[0], y) + left;
        float *alpha = scratch, *shade = scratch + width_;
        const bool covers = planes[2] < 0 ? cover_mask(layer, mask, pattern, count, alpha, shade)
                                       : cover_band(layer, mask, mask_row(planes[2], y) + left, mask_row(planes[3], y) + left,
                                                    pattern, count, alpha, shade);
        if (!covers) return;
        for (size_t c = 0; c < 3; ++c) mix(layer.colour[c], alpha, shade, count, row + c * width_ + left);
    }

    size_t height_, width_, mask_count_, pattern_count_;
    std::vector<uint8_t> masks_;
    std::vector<int8_t> patterns_;
    std::vector<Span> spans_;
};

}  // namespace

void bind_person(nb::module_ &m) {
    m.def("combine", &combine<int16_t>, nb::arg("mean"), nb::arg("basis"), nb::arg("weights"),
          "The same from a basis in 16-bit steps, whose sizes the weights have been multiplied with.");
    m.def("combine", &combine<float>, nb::arg("mean"), nb::arg("basis"), nb::arg("weights"),
          "(rows, columns) float32: mean + sum_k weights[k] * basis[k], added in the order of k.");
    m.def("noise_at", &noise_at, nb::arg("points"), nb::arg("seed"),
          "(n,) float32 in [-1, 1]: value noise at points (n, 3), features about one unit across.");
    m.def("normal_quantile", &quantiles, nb::arg("p"), "(n,) float64: inverse standard normal distribution function.");
    m.def("sincos_deg", &sines_cosines, nb::arg("degrees"), "(n, 2) float64: sine and cosine.");
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
