// Shrinks part of an image by area, the same on every machine.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace nb = nanobind;

namespace {

// Output pixel i is the mean of the source from i to i + 1 times `step`; source pixels count by how much of them is inside.
// Where there are fewer source pixels than output ones, this is the nearest pixel with soft edges.
struct Span {
    int first;
    std::vector<float> weights;
};

std::vector<Span> spans(int start, int length, int outputs, int limit) {
    std::vector<Span> out(outputs);
    const double step = static_cast<double>(length) / outputs;
    for (int i = 0; i < outputs; ++i) {
        const double low = start + i * step, high = start + (i + 1) * step;
        Span &span = out[i];
        span.first = std::clamp(static_cast<int>(std::floor(low)), 0, limit - 1);
        for (int x = span.first; x < limit && x < high; ++x)
            span.weights.push_back(static_cast<float>((std::min(high, x + 1.0) - std::max(low, double(x))) / step));
    }
    return out;
}

using Image = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

nb::ndarray<nb::numpy, uint8_t, nb::ndim<3>> shrink(const Image &image, int left, int top, int width, int height, int columns,
                                                    int rows) {
    const int h = static_cast<int>(image.shape(0)), w = static_cast<int>(image.shape(1));
    if (image.shape(2) != 3 || left < 0 || top < 0 || width < 1 || height < 1 || left + width > w || top + height > h ||
        columns < 1 || rows < 1)
        throw std::invalid_argument("shrink: expected an (H, W, 3) image and a part of it");
    uint8_t *out = new uint8_t[static_cast<size_t>(columns) * rows * 3];
    nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<uint8_t *>(p); });
    {
        nb::gil_scoped_release release;
        const std::vector<Span> across = spans(left, width, columns, w), down = spans(top, height, rows, h);
        std::vector<float> line(static_cast<size_t>(w) * 3);
        for (int j = 0; j < rows; ++j) {
            std::fill(line.begin() + left * 3, line.begin() + (left + width) * 3, 0.0f);
            for (size_t k = 0; k < down[j].weights.size(); ++k) {
                const uint8_t *source = image.data() + static_cast<size_t>(down[j].first + k) * w * 3;
                for (int x = left * 3; x < (left + width) * 3; ++x) line[x] += down[j].weights[k] * source[x];
            }
            for (int i = 0; i < columns; ++i)
                for (int c = 0; c < 3; ++c) {
                    float sum = 0;
                    for (size_t k = 0; k < across[i].weights.size(); ++k)
                        sum += across[i].weights[k] * line[(across[i].first + k) * 3 + c];
                    out[(static_cast<size_t>(j) * columns + i) * 3 + c] =
                        static_cast<uint8_t>(std::clamp(sum + 0.5f, 0.0f, 255.0f));
                }
        }
    }
    return nb::ndarray<nb::numpy, uint8_t, nb::ndim<3>>(out, {static_cast<size_t>(rows), static_cast<size_t>(columns), 3}, owner);
}

}  // namespace

void bind_resize(nb::module_ &m) {
    m.def("shrink", &shrink, nb::arg("image"), nb::arg("left"), nb::arg("top"), nb::arg("width"), nb::arg("height"),
          nb::arg("columns"), nb::arg("rows"), "(rows, columns, 3) uint8: part of an (H, W, 3) image, averaged by area.");
}
