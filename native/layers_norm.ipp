// Batch normalisation with an activation, two passes over memory each way. Sums are float over blocks of rows and double
// over blocks. Included by layers_kernels.ipp.
#include <algorithm>
#include <vector>

namespace fw {
namespace FW_ISA {
namespace {

constexpr int64_t kBlockNumbers = 8192;  // of a block of rows: it stays in the first cache while strips pass over it
constexpr int64_t kWide = 64;

FW_INLINE int64_t block_rows(int64_t channels) { return std::clamp<int64_t>(kBlockNumbers / channels, 1, 256); }

// Narrow maps are read as rows of several pixels, so that there are channels enough for all lanes.
FW_INLINE int64_t pixels_a_row(int64_t rows, int64_t channels) {
    int64_t pixels = 1;
    while (channels * pixels < kWide && rows % (2 * pixels) == 0) pixels *= 2;
    return pixels;
}

// Constants of channels, repeated for each pixel of a row.
class Constants {
  public:
    Constants(int64_t channels, int64_t pixels) : channels_(channels), values_(channels * pixels) {}
    float &operator[](int64_t channel) { return values_[channel]; }
    const float *repeated() {
        for (size_t i = channels_; i < values_.size(); ++i) values_[i] = values_[i - channels_];
        return values_.data();
    }

  private:
    int64_t channels_;
    std::vector<float> values_;
};

// Adds the sums of all pixels of a row to those of the first.
FW_INLINE void fold(double *sums, int64_t channels, int64_t pixels) {
    for (int64_t i = channels; i < channels * pixels; ++i) sums[i % channels] += sums[i];
}

template <int N>
FW_INLINE void add_to(double *totals, const Floats<N> &sums) {
    for (int i = 0; i < N; ++i) totals[i] += sums[i];
}

// Numbers of x or, where there is `plus`, of x + plus, which are also stored in `sum`.
template <bool Plus, class T>
struct Addends {
    const T *x, *plus;
    T *sum;

    template <int N>
    FW_INLINE Floats<N> read_at(int64_t i) const {
        if constexpr (!Plus) return read<N>(x + i);
        return write_rounded<N>(sum + i, read<N>(x + i) + read<N>(plus + i));
    }
};

// Mean and variance of each channel; deviations from the first row keep the variance exact where the mean is large.
template <bool Plus, class T>
void moments(const Addends<Plus, T> &x, int64_t rows, int64_t channels, float *mean, float *variance) {
    const int64_t pixels = pixels_a_row(rows, channels), width = channels * pixels, count = rows / pixels;
    Constants first(channels, pixels);
    for (int64_t c = 0; c < channels; ++c) first[c] = x.template read_at<1>(c)[0];
    const float *origin = first.repeated();
    std::vector<double> sum(width), square(width);
    const int64_t block = block_rows(width);
    for (int64_t start = 0; start < count; start += block) {
        const int64_t end = std::min(count, start + block);
        for_strips<4>(width, [&]<int N, int K>(int64_t c) {
            Floats<N> from[K], s[K] = {}, q[K] = {};
            for (int k = 0; k < K; ++k) from[k] = read<N>(origin + c + k * N);
            for (int64_t r = start; r < end; ++r)
                for (int k = 0; k < K; ++k) {
                    const Floats<N> d = x.template read_at<N>(r * width + c + k * N) - from[k];
                    s[k] += d;
                    q[k] += d * d;
                }
            for (int k = 0; k < K; ++k) {
                add_to<N>(&sum[c + k * N], s[k]);
                add_to<N>(&square[c + k * N], q[k]);
            }
        });
    }
    fold(sum.data(), channels, pixels);
    fold(square.data(), channels, pixels);
    for (int64_t c = 0; c < channels; ++c) {
        const double m = sum[c] / rows;
        mean[c] = static_cast<float>(origin[c] + m);
        variance[c] = static_cast<float>(std::max(0.0, square[c] / rows - m * m));
    }
}

template <Activation A, int N>
FW_INLINE Floats<N> activated(const Floats<N> &z, const Floats<N> &slope) {
    if constexpr (A == Activation::none) return z;
    if constexpr (A == Activation::relu) return z > 0.0f ? z : Floats<N>{};
    return z > 0.0f ? z : slope * z;
}

// The gradient before the activation.
template <Activation A, int N>
FW_INLINE Floats<N> inactivated(const Floats<N> &up, const Floats<N> &z, const Floats<N> &slope) {
    if constexpr (A == Activation::none) return up;
    if constexpr (A == Activation::relu) return z > 0.0f ? up : Floats<N>{};
    return z > 0.0f ? up : slope * up;
}

// y = activation(scale * x + shift), per channel
struct Affine {
    const float *scale, *shift, *slope;
};

template <Activation A, class T>
void apply(const T *x, T *y, int64_t rows, int64_t channels, const Affine &affine) {
    const int64_t block = block_rows(channels);
    for (int64_t start = 0; start < rows; start += block) {
        const int64_t end = std::min(rows, start + block);
        for_strips<4>(channels, [&]<int N, int K>(int64_t c) {
            Floats<N> scale[K], shift[K], slope[K];
            for (int k = 0; k < K; ++k) {
                scale[k] = read<N>(affine.scale + c + k * N);
                shift[k] = read<N>(affine.shift + c + k * N);
                slope[k] = read<N>(affine.slope + c + k * N);
            }
            for (int64_t r = start; r < end; ++r)
                for (int k = 0; k < K; ++k) {
                    const Floats<N> z = scale[k] * read<N>(x + r * channels + c + k * N) + shift[k];
                    write<N>(y + r * channels + c + k * N, activated<A, N>(z, slope[k]));
                }
        });
    }
}

// Rows of the gradient from above, `pixels` pixels each, block by block; what comes back to even pixels is added on the way.
template <class T>
class Gradients {
  public:
    Gradients(const Upstream<T> &up, int64_t channels, int64_t pixels)
        : up_(up), channels_(channels), pixels_(pixels),
          block_(up.halved ? block_rows(channels * pixels) * channels * pixels : 0) {}

    int64_t stride() const { return up_.stride * pixels_; }

    // Rows start .. end, at most a block of them: they begin stride() numbers apart.
    const T *rows(int64_t start, int64_t end) {
        const T *from = up_.dy + start * stride();
        if (!up_.halved) return from;
        std::copy(from, from + (end - start) * stride(), block_.begin());
        const int64_t first = start * pixels_, last = end * pixels_;
        for (int64_t line = first / up_.width; line * up_.width < last; ++line)
            if (line % up_.height % 2 == 0) add_line(line, first, last);
        return block_.data();
    }

  private:
    // Adds to pixels first .. last what belongs to one line of a map.
    void add_line(int64_t line, int64_t first, int64_t last) {
        const int64_t begin = line * up_.width, half_width = (up_.width + 1) / 2, half_height = (up_.height + 1) / 2;
        const int64_t half_line = line / up_.height * half_height + line % up_.height / 2;
        const int64_t to = std::min(up_.width, last - begin);
        for (int64_t x = std::max<int64_t>(0, first - begin + 1) / 2 * 2; x < to; x += 2) {
            T *pixel = block_.data() + (begin + x - first) * channels_;
            const T *more = up_.halved + (half_line * half_width + x / 2) * channels_;
            for_strips<4>(channels_, [&]<int N, int K>(int64_t c) {
                for (int k = 0; k < K; ++k)
                    write<N>(pixel + c + k * N, read<N>(pixel + c + k * N) + read<N>(more + c + k * N));
            });
        }
    }

    const Upstream<T> &up_;
    int64_t channels_, pixels_;
    std::vector<T> block_;
};

// Sums over rows of g, of g * (x - mean) and, for the slope, of dy * min(z, 0), where g is the gradient at z.
struct GradientSums {
    std::vector<double> g, gx, slope;
};

template <Activation A, class T>
void sum_gradients(Gradients<T> &gradients, const T *x, int64_t rows, int64_t channels, const float *mean,
                   const Affine &affine, GradientSums &sums) {
    const int64_t block = block_rows(channels), stride = gradients.stride();
    for (int64_t start = 0; start < rows; start += block) {
        const int64_t end = std::min(rows, start + block);
        const T *dy = gradients.rows(start, end) - start * stride;
        for_strips<2>(channels, [&]<int N, int K>(int64_t c) {
            Floats<N> middle[K], scale[K], shift[K], slope[K], g_sum[K] = {}, gx_sum[K] = {}, s_sum[K] = {};
            for (int k = 0; k < K; ++k) {
                middle[k] = read<N>(mean + c + k * N);
                scale[k] = read<N>(affine.scale + c + k * N);
                shift[k] = read<N>(affine.shift + c + k * N);
                slope[k] = read<N>(affine.slope + c + k * N);
            }
            for (int64_t r = start; r < end; ++r)
                for (int k = 0; k < K; ++k) {
                    const Floats<N> v = read<N>(x + r * channels + c + k * N), up = read<N>(dy + r * stride + c + k * N);
                    const Floats<N> z = scale[k] * v + shift[k], g = inactivated<A, N>(up, z, slope[k]);
                    g_sum[k] += g;
                    gx_sum[k] += g * (v - middle[k]);
                    if constexpr (A == Activation::prelu) s_sum[k] += z > 0.0f ? Floats<N>{} : up * z;
                }
            for (int k = 0; k < K; ++k) {
                add_to<N>(&sums.g[c + k * N], g_sum[k]);
                add_to<N>(&sums.gx[c + k * N], gx_sum[k]);
                if constexpr (A == Activation::prelu) add_to<N>(&sums.slope[c + k * N], s_sum[k]);
            }
        });
    }
}

// dx = scale * g - a * x - b, and `plus` on top where there is one
template <Activation A, bool Plus, class T>
void input_gradient(Gradients<T> &gradients, const T *x, const T *plus, T *dx, int64_t rows, int64_t channels,
                    const Affine &affine, const float *by_x, const float *constant) {
    const int64_t block = block_rows(channels), stride = gradients.stride();
    for (int64_t start = 0; start < rows; start += block) {
        const int64_t end = std::min(rows, start + block);
        const T *dy = gradients.rows(start, end) - start * stride;
        for_strips<2>(channels, [&]<int N, int K>(int64_t c) {
            Floats<N> scale[K], shift[K], slope[K], a[K], b[K];
            for (int k = 0; k < K; ++k) {
                scale[k] = read<N>(affine.scale + c + k * N);
                shift[k] = read<N>(affine.shift + c + k * N);
                slope[k] = read<N>(affine.slope + c + k * N);
                a[k] = read<N>(by_x + c + k * N);
                b[k] = read<N>(constant + c + k * N);
            }
            for (int64_t r = start; r < end; ++r)
                for (int k = 0; k < K; ++k) {
                    const Floats<N> v = read<N>(x + r * channels + c + k * N), up = read<N>(dy + r * stride + c + k * N);
                    const Floats<N> g = inactivated<A, N>(up, scale[k] * v + shift[k], slope[k]);
                    Floats<N> out = scale[k] * g - a[k] * v - b[k];
                    if constexpr (Plus) out += read<N>(plus + r * channels + c + k * N);
                    write<N>(dx + r * channels + c + k * N, out);
                }
        });
    }
}

// Scale and shift of a normalisation, repeated for each pixel of a row.
struct Coefficients {
    Constants scale, shift, slope;

    Coefficients(const Norm &n, int64_t pixels, const float *mean, const float *variance)
        : scale(n.channels, pixels), shift(n.channels, pixels), slope(n.channels, pixels) {
        for (int64_t c = 0; c < n.channels; ++c) {
            scale[c] = n.weight[c] / std::sqrt(variance[c] + n.eps);
            shift[c] = n.bias[c] - mean[c] * scale[c];
            slope[c] = n.activation == Activation::prelu ? n.slope[c] : 0.0f;
        }
    }

    Affine repeated() { return {scale.repeated(), shift.repeated(), slope.repeated()}; }
};

// Move the running moments towards a batch's; the variance is unbiased there.
FW_INLINE void move_running(const Norm &n, const float *mean, const float *variance) {
    const float unbiased = static_cast<float>(n.rows) / static_cast<float>(std::max<int64_t>(1, n.rows - 1));
    for (int64_t c = 0; c < n.channels; ++c) {
        n.running_mean[c] += n.momentum * (mean[c] - n.running_mean[c]);
        n.running_variance[c] += n.momentum * (variance[c] * unbiased - n.running_variance[c]);
    }
    ++*n.batches;
}

template <class T>
void norm_forward(const Norm &n, const T *x, const T *plus, T *sum, T *y, float *mean, float *variance) {
    if (plus)
        moments(Addends<true, T>{x, plus, sum}, n.rows, n.channels, mean, variance);
    else
        moments(Addends<false, T>{x, nullptr, nullptr}, n.rows, n.channels, mean, variance);
    move_running(n, mean, variance);
    const int64_t pixels = pixels_a_row(n.rows, n.channels);
    Coefficients coefficients(n, pixels, mean, variance);
    const Affine affine = coefficients.repeated();
    const int64_t rows = n.rows / pixels, width = n.channels * pixels;
    const T *from = plus ? sum : x;
    if (n.activation == Activation::none) apply<Activation::none>(from, y, rows, width, affine);
    if (n.activation == Activation::relu) apply<Activation::relu>(from, y, rows, width, affine);
    if (n.activation == Activation::prelu) apply<Activation::prelu>(from, y, rows, width, affine);
}

template <Activation A, class T>
void norm_backward_of(const Norm &n, const Upstream<T> &up, const T *x, const T *plus, T *dx, const float *mean,
                      const float *variance, float *d_weight, float *d_bias, float *d_slope) {
    const int64_t channels = n.channels, pixels = up.stride == channels ? pixels_a_row(n.rows, channels) : 1;
    const int64_t rows = n.rows / pixels, width = channels * pixels;
    Gradients<T> gradients(up, channels, pixels);
    Coefficients coefficients(n, pixels, mean, variance);
    const Affine affine = coefficients.repeated();
    Constants middle(channels, pixels), a(channels, pixels), b(channels, pixels);
    for (int64_t c = 0; c < channels; ++c) middle[c] = mean[c];
    GradientSums sums{std::vector<double>(width), std::vector<double>(width), std::vector<double>(width)};
    sum_gradients<A>(gradients, x, rows, width, middle.repeated(), affine, sums);
    for (std::vector<double> *one : {&sums.g, &sums.gx, &sums.slope}) fold(one->data(), channels, pixels);
    for (int64_t c = 0; c < channels; ++c) {
        const double inverse = 1.0 / std::sqrt(double(variance[c]) + n.eps), scale = affine.scale[c];
        d_bias[c] = static_cast<float>(sums.g[c]);
        d_weight[c] = static_cast<float>(sums.gx[c] * inverse);
        if (A == Activation::prelu) d_slope[c] = static_cast<float>(sums.slope[c]);
        const double by_x = scale * inverse * inverse * sums.gx[c] / n.rows;
        a[c] = static_cast<float>(by_x);
        b[c] = static_cast<float>(scale * sums.g[c] / n.rows - by_x * mean[c]);
    }
    const auto run = plus ? input_gradient<A, true, T> : input_gradient<A, false, T>;
    run(gradients, x, plus, dx, rows, width, affine, a.repeated(), b.repeated());
}

template <class T>
void norm_backward(const Norm &n, const Upstream<T> &up, const T *x, const T *plus, T *dx, const float *mean,
                   const float *variance, float *d_weight, float *d_bias, float *d_slope) {
    const auto run = n.activation == Activation::none   ? norm_backward_of<Activation::none, T>
                     : n.activation == Activation::relu ? norm_backward_of<Activation::relu, T>
                                                        : norm_backward_of<Activation::prelu, T>;
    run(n, up, x, plus, dx, mean, variance, d_weight, d_bias, d_slope);
}

}  // namespace
}  // namespace FW_ISA
}  // namespace fw
