// Shapes of heads from their coefficients. Going through the directions is all the work there is, so they are kept in 16-bit steps
// and in the order in which they are gone through.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "huge_pages.hpp"
#include "row_clones.hpp"
#include "simd.hpp"

namespace nb = nanobind;

namespace {

using Numbers = fw::Floats<16>;
using Words = fw::Ints<16>;

// A block's numbers, so many that their sums stay in registers while all directions are added. Two make a word: number i is the
// lower half of word i and number i + kWords the upper half, so that taking them apart is one operation for each vector.
constexpr size_t kBlock = 64, kWords = kBlock / 2, kLanes = 16;
constexpr int32_t kUpper = -65536;
constexpr float kLargest = 32767.0f, kHalfWord = 65536.0f;
constexpr size_t kAhead = 16 * kWords;  // words fetched before they are needed

// out += sum_k weights[k] * direction k, where a weight is for steps times kHalfWord.
FW_ROW_CLONES
void add_directions(const int32_t *words, const float *weights, size_t count, float *out) {
    Numbers sums[kBlock / kLanes];
    for (size_t i = 0; i < kBlock / kLanes; ++i) sums[i] = fw::load<Numbers>(out + kLanes * i);
    for (size_t k = 0; k < count; ++k, words += kWords) {
        for (size_t i = 0; i < kWords; i += kLanes) {
            __builtin_prefetch(words + kAhead + i);
            const Words both = fw::load<Words>(words + i);
            sums[i / kLanes] += weights[k] * __builtin_convertvector(both << 16, Numbers);
            sums[(i + kWords) / kLanes] += weights[k] * __builtin_convertvector(both & kUpper, Numbers);
        }
    }
    for (size_t i = 0; i < kBlock / kLanes; ++i) fw::store(out + kLanes * i, sums[i]);
}

class ShapeSpace {
  public:
    using Mean = nb::ndarray<const float, nb::ndim<2>, nb::c_contig>;
    using Basis = nb::ndarray<const float, nb::ndim<3>, nb::c_contig>;
    using Weights = nb::ndarray<const float, nb::ndim<1>, nb::c_contig>;
    using Vertices = nb::ndarray<nb::numpy, float, nb::ndim<2>>;

    ShapeSpace(Mean mean, Basis basis) : vertices_(mean.shape(0)), directions_(basis.shape(0)) {
        if (mean.shape(1) != 3 || basis.shape(1) != vertices_ || basis.shape(2) != 3)
            throw std::invalid_argument("ShapeSpace: expected a mean (V, 3) and a basis (K, V, 3)");
        const size_t numbers = 3 * vertices_, blocks = (numbers + kBlock - 1) / kBlock;
        mean_.assign(mean.data(), mean.data() + numbers);
        mean_.resize(blocks * kBlock);
        words_.resize(blocks * directions_ * kWords + kAhead + kWords);
        for (size_t k = 0; k < directions_; ++k) add(k, basis.data() + k * numbers, numbers);
    }

    Vertices shape(Weights weights) const {
        if (weights.shape(0) != directions_) throw std::invalid_argument("shape: expected a weight for each direction");
        float *out = new float[mean_.size()];
        nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<float *>(p); });
        {
            nb::gil_scoped_release release;
            std::vector<float> of_words(directions_);
            for (size_t k = 0; k < directions_; ++k) of_words[k] = weights.data()[k] * step_[k] * (1.0f / kHalfWord);
            std::copy(mean_.begin(), mean_.end(), out);
            for (size_t first = 0; first < mean_.size(); first += kBlock)
                add_directions(words_.data() + first / kBlock * directions_ * kWords, of_words.data(), directions_, out + first);
        }
        return Vertices(out, {vertices_, size_t{3}}, owner);
    }

  private:
    // The largest number takes all bits.
    void add(size_t k, const float *values, size_t numbers) {
        float largest = 0.0f;
        for (size_t i = 0; i < numbers; ++i) largest = std::max(largest, std::fabs(values[i]));
        step_.push_back(std::max(largest / kLargest, 1e-12f));
        for (size_t i = 0; i < numbers; ++i) {
            const auto steps = static_cast<int32_t>(std::floor(values[i] / step_[k] + 0.5f));
            const size_t block = i / kBlock, place = i % kBlock;
            const uint32_t half = static_cast<uint16_t>(steps);
            words_[(block * directions_ + k) * kWords + place % kWords] |= static_cast<int32_t>(place < kWords ? half : half << 16);
        }
    }

    size_t vertices_, directions_;
    std::vector<float> mean_, step_;
    fw::HugeVector<int32_t> words_;
};

}  // namespace

void bind_shape(nb::module_ &m) {
    nb::class_<ShapeSpace>(m, "ShapeSpace", "A mean and directions, in steps of 1 / 32767 of each direction's largest number.")
        .def(nb::init<ShapeSpace::Mean, ShapeSpace::Basis>(), nb::arg("mean"), nb::arg("basis"),
             "mean (V, 3) and basis (K, V, 3) in mm are copied.")
        .def("shape", &ShapeSpace::shape, nb::arg("weights"),
             "(V, 3) float32: mean + sum_k weights[k] * basis[k], added in the order of k.");
}
