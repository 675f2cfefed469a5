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

// Layers over a base colour, in order. Layer l covers texel t with
//   a = strength * clamp((mask[l][t] / 255 + roughness * noise[pattern[l]][t] - threshold) * gain, 0, 1)
// and moves its colour towards layer_colour * (1 + mottle * noise[pattern[l]][t]).
struct Layer {
    const uint8_t *mask;
    const int8_t *pattern;
    float colour[3], strength, threshold, gain, roughness, mottle;
};

void paint_texel(const std::vector<Layer> &layers, size_t texel, float *rgb) {
    for (const Layer &layer : layers) {
        const uint8_t mask = layer.mask[texel];
        if (mask == 0) continue;
        const float noise = static_cast<float>(layer.pattern[texel]) * (1.0f / 127.0f);
        const float cover = (static_cast<float>(mask) * (1.0f / 255.0f) + layer.roughness * noise - layer.threshold) * layer.gain;
        const float alpha = layer.strength * std::clamp(cover, 0.0f, 1.0f);
        const float shade = 1.0f + layer.mottle * noise;
        for (int c = 0; c < 3; ++c) rgb[c] += (layer.colour[c] * shade - rgb[c]) * alpha;
    }
}

nb::ndarray<nb::numpy, uint8_t, nb::ndim<3>> paint(nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig> masks,
                                                   nb::ndarray<const int8_t, nb::ndim<3>, nb::c_contig> patterns,
                                                   In1<int32_t> mask_index, In1<int32_t> pattern_index,
                                                   In2<float> parameters) {
    const size_t height = masks.shape(1), width = masks.shape(2), texels = height * width;
    const size_t count = mask_index.shape(0);
    if (patterns.shape(1) != height || patterns.shape(2) != width || pattern_index.shape(0) != count ||
        parameters.shape(0) != count || parameters.shape(1) != 8)
        throw std::invalid_argument("paint: masks, patterns and layers do not fit together");
    std::vector<Layer> layers;
    for (size_t l = 0; l < count; ++l) {
        const int32_t m = mask_index.data()[l], p = pattern_index.data()[l];
        if (m < 0 || static_cast<size_t>(m) >= masks.shape(0) || p < 0 || static_cast<size_t>(p) >= patterns.shape(0))
            throw std::invalid_argument("paint: a layer names a mask or pattern that does not exist");
        const float *v = parameters.data() + 8 * l;
        layers.push_back({masks.data() + m * texels, patterns.data() + p * texels, {v[0], v[1], v[2]}, v[3], v[4], v[5], v[6], v[7]});
    }
    uint8_t *out = new uint8_t[texels * 3];
    nb::capsule owner = own(out);
    {
        nb::gil_scoped_release release;
        for (size_t t = 0; t < texels; ++t) {
            float rgb[3] = {0.0f, 0.0f, 0.0f};
            paint_texel(layers, t, rgb);
            for (int c = 0; c < 3; ++c) out[3 * t + c] = static_cast<uint8_t>(std::clamp(rgb[c] + 0.5f, 0.0f, 255.0f));
        }
    }
    return nb::ndarray<nb::numpy, uint8_t, nb::ndim<3>>(out, {height, width, 3}, owner);
}

}  // namespace

void bind_person(nb::module_ &m) {
    m.def("combine", &combine, nb::arg("mean"), nb::arg("basis"), nb::arg("weights"),
          "(rows, columns) float32: mean + sum_k weights[k] * basis[k], added in the order of k.");
    m.def("noise_at", &noise_at, nb::arg("points"), nb::arg("seed"),
          "(n,) float32 in [-1, 1]: value noise at points (n, 3), features about one unit across.");
    m.def("normal_quantile", &quantiles, nb::arg("p"), "(n,) float64: inverse standard normal distribution function.");
    m.def("sincos_deg", &sines_cosines, nb::arg("degrees"), "(n, 2) float64: sine and cosine.");
    m.def("paint", &paint, nb::arg("masks"), nb::arg("patterns"), nb::arg("mask_index"), nb::arg("pattern_index"),
          nb::arg("parameters"),
          "(S, S, 3) uint8: layers painted over each other in order. masks (M, S, S) uint8 and patterns (P, S, S) int8 are\n"
          "shared; each layer names one of either and has a row (red, green, blue 0 .. 255, strength, threshold, gain,\n"
          "roughness, mottle): alpha = strength * clamp((mask + roughness * pattern - threshold) * gain, 0, 1), colour =\n"
          "rgb * (1 + mottle * pattern).");
}
