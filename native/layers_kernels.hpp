// Layers of networks in training on channels-last maps, compiled once for each instruction set. Nothing here reaches
// pixels: fused multiply-add is allowed, and bits may differ between machines, never between two runs on one.
#pragma once

#include <cstdint>

namespace fw {

struct Bf16 {
    uint16_t bits;
};

enum class Activation : int32_t { none, relu, prelu };

// Maps seen as rows of channels, normalised over rows; weight, bias, slope and running moments have one number a channel.
struct Norm {
    int64_t rows, channels;
    Activation activation;
    float eps;
    const float *weight, *bias, *slope;
    float momentum = 0;
    float *running_mean = nullptr, *running_variance = nullptr;
    int64_t *batches = nullptr;  // that the running moments have seen
};

// The gradient of y: dy, whose rows begin `stride` numbers apart, and, if not null, that of y's pixels in even rows and
// columns alone, on top. The maps have height x width pixels; with `halved`, dy lies without gaps.
template <class T>
struct Upstream {
    const T *dy;
    int64_t stride;
    const T *halved;
    int64_t height, width;
};

// Local response normalisation over `size` (odd) neighbouring channels, with an exponent of 3/4.
struct Response {
    int64_t rows, channels, size;
    float alpha;
};

// Windows over maps (images, height, width, channels).
struct Windows {
    int64_t images, height, width, channels;
    int64_t kernel_y, kernel_x, stride, padding;

    int64_t out_height() const { return (height + 2 * padding - kernel_y) / stride + 1; }
    int64_t out_width() const { return (width + 2 * padding - kernel_x) / stride + 1; }
};

template <class T>
struct Layers {
    // y = activation of the normalised x; fills mean and (biased) variance of each channel and moves the running ones.
    // With `plus`, the same of sum = x + plus.
    void (*norm_forward)(const Norm &norm, const T *x, const T *plus, T *sum, T *y, float *mean, float *variance);
    // Gradients of norm_forward from that of y and, if not null, `plus`, that of sum, which is x here; d_slope is written
    // for prelu only.
    void (*norm_backward)(const Norm &norm, const Upstream<T> &up, const T *x, const T *plus, T *dx, const float *mean,
                          const float *variance, float *d_weight, float *d_bias, float *d_slope);
    // y = x * (1 + alpha / size * sum of squares) ^ -3/4
    void (*response_forward)(const Response &response, const T *x, T *y);
    void (*response_backward)(const Response &response, const T *dy, const T *x, T *dx);
    // The largest of each window, the first of equal ones; `where`: its place in the window, row by row.
    void (*max_forward)(const Windows &windows, const T *x, T *y, uint8_t *where);
    void (*max_backward)(const Windows &windows, const T *dy, const uint8_t *where, T *dx);
    // The root mean square of each window.
    void (*rms_forward)(const Windows &windows, const T *x, T *y);
    void (*rms_backward)(const Windows &windows, const T *dy, const T *x, const T *y, T *dx);
};

struct LayerKernels {
    Layers<float> f32;
    Layers<Bf16> bf16;
};

}  // namespace fw
