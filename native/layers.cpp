// Layers of networks in training, on channels-last maps seen as rows of channels: batch normalisation with an activation
// after it, and local response normalisation, each in the fewest passes over memory. Sums are float over blocks of rows,
// double over blocks.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace nb = nanobind;

namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EVERY_CPU __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_CPU
#endif
#define INLINE inline __attribute__((always_inline))

constexpr int64_t kBlock = 256;  // rows whose sums are kept in float

enum Activation { kNone = 0, kSlope = 1 };  // ReLU is a slope of 0

struct Bf16 {
    uint16_t bits;
};

INLINE float load(const float *p) { return *p; }

INLINE float load(const Bf16 *p) {
    const uint32_t bits = static_cast<uint32_t>(p->bits) << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}

INLINE void store(float *p, float value) { *p = value; }

INLINE void store(Bf16 *p, float value) {  // to the nearest, ties to even
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    p->bits = static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// Adds float sums over a block of rows to double totals and clears them.
INLINE void flush(float *block, double *total, int64_t n) {
    for (int64_t c = 0; c < n; ++c) {
        total[c] += block[c];
        block[c] = 0.0f;
    }
}

// Mean and variance of each channel; deviations from the first row keep the variance exact where the mean is large.
template <class T>
INLINE void moments(const T *x, int64_t rows, int64_t channels, float *mean, float *variance) {
    std::vector<float> block(3 * channels, 0.0f);
    std::vector<double> total(2 * channels, 0.0);
    float *__restrict sum = block.data(), *__restrict square = sum + channels, *__restrict first = square + channels;
    for (int64_t c = 0; c < channels; ++c) first[c] = load(x + c);
    for (int64_t start = 0; start < rows; start += kBlock) {
        const int64_t end = std::min(rows, start + kBlock);
        for (int64_t r = start; r < end; ++r) {
            const T *__restrict row = x + r * channels;
            for (int64_t c = 0; c < channels; ++c) {
                const float d = load(row + c) - first[c];
                sum[c] += d;
                square[c] += d * d;
            }
        }
        flush(sum, total.data(), 2 * channels);
    }
    for (int64_t c = 0; c < channels; ++c) {
        const double m = total[c] / rows;
        mean[c] = static_cast<float>(first[c] + m);
        variance[c] = static_cast<float>(std::max(0.0, total[channels + c] / rows - m * m));
    }
}

// y = activation(scale * x + shift)
template <class T>
INLINE void affine(const T *x, T *y, int64_t rows, int64_t channels, const float *scale, const float *shift,
                   int activation, const float *slope) {
    for (int64_t r = 0; r < rows; ++r) {
        const T *__restrict in = x + r * channels;
        T *__restrict out = y + r * channels;
        if (activation == kNone) {
            for (int64_t c = 0; c < channels; ++c) store(out + c, scale[c] * load(in + c) + shift[c]);
        } else {
            for (int64_t c = 0; c < channels; ++c) {
                const float z = scale[c] * load(in + c) + shift[c];
                store(out + c, z > 0.0f ? z : slope[c] * z);
            }
        }
    }
}

// Sums over rows of g, g * (x - mean) and, for the slope, of dy * min(z, 0), where g = dy * activation'(z).
template <class T>
INLINE void gradient_sums(const T *dy, const T *x, int64_t rows, int64_t channels, const float *mean,
                          const float *scale, const float *shift, int activation, const float *slope, double *total) {
    std::vector<float> block(3 * channels, 0.0f);
    float *__restrict g_sum = block.data(), *__restrict gx_sum = g_sum + channels, *__restrict s_sum = gx_sum + channels;
    for (int64_t start = 0; start < rows; start += kBlock) {
        const int64_t end = std::min(rows, start + kBlock);
        for (int64_t r = start; r < end; ++r) {
            const T *__restrict d = dy + r * channels;
            const T *__restrict in = x + r * channels;
            if (activation == kNone) {
                for (int64_t c = 0; c < channels; ++c) {
                    const float g = load(d + c);
                    g_sum[c] += g;
                    gx_sum[c] += g * (load(in + c) - mean[c]);
                }
            } else {
                for (int64_t c = 0; c < channels; ++c) {
                    const float v = load(in + c), z = scale[c] * v + shift[c], up = load(d + c);
                    const float g = z > 0.0f ? up : slope[c] * up;
                    g_sum[c] += g;
                    gx_sum[c] += g * (v - mean[c]);
                    s_sum[c] += z > 0.0f ? 0.0f : up * z;
                }
            }
        }
        flush(g_sum, total, 3 * channels);
    }
}

// dx = scale * g - a * x - b
template <class T>
INLINE void input_gradient(const T *dy, const T *x, T *dx, int64_t rows, int64_t channels, const float *scale,
                           const float *shift, int activation, const float *slope, const float *a, const float *b) {
    for (int64_t r = 0; r < rows; ++r) {
        const T *__restrict d = dy + r * channels;
        const T *__restrict in = x + r * channels;
        T *__restrict out = dx + r * channels;
        if (activation == kNone) {
            for (int64_t c = 0; c < channels; ++c)
                store(out + c, scale[c] * load(d + c) - a[c] * load(in + c) - b[c]);
        } else {
            for (int64_t c = 0; c < channels; ++c) {
                const float v = load(in + c), z = scale[c] * v + shift[c], up = load(d + c);
                const float g = z > 0.0f ? up : slope[c] * up;
                store(out + c, scale[c] * g - a[c] * v - b[c]);
            }
        }
    }
}

struct Norm {  // one normalisation: per channel, in float
    int64_t rows, channels;
    const float *weight, *bias, *slope;
    int activation;
    float eps;
};

template <class T>
INLINE void forward(const Norm &n, const T *x, T *y, float *mean, float *variance) {
    moments(x, n.rows, n.channels, mean, variance);
    std::vector<float> scale(n.channels), shift(n.channels);
    for (int64_t c = 0; c < n.channels; ++c) {
        scale[c] = n.weight[c] / std::sqrt(variance[c] + n.eps);
        shift[c] = n.bias[c] - mean[c] * scale[c];
    }
    affine(x, y, n.rows, n.channels, scale.data(), shift.data(), n.activation, n.slope);
}

template <class T>
INLINE void backward(const Norm &n, const T *dy, const T *x, T *dx, const float *mean, const float *variance,
                     float *d_weight, float *d_bias, float *d_slope) {
    const int64_t channels = n.channels;
    std::vector<float> scale(channels), shift(channels), a(channels), b(channels);
    for (int64_t c = 0; c < channels; ++c) {
        scale[c] = n.weight[c] / std::sqrt(variance[c] + n.eps);
        shift[c] = n.bias[c] - mean[c] * scale[c];
    }
    std::vector<double> total(3 * channels, 0.0);
    gradient_sums(dy, x, n.rows, channels, mean, scale.data(), shift.data(), n.activation, n.slope, total.data());
    for (int64_t c = 0; c < channels; ++c) {
        const double inverse = 1.0 / std::sqrt(double(variance[c]) + n.eps);
        d_bias[c] = static_cast<float>(total[c]);
        d_weight[c] = static_cast<float>(total[channels + c] * inverse);
        d_slope[c] = static_cast<float>(total[2 * channels + c]);
        const double slope = scale[c] * inverse * inverse * total[channels + c] / n.rows;
        a[c] = static_cast<float>(slope);
        b[c] = static_cast<float>(scale[c] * total[c] / n.rows - slope * mean[c]);
    }
    input_gradient(dy, x, dx, n.rows, channels, scale.data(), shift.data(), n.activation, n.slope, a.data(), b.data());
}

// Local response normalisation with an exponent of 3/4: s^(-3/4) = r * sqrt(r) with r = 1 / sqrt(s).
struct Response {
    int64_t rows, channels, size;
    float alpha;
};

// `power` receives s^(-3/4) and `square` s^(-7/4); `wide` is scratch of channels + size - 1 floats, its margins zero.
template <class T>
INLINE void powers(const Response &p, const T *row, float *wide, float *power, float *over) {
    const int64_t half = p.size / 2;
    const float k = p.alpha / static_cast<float>(p.size);
    for (int64_t c = 0; c < p.channels; ++c) {
        const float v = load(row + c);
        wide[half + c] = v * v;
    }
    for (int64_t c = 0; c < p.channels; ++c) power[c] = 0.0f;
    for (int64_t k2 = 0; k2 < p.size; ++k2)
        for (int64_t c = 0; c < p.channels; ++c) power[c] += wide[c + k2];
    for (int64_t c = 0; c < p.channels; ++c) {
        const float s = 1.0f + k * power[c], r = 1.0f / std::sqrt(s);
        power[c] = r * std::sqrt(r);
        over[c] = power[c] / s;
    }
}

template <class T>
INLINE void response_forward(const Response &p, const T *x, T *y) {
    std::vector<float> wide(p.channels + p.size, 0.0f), power(p.channels), over(p.channels);
    for (int64_t r = 0; r < p.rows; ++r) {
        const T *row = x + r * p.channels;
        T *out = y + r * p.channels;
        powers(p, row, wide.data(), power.data(), over.data());
        for (int64_t c = 0; c < p.channels; ++c) store(out + c, load(row + c) * power[c]);
    }
}

template <class T>
INLINE void response_backward(const Response &p, const T *dy, const T *x, T *dx) {
    std::vector<float> wide(p.channels + p.size, 0.0f), inner(p.channels + p.size, 0.0f);
    std::vector<float> power(p.channels), over(p.channels), around(p.channels);
    const int64_t half = p.size / 2;
    const float k = 2.0f * 0.75f * p.alpha / static_cast<float>(p.size);
    for (int64_t r = 0; r < p.rows; ++r) {
        const T *row = x + r * p.channels, *up = dy + r * p.channels;
        T *out = dx + r * p.channels;
        powers(p, row, wide.data(), power.data(), over.data());
        for (int64_t c = 0; c < p.channels; ++c) inner[half + c] = load(up + c) * load(row + c) * over[c];
        for (int64_t c = 0; c < p.channels; ++c) around[c] = 0.0f;
        for (int64_t k2 = 0; k2 < p.size; ++k2)
            for (int64_t c = 0; c < p.channels; ++c) around[c] += inner[c + k2];
        for (int64_t c = 0; c < p.channels; ++c)
            store(out + c, load(up + c) * power[c] - k * load(row + c) * around[c]);
    }
}

// One compiled version for each kind of CPU.
EVERY_CPU void forward_f32(const Norm &n, const float *x, float *y, float *mean, float *variance) {
    forward(n, x, y, mean, variance);
}
EVERY_CPU void forward_bf16(const Norm &n, const Bf16 *x, Bf16 *y, float *mean, float *variance) {
    forward(n, x, y, mean, variance);
}
EVERY_CPU void backward_f32(const Norm &n, const float *dy, const float *x, float *dx, const float *mean,
                            const float *variance, float *d_weight, float *d_bias, float *d_slope) {
    backward(n, dy, x, dx, mean, variance, d_weight, d_bias, d_slope);
}
EVERY_CPU void backward_bf16(const Norm &n, const Bf16 *dy, const Bf16 *x, Bf16 *dx, const float *mean,
                             const float *variance, float *d_weight, float *d_bias, float *d_slope) {
    backward(n, dy, x, dx, mean, variance, d_weight, d_bias, d_slope);
}
EVERY_CPU void response_forward_f32(const Response &p, const float *x, float *y) { response_forward(p, x, y); }
EVERY_CPU void response_forward_bf16(const Response &p, const Bf16 *x, Bf16 *y) { response_forward(p, x, y); }
EVERY_CPU void response_backward_f32(const Response &p, const float *dy, const float *x, float *dx) {
    response_backward(p, dy, x, dx);
}
EVERY_CPU void response_backward_bf16(const Response &p, const Bf16 *dy, const Bf16 *x, Bf16 *dx) {
    response_backward(p, dy, x, dx);
}

// Rows of channels: float32, or bfloat16 as the int16 of the same bits.
using Maps = nb::ndarray<nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Vector = nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

bool is_bf16(const Maps &x) {
    if (x.dtype() == nb::dtype<float>()) return false;
    if (x.dtype() == nb::dtype<int16_t>()) return true;
    throw std::invalid_argument("maps: expected float32, or int16 that holds bfloat16");
}

void require_like(const Maps &a, const Maps &b) {
    if (a.shape(0) != b.shape(0) || a.shape(1) != b.shape(1) || a.dtype() != b.dtype() || a.shape(0) == 0)
        throw std::invalid_argument("maps: expected arrays of one shape and type, with rows");
}

Norm norm_of(const Maps &x, const Vector &weight, const Vector &bias, const Vector &slope, bool active, float eps) {
    const size_t channels = x.shape(1);
    if (weight.shape(0) != channels || bias.shape(0) != channels || slope.shape(0) != channels)
        throw std::invalid_argument("norm: expected a weight, bias and slope for each channel");
    return {int64_t(x.shape(0)), int64_t(channels), weight.data(), bias.data(), slope.data(), active ? kSlope : kNone, eps};
}

void norm_forward(Maps x, Maps y, Vector weight, Vector bias, Vector slope, bool active, float eps, Vector mean,
                  Vector variance) {
    require_like(x, y);
    const Norm n = norm_of(x, weight, bias, slope, active, eps);
    nb::gil_scoped_release release;
    if (is_bf16(x))
        forward_bf16(n, static_cast<const Bf16 *>(x.data()), static_cast<Bf16 *>(y.data()), mean.data(), variance.data());
    else
        forward_f32(n, static_cast<const float *>(x.data()), static_cast<float *>(y.data()), mean.data(), variance.data());
}

void norm_backward(Maps dy, Maps x, Maps dx, Vector weight, Vector bias, Vector slope, bool active, float eps,
                   Vector mean, Vector variance, Vector d_weight, Vector d_bias, Vector d_slope) {
    require_like(dy, x);
    require_like(x, dx);
    const Norm n = norm_of(x, weight, bias, slope, active, eps);
    nb::gil_scoped_release release;
    if (is_bf16(x))
        backward_bf16(n, static_cast<const Bf16 *>(dy.data()), static_cast<const Bf16 *>(x.data()),
                      static_cast<Bf16 *>(dx.data()), mean.data(), variance.data(), d_weight.data(), d_bias.data(),
                      d_slope.data());
    else
        backward_f32(n, static_cast<const float *>(dy.data()), static_cast<const float *>(x.data()),
                     static_cast<float *>(dx.data()), mean.data(), variance.data(), d_weight.data(), d_bias.data(),
                     d_slope.data());
}

Response response_of(const Maps &x, int64_t size, float alpha) {
    if (size < 1 || size % 2 == 0) throw std::invalid_argument("size: expected an odd number of channels");
    return {int64_t(x.shape(0)), int64_t(x.shape(1)), size, alpha};
}

void response_norm_forward(Maps x, Maps y, int64_t size, float alpha) {
    require_like(x, y);
    const Response p = response_of(x, size, alpha);
    nb::gil_scoped_release release;
    if (is_bf16(x))
        response_forward_bf16(p, static_cast<const Bf16 *>(x.data()), static_cast<Bf16 *>(y.data()));
    else
        response_forward_f32(p, static_cast<const float *>(x.data()), static_cast<float *>(y.data()));
}

void response_norm_backward(Maps dy, Maps x, Maps dx, int64_t size, float alpha) {
    require_like(dy, x);
    require_like(x, dx);
    const Response p = response_of(x, size, alpha);
    nb::gil_scoped_release release;
    if (is_bf16(x))
        response_backward_bf16(p, static_cast<const Bf16 *>(dy.data()), static_cast<const Bf16 *>(x.data()),
                               static_cast<Bf16 *>(dx.data()));
    else
        response_backward_f32(p, static_cast<const float *>(dy.data()), static_cast<const float *>(x.data()),
                              static_cast<float *>(dx.data()));
}

}  // namespace

void bind_layers(nb::module_ &m) {
    using namespace nb::literals;
    m.def("norm_forward", &norm_forward, "x"_a, "y"_a, "weight"_a, "bias"_a, "slope"_a, "active"_a, "eps"_a, "mean"_a,
          "variance"_a,
          "Normalise each channel over all rows into y, then keep what is positive and multiply the rest by `slope` if "
          "`active`; fills mean and (biased) variance.");
    m.def("norm_backward", &norm_backward, "dy"_a, "x"_a, "dx"_a, "weight"_a, "bias"_a, "slope"_a, "active"_a, "eps"_a,
          "mean"_a, "variance"_a, "d_weight"_a, "d_bias"_a, "d_slope"_a,
          "Gradients of norm_forward: fills dx, d_weight, d_bias and d_slope.");
    m.def("response_norm_forward", &response_norm_forward, "x"_a, "y"_a, "size"_a, "alpha"_a,
          "y = x / (1 + alpha / size * sum of squares over `size` channels) ^ 0.75.");
    m.def("response_norm_backward", &response_norm_backward, "dy"_a, "x"_a, "dx"_a, "size"_a, "alpha"_a,
          "Gradient of response_norm_forward: fills dx.");
}
