// What building a person needs: a fixed-order linear combination, noise over the head, and painting of albedo layers.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "maths.hpp"
#include "noise.hpp"

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

// mean + sum_k weights[k] * basis[k], added in the order of k.
Out2F combine(In2<float> mean, In3F basis, In1<float> weights) {
    const size_t rows = mean.shape(0), columns = mean.shape(1), n = rows * columns;
    if (basis.shape(0) != weights.shape(0) || basis.shape(1) != rows || basis.shape(2) != columns)
        throw std::invalid_argument("combine: basis must be (weights, rows, columns) of mean");
    float *out = new float[n];
    nb::capsule owner = own(out);
    const float *source = mean.data();
    const float *direction = basis.data();
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
                const float w = weight[k];
                const float *row = direction + k * n;
                for (size_t i = begin; i < end; ++i) out[i] += w * row[i];
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
//   alpha = strength * clamp((mask / 255 + roughness * noise - threshold) * gain, 0, 1)   where mask > 0
// and moves its colour towards colour * (1 + mottle * noise).
struct Layer {
    float colour[3], strength, threshold, gain, roughness, mottle;
};

// The masks and noise patterns of a head, with the rectangle outside which each mask is empty.
class AlbedoPainter {
  public:
    using Masks = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig>;
    using Patterns = nb::ndarray<const int8_t, nb::ndim<3>, nb::c_contig>;
    using Texture = nb::ndarray<nb::numpy, uint8_t, nb::ndim<3>>;

    AlbedoPainter(Masks masks, Patterns patterns)
        : height_(masks.shape(1)), width_(masks.shape(2)), mask_count_(masks.shape(0)), pattern_count_(patterns.shape(0)),
          masks_(masks.data(), masks.data() + masks.size()), patterns_(patterns.data(), patterns.data() + patterns.size()) {
        if (patterns.shape(1) != height_ || patterns.shape(2) != width_)
            throw std::invalid_argument("AlbedoPainter: patterns must have the masks' size");
        for (size_t m = 0; m < mask_count_; ++m) boxes_.push_back(covered_box(masks_.data() + m * height_ * width_));
    }

    Texture paint(In1<int32_t> mask_index, In1<int32_t> pattern_index, In2<float> parameters) const {
        const size_t layers = mask_index.shape(0), texels = height_ * width_;
        if (pattern_index.shape(0) != layers || parameters.shape(0) != layers || parameters.shape(1) != 8)
            throw std::invalid_argument("paint: every layer needs a mask, a pattern and eight parameters");
        for (size_t l = 0; l < layers; ++l) {
            const int32_t m = mask_index.data()[l], p = pattern_index.data()[l];
            if (m < 0 || static_cast<size_t>(m) >= mask_count_ || p < 0 || static_cast<size_t>(p) >= pattern_count_)
                throw std::invalid_argument("paint: a layer names a mask or pattern that does not exist");
        }
        uint8_t *out = new uint8_t[texels * 3];
        nb::capsule owner = own(out);
        {
            nb::gil_scoped_release release;
            std::vector<float> planes(texels * 3, 0.0f);
            for (size_t l = 0; l < layers; ++l) {
                const float *v = parameters.data() + 8 * l;
                paint_layer({{v[0], v[1], v[2]}, v[3], v[4], v[5], v[6], v[7]}, mask_index.data()[l],
                            pattern_index.data()[l], planes.data());
            }
            for (size_t t = 0; t < texels; ++t)
                for (size_t c = 0; c < 3; ++c)
                    out[3 * t + c] = static_cast<uint8_t>(std::clamp(planes[c * texels + t] + 0.5f, 0.0f, 255.0f));
        }
        return Texture(out, {height_, width_, 3}, owner);
    }

  private:
    struct Box {
        size_t top, bottom, left, right;  // bottom and right are one past the last covered texel
    };

    Box covered_box(const uint8_t *mask) const {
        Box box{height_, 0, width_, 0};
        for (size_t y = 0; y < height_; ++y)
            for (size_t x = 0; x < width_; ++x)
                if (mask[y * width_ + x] != 0) {
                    box.top = std::min(box.top, y);
                    box.bottom = y + 1;
                    box.left = std::min(box.left, x);
                    box.right = std::max(box.right, x + 1);
                }
        return box;
    }

    void paint_layer(const Layer &layer, size_t mask_index, size_t pattern_index, float *planes) const {
        if (layer.strength == 0.0f) return;
        const size_t texels = height_ * width_;
        const Box box = boxes_[mask_index];
        std::vector<float> alpha(width_), shade(width_);
        for (size_t y = box.top; y < box.bottom; ++y) {
            const uint8_t *mask = masks_.data() + mask_index * texels + y * width_;
            const int8_t *pattern = patterns_.data() + pattern_index * texels + y * width_;
            for (size_t x = box.left; x < box.right; ++x) {
                const float noise = static_cast<float>(pattern[x]) * (1.0f / 127.0f);
                const float cover =
                    (static_cast<float>(mask[x]) * (1.0f / 255.0f) + layer.roughness * noise - layer.threshold) * layer.gain;
                const float clamped = cover > 0.0f ? (cover < 1.0f ? cover : 1.0f) : 0.0f;
                alpha[x] = mask[x] != 0 ? layer.strength * clamped : 0.0f;
                shade[x] = 1.0f + layer.mottle * noise;
            }
            for (size_t c = 0; c < 3; ++c) {
                float *row = planes + c * texels + y * width_;
                for (size_t x = box.left; x < box.right; ++x) row[x] += (layer.colour[c] * shade[x] - row[x]) * alpha[x];
            }
        }
    }

    size_t height_, width_, mask_count_, pattern_count_;
    std::vector<uint8_t> masks_;
    std::vector<int8_t> patterns_;
    std::vector<Box> boxes_;
};

}  // namespace

void bind_person(nb::module_ &m) {
    m.def("combine", &combine, nb::arg("mean"), nb::arg("basis"), nb::arg("weights"),
          "(rows, columns) float32: mean + sum_k weights[k] * basis[k], added in the order of k.");
    m.def("noise_at", &noise_at, nb::arg("points"), nb::arg("seed"),
          "(n,) float32 in [-1, 1]: value noise at points (n, 3), features about one unit across.");
    m.def("normal_quantile", &quantiles, nb::arg("p"), "(n,) float64: inverse standard normal distribution function.");
    m.def("sincos_deg", &sines_cosines, nb::arg("degrees"), "(n, 2) float64: sine and cosine.");
    nb::class_<AlbedoPainter>(m, "AlbedoPainter", "Paints albedo textures from shared masks and noise patterns.")
        .def(nb::init<AlbedoPainter::Masks, AlbedoPainter::Patterns>(), nb::arg("masks"), nb::arg("patterns"),
             "masks (M, S, S) uint8 and patterns (P, S, S) int8 are copied.")
        .def("paint", &AlbedoPainter::paint, nb::arg("mask_index"), nb::arg("pattern_index"), nb::arg("parameters"),
             "(S, S, 3) uint8: layers over each other in order. Each names a mask and a pattern and has a row (red, green,\n"
             "blue 0 .. 255, strength, threshold, gain, roughness, mottle). Where its mask is above 0 it covers with alpha =\n"
             "strength * clamp((mask + roughness * pattern - threshold) * gain, 0, 1) in colour * (1 + mottle * pattern).");
}
