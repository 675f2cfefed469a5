// What a camera does to light: lens blur, exposure, white balance, sensor noise.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "maths.hpp"
#include "philox.hpp"
#include "render_srgb.hpp"

namespace nb = nanobind;

namespace {

// One picture's settings, as in scenes/photo.py.
struct Settings {
    float exposure_ev, red, blue, noise, blur_px;
};
constexpr size_t kColumns = 5;

constexpr float kMiddleGrey = 0.2140411f;    // linear, of code 128 or so
constexpr float kSlope = 255.0f * 1.0805f;   // codes per linear unit there
constexpr float kBytesStd = 147.8f;          // of the sum of four random bytes
constexpr float kBytesMean = 510.0f;

using Plane = std::vector<float>;  // size x size x 3, linear

std::vector<float> gaussian(float sigma) {
    const int reach = static_cast<int>(std::ceil(3.0f * sigma));
    std::vector<double> half;
    double sum = 0;
    for (int i = 0; i <= reach; ++i) {
        half.push_back(fw::exponential(-0.5 * i * i / (double(sigma) * sigma)));
        sum += (i ? 2 : 1) * half.back();
    }
    std::vector<float> out(2 * reach + 1);
    for (int i = -reach; i <= reach; ++i) out[i + reach] = static_cast<float>(half[std::abs(i)] / sum);
    return out;
}

// Along rows (step 3) or columns (step 3 * width); the border is repeated.
void convolve(const Plane &in, Plane &out, int lines, int length, int line_step, int step, const std::vector<float> &kernel) {
    const int reach = static_cast<int>(kernel.size()) / 2;
    for (int j = 0; j < lines; ++j)
        for (int i = 0; i < length; ++i)
            for (int c = 0; c < 3; ++c) {
                float sum = 0;
                for (int k = -reach; k <= reach; ++k)
                    sum += kernel[k + reach] * in[j * line_step + std::clamp(i + k, 0, length - 1) * step + c];
                out[j * line_step + i * step + c] = sum;
            }
}

void blur(Plane &plane, int height, int width, float sigma) {
    if (!(sigma > 0.05f)) return;
    const std::vector<float> kernel = gaussian(sigma);
    Plane rows(plane.size());
    convolve(plane, rows, height, width, 3 * width, 3, kernel);
    convolve(rows, plane, width, height, 3, 3 * width, kernel);
}

// About normal, mean 0 and deviation 1, from a random word.
float bell(uint32_t word) {
    const uint32_t sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
    return (static_cast<float>(sum) - kBytesMean) / kBytesStd;
}

void develop(const uint8_t *in, uint8_t *out, int height, int width, const Settings &settings, const uint32_t *words) {
    const size_t size = static_cast<size_t>(height) * width * 3;
    Plane plane(size);
    for (size_t i = 0; i < size; ++i) plane[i] = fw::kSrgb.linear[in[i]];
    blur(plane, height, width, settings.blur_px);
    const float gain = static_cast<float>(fw::exponential(settings.exposure_ev * 0.69314718055994530942));
    const std::array<float, 3> balance{gain * settings.red, gain, gain * settings.blue};
    const float deviation = settings.noise / kSlope;
    const uint64_t key = uint64_t{words[1]} << 32 | words[0];
    for (size_t i = 0; i < size; i += 4) {
        fw::Words drawn{};
        if (deviation > 0) drawn = fw::philox({static_cast<uint32_t>(i / 4), words[2], words[3], 0}, key);
        for (size_t k = i; k < std::min(i + 4, size); ++k) {
            float light = plane[k] * balance[k % 3];
            // Of the noise at middle grey a third is there in the dark; the rest grows with the root of the light.
            if (deviation > 0)
                light += deviation * (0.33f + 0.67f * std::sqrt(light * (1.0f / kMiddleGrey))) * bell(drawn[k - i]);
            out[k] = fw::srgb_code(std::clamp(light, 0.0f, 1.0f));
        }
    }
}

using Images = nb::ndarray<const uint8_t, nb::ndim<4>, nb::c_contig, nb::device::cpu>;

nb::ndarray<nb::numpy, uint8_t, nb::ndim<4>> develop_all(
    const Images &images, const nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu> &settings,
    const nb::ndarray<const uint32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu> &words) {
    const size_t n = images.shape(0), height = images.shape(1), width = images.shape(2);
    if (images.shape(3) != 3 || settings.shape(0) != n || settings.shape(1) != kColumns || words.shape(0) != n ||
        words.shape(1) != 4)
        throw std::invalid_argument("develop: expected (n, H, W, 3) images, (n, 5) settings and (n, 4) words");
    uint8_t *out = new uint8_t[images.size()];
    nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<uint8_t *>(p); });
    {
        nb::gil_scoped_release release;
        const size_t bytes = height * width * 3;
        for (size_t i = 0; i < n; ++i) {
            const float *s = settings.data() + i * kColumns;
            develop(images.data() + i * bytes, out + i * bytes, int(height), int(width), {s[0], s[1], s[2], s[3], s[4]},
                    words.data() + i * 4);
        }
    }
    return nb::ndarray<nb::numpy, uint8_t, nb::ndim<4>>(out, {n, height, width, 3}, owner);
}

}  // namespace

void bind_photo(nb::module_ &m) {
    m.def("develop", &develop_all, nb::arg("images"), nb::arg("settings"), nb::arg("words"),
          "(n, H, W, 3) uint8 sRGB after lens blur, exposure, white balance and noise; settings: (n, 5) exposure in stops, "
          "factors of red and blue, noise in codes at middle grey, blur in px.");
}
