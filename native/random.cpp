// Keyed random streams: every draw is a pure function of (seed, person, factor, sample, position).
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "maths.hpp"
#include "philox.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using Matrix = nb::ndarray<nb::numpy, T, nb::ndim<2>, nb::c_contig>;

// Rows first .. first+rows of a factor's stream, `columns` draws each, every draw passed through `convert`.
template <class T, class Convert>
Matrix<T> draw(uint64_t seed, uint32_t person, uint32_t factor, uint32_t first, size_t rows, size_t columns,
               Convert convert) {
    T *out = new T[rows * columns];
    nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<T *>(p); });
    for (size_t row = 0; row < rows; ++row)
        for (size_t block = 0; block * 4 < columns; ++block) {
            const fw::Words words = fw::philox(
                {static_cast<uint32_t>(block), first + static_cast<uint32_t>(row), person, factor}, seed);
            for (size_t i = 0; i < 4 && block * 4 + i < columns; ++i)
                out[row * columns + block * 4 + i] = convert(words[i]);
        }
    return Matrix<T>(out, {rows, columns}, owner);
}

nb::ndarray<nb::numpy, double, nb::ndim<1>> normal_cdf(nb::ndarray<const double, nb::ndim<1>, nb::c_contig> x) {
    const size_t n = x.shape(0);
    double *out = new double[n];
    nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<double *>(p); });
    for (size_t i = 0; i < n; ++i) out[i] = fw::normal_cdf(x.data()[i]);
    return nb::ndarray<nb::numpy, double, nb::ndim<1>>(out, {n}, owner);
}

}  // namespace

void bind_random(nb::module_ &m) {
    m.def(
        "random_words",
        [](uint64_t seed, uint32_t person, uint32_t factor, uint32_t first, size_t rows, size_t columns) {
            return draw<uint32_t>(seed, person, factor, first, rows, columns, [](uint32_t word) { return word; });
        },
        nb::arg("seed"), nb::arg("person"), nb::arg("factor"), nb::arg("first"), nb::arg("rows"), nb::arg("columns"),
        "(rows, columns) uint32: Philox4x32-10 words with counter (block, first + row, person, factor).");
    m.def(
        "random_uniform",
        [](uint64_t seed, uint32_t person, uint32_t factor, uint32_t first, size_t rows, size_t columns) {
            return draw<double>(seed, person, factor, first, rows, columns, fw::unit_interval);
        },
        nb::arg("seed"), nb::arg("person"), nb::arg("factor"), nb::arg("first"), nb::arg("rows"), nb::arg("columns"),
        "(rows, columns) float64 in the open interval (0, 1).");
    m.def(
        "random_normal",
        [](uint64_t seed, uint32_t person, uint32_t factor, uint32_t first, size_t rows, size_t columns) {
            return draw<double>(seed, person, factor, first, rows, columns,
                                [](uint32_t word) { return fw::normal_quantile(fw::unit_interval(word)); });
        },
        nb::arg("seed"), nb::arg("person"), nb::arg("factor"), nb::arg("first"), nb::arg("rows"), nb::arg("columns"),
        "(rows, columns) float64 standard normal, by inverse distribution function.");
    m.def("normal_cdf", &normal_cdf, nb::arg("x"),
          "(n,) float64 in (0, 1): standard normal distribution function, the inverse of normal_quantile.");
}
