// Layers of networks in training, bound for facewright.recognition.backbones.fused, which sees to shapes, types and layouts:
// arrays come as addresses, because wrapping a dozen tensors costs as much as a small layer.
#include <nanobind/nanobind.h>
#include <nanobind/stl/tuple.h>

#include <stdexcept>
#include <tuple>

#include "layers_kernels.hpp"

namespace nb = nanobind;

namespace fw {

namespace portable {
extern const LayerKernels layer_kernels;
}
#if defined(FW_X86_64)
namespace avx2 {
extern const LayerKernels layer_kernels;
}
namespace avx512 {
extern const LayerKernels layer_kernels;
}
#endif

namespace {

const LayerKernels &choose() {
#if defined(FW_X86_64)
    if (__builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return avx512::layer_kernels;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2::layer_kernels;
#endif
    return portable::layer_kernels;
}

const LayerKernels kLayers = choose();

using Address = uintptr_t;

template <class T>
T *at(Address address) {
    return reinterpret_cast<T *>(address);
}

// Calls run(kernels, a number of their type) without the GIL.
template <class Run>
void with_layers(bool bf16, Run &&run) {
    nb::gil_scoped_release release;
    if (bf16)
        run(kLayers.bf16, Bf16{});
    else
        run(kLayers.f32, 0.0f);
}

// rows, channels, activation, eps
using NormShape = std::tuple<int64_t, int64_t, int, float>;
// weight, bias, slope
using NormParameters = std::tuple<Address, Address, Address>;
// momentum, mean, variance, number of batches
using Running = std::tuple<float, Address, Address, Address>;

// gradient of y, numbers between its rows; that of even pixels or none, height and width of the maps
using UpstreamParts = std::tuple<Address, int64_t, Address, int64_t, int64_t>;

template <class T>
Upstream<T> upstream_of(const UpstreamParts &parts, const Norm &norm) {
    const auto [dy, stride, halved, height, width] = parts;
    if (halved && (stride != norm.channels || height < 1 || width < 1 || norm.rows % (height * width) != 0))
        throw std::invalid_argument("norm: expected whole maps without gaps where a gradient of half their size comes back");
    return {at<T>(dy), stride, at<T>(halved), height, width};
}

Norm norm_of(const NormShape &shape, const NormParameters &parameters) {
    const auto [rows, channels, activation, eps] = shape;
    const auto [weight, bias, slope] = parameters;
    if (rows < 1 || channels < 1) throw std::invalid_argument("norm: expected maps with rows and channels");
    return {.rows = rows,
            .channels = channels,
            .activation = static_cast<Activation>(activation),
            .eps = eps,
            .weight = at<float>(weight),
            .bias = at<float>(bias),
            .slope = at<float>(slope)};
}

void norm_forward(bool bf16, Address x, Address plus, Address sum, Address y, const NormShape &shape,
                  const NormParameters &parameters, Address mean, Address variance, const Running &running) {
    const auto [momentum, running_mean, running_variance, batches] = running;
    Norm norm = norm_of(shape, parameters);
    norm.momentum = momentum;
    norm.running_mean = at<float>(running_mean);
    norm.running_variance = at<float>(running_variance);
    norm.batches = at<int64_t>(batches);
    with_layers(bf16, [&]<class T>(const Layers<T> &layers, T) {
        layers.norm_forward(norm, at<T>(x), at<T>(plus), at<T>(sum), at<T>(y), at<float>(mean), at<float>(variance));
    });
}

void norm_backward(bool bf16, const UpstreamParts &upstream, Address x, Address plus, Address dx, const NormShape &shape,
                   const NormParameters &parameters, Address mean, Address variance, Address d_weight, Address d_bias,
                   Address d_slope) {
    const Norm norm = norm_of(shape, parameters);
    with_layers(bf16, [&]<class T>(const Layers<T> &layers, T) {
        layers.norm_backward(norm, upstream_of<T>(upstream, norm), at<T>(x), at<T>(plus), at<T>(dx), at<float>(mean),
                             at<float>(variance), at<float>(d_weight), at<float>(d_bias), at<float>(d_slope));
    });
}

Response response_of(int64_t rows, int64_t channels, int64_t size, float alpha) {
    if (size < 1 || size % 2 == 0) throw std::invalid_argument("size: expected an odd number of channels");
    return {rows, channels, size, alpha};
}

void response_forward(bool bf16, Address x, Address y, int64_t rows, int64_t channels, int64_t size, float alpha) {
    const Response response = response_of(rows, channels, size, alpha);
    with_layers(bf16, [&]<class T>(const Layers<T> &layers, T) {
        layers.response_forward(response, at<T>(x), at<T>(y));
    });
}

void response_backward(bool bf16, Address dy, Address x, Address dx, int64_t rows, int64_t channels, int64_t size,
                       float alpha) {
    const Response response = response_of(rows, channels, size, alpha);
    with_layers(bf16, [&]<class T>(const Layers<T> &layers, T) {
        layers.response_backward(response, at<T>(dy), at<T>(x), at<T>(dx));
    });
}

// images, height, width, channels, kernel down and across, stride, padding
using WindowsShape = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t>;

Windows windows_of(const WindowsShape &shape) {
    const auto [images, height, width, channels, down, across, stride, padding] = shape;
    const Windows windows{images, height, width, channels, down, across, stride, padding};
    const bool places = down > 0 && across > 0 && down * across <= 256 && stride > 0;
    const bool touching = padding >= 0 && padding < down && padding < across;  // no window lies in the padding alone
    if (!places || !touching || windows.out_height() < 1 || windows.out_width() < 1)
        throw std::invalid_argument("windows: expected some of at most 256 pixels that touch the maps");
    return windows;
}

void max_forward(bool bf16, Address x, Address y, Address where, const WindowsShape &shape) {
    const Windows windows = windows_of(shape);
    with_layers(bf16, [&]<class T>(const Layers<T> &layers, T) {
        layers.max_forward(windows, at<T>(x), at<T>(y), at<uint8_t>(where));
    });
}

void max_backward(bool bf16, Address dy, Address where, Address dx, const WindowsShape &shape) {
    const Windows windows = windows_of(shape);
    with_layers(bf16, [&]<class T>(const Layers<T> &layers, T) {
        layers.max_backward(windows, at<T>(dy), at<uint8_t>(where), at<T>(dx));
    });
}

void rms_forward(bool bf16, Address x, Address y, const WindowsShape &shape) {
    const Windows windows = windows_of(shape);
    with_layers(bf16,
                [&]<class T>(const Layers<T> &layers, T) { layers.rms_forward(windows, at<T>(x), at<T>(y)); });
}

void rms_backward(bool bf16, Address dy, Address x, Address y, Address dx, const WindowsShape &shape) {
    const Windows windows = windows_of(shape);
    with_layers(bf16, [&]<class T>(const Layers<T> &layers, T) {
        layers.rms_backward(windows, at<T>(dy), at<T>(x), at<T>(y), at<T>(dx));
    });
}

}  // namespace
}  // namespace fw

void bind_layers(nb::module_ &m) {
    using namespace nb::literals;
    m.def("norm_forward", &fw::norm_forward, "bf16"_a, "x"_a, "plus"_a, "sum"_a, "y"_a, "shape"_a, "parameters"_a, "mean"_a,
          "variance"_a, "running"_a,
          "Normalise each channel of x over all rows into y and activate it; fills mean and (biased) variance and moves the "
          "running ones. With `plus`, the same of sum = x + plus. Arrays are addresses, 0 for none; maps are float32, or "
          "bfloat16 if `bf16`, all else is float32. shape: rows, channels, activation (0: none, 1: ReLU, 2: PReLU), eps; "
          "parameters: weight, bias, slope; running: momentum, mean, variance, number of batches (int64).");
    m.def("norm_backward", &fw::norm_backward, "bf16"_a, "upstream"_a, "x"_a, "plus"_a, "dx"_a, "shape"_a,
          "parameters"_a, "mean"_a, "variance"_a, "d_weight"_a, "d_bias"_a, "d_slope"_a,
          "Gradients of norm_forward from that of y: fills dx (with `plus`, the gradient of the sum, on top), d_weight, "
          "d_bias and, for PReLU, d_slope. upstream: the gradient of y, numbers from one row of it to the next, a gradient of "
          "y's pixels in even rows and columns that comes on top, height and width of y's maps.");
    m.def("response_forward", &fw::response_forward, "bf16"_a, "x"_a, "y"_a, "rows"_a, "channels"_a, "size"_a, "alpha"_a,
          "y = x / (1 + alpha / size * sum of squares over `size` channels) ^ 0.75.");
    m.def("response_backward", &fw::response_backward, "bf16"_a, "dy"_a, "x"_a, "dx"_a, "rows"_a, "channels"_a, "size"_a,
          "alpha"_a, "Gradient of response_forward: fills dx.");
    m.def("max_forward", &fw::max_forward, "bf16"_a, "x"_a, "y"_a, "where"_a, "windows"_a,
          "The largest number of each window, and where in the window (uint8). windows: images, height, width, channels, "
          "kernel down, kernel across, stride, padding.");
    m.def("max_backward", &fw::max_backward, "bf16"_a, "dy"_a, "where"_a, "dx"_a, "windows"_a,
          "Gradient of max_forward: fills dx.");
    m.def("rms_forward", &fw::rms_forward, "bf16"_a, "x"_a, "y"_a, "windows"_a, "The root mean square of each window.");
    m.def("rms_backward", &fw::rms_backward, "bf16"_a, "dy"_a, "x"_a, "y"_a, "dx"_a, "windows"_a,
          "Gradient of rms_forward: fills dx.");
}
