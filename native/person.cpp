// What building a person needs: linear combinations in a fixed order, conditions on coefficients, noise over the head.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "maths.hpp"
#include "noise.hpp"
#include "row_clones.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using In1 = nb::ndarray<const T, nb::ndim<1>, nb::c_contig>;
template <class T>
using In2 = nb::ndarray<const T, nb::ndim<2>, nb::c_contig>;
template <class T>
using In3 = nb::ndarray<const T, nb::ndim<3>, nb::c_contig>;
using Out2F = nb::ndarray<nb::numpy, float, nb::ndim<2>, nb::c_contig>;

template <class T>
nb::capsule own(T *data) {
    return nb::capsule(data, [](void *p) noexcept { delete[] static_cast<T *>(p); });
}

FW_ROW_CLONES
void add_scaled(float weight, const float *source, size_t count, float *out) {
    for (size_t i = 0; i < count; ++i) out[i] += weight * source[i];
}

// mean + sum_k weights[k] * basis[k], added in the order of k.
Out2F combine(In2<float> mean, In3<float> basis, In1<float> weights) {
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
                add_scaled(weight[k], direction + k * n + begin, end - begin, out + begin);
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

double inner(const double *a, const double *b, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; ++i) sum += a[i] * b[i];
    return sum;
}

// A small positive definite system by Gaussian elimination; both sides are used up, `right` becomes the solution.
void solve(std::vector<double> &matrix, std::vector<double> &right) {
    const size_t n = right.size();
    for (size_t i = 0; i < n; ++i)
        for (size_t j = i + 1; j < n; ++j) {
            const double factor = matrix[j * n + i] / matrix[i * n + i];
            for (size_t k = i; k < n; ++k) matrix[j * n + k] -= factor * matrix[i * n + k];
            right[j] -= factor * right[i];
        }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; ++k) right[i] -= matrix[i * n + k] * right[k];
        right[i] /= matrix[i * n + i];
    }
}

nb::ndarray<nb::numpy, double, nb::ndim<1>> conditioned(In1<double> coefficients, In2<double> rows, In1<double> wanted, double limit,
                                                        uint32_t rounds) {
    const size_t count = coefficients.shape(0), conditions = rows.shape(0), carriers = rows.shape(1);
    if (wanted.shape(0) != conditions || carriers > count)
        throw std::invalid_argument("conditioned: expected rows (conditions, at most coefficients)");
    double *out = new double[count];
    nb::capsule owner = own(out);
    std::copy(coefficients.data(), coefficients.data() + count, out);
    const auto row = [&](size_t i) { return rows.data() + i * carriers; };
    std::vector<double> gram(conditions * conditions);
    for (size_t i = 0; i < conditions; ++i)
        for (size_t j = 0; j < conditions; ++j) gram[i * conditions + j] = inner(row(i), row(j), carriers);
    for (uint32_t round = 0; round < rounds; ++round) {
        std::vector<double> matrix = gram, steps(conditions);
        for (size_t i = 0; i < conditions; ++i) steps[i] = wanted.data()[i] - inner(row(i), out, carriers);
        solve(matrix, steps);
        for (size_t i = 0; i < conditions; ++i)
            for (size_t k = 0; k < carriers; ++k) out[k] += steps[i] * row(i)[k];
        for (size_t k = 0; k < carriers; ++k) out[k] = std::clamp(out[k], -limit, limit);
    }
    return nb::ndarray<nb::numpy, double, nb::ndim<1>>(out, {count}, owner);
}

nb::ndarray<nb::numpy, double, nb::ndim<2>> depths(In2<float> vertices, In1<int32_t> points, In2<int32_t> before, In3<double> normals) {
    const size_t count = points.shape(0), planes = before.shape(0);
    if (vertices.shape(1) != 3 || before.shape(1) != count || normals.shape(0) != 3 || normals.shape(1) != planes ||
        normals.shape(2) != count)
        throw std::invalid_argument("depths: expected vertices (V, 3), points (n,), before (k, n) and normals (3, k, n)");
    const auto known = [&](int32_t v) { return v >= 0 && static_cast<size_t>(v) < vertices.shape(0); };
    if (!std::all_of(points.data(), points.data() + count, known) || !std::all_of(before.data(), before.data() + before.size(), known))
        throw std::invalid_argument("depths: a point is no vertex");
    double *out = new double[planes * count];
    nb::capsule owner = own(out);
    for (size_t i = 0; i < planes * count; ++i) {
        const float *near = vertices.data() + 3 * before.data()[i], *far = vertices.data() + 3 * points.data()[i % count];
        double depth = 0.0;
        for (size_t axis = 0; axis < 3; ++axis)
            depth += (static_cast<double>(near[axis]) - static_cast<double>(far[axis])) * normals.data()[axis * planes * count + i];
        out[i] = depth;
    }
    return nb::ndarray<nb::numpy, double, nb::ndim<2>>(out, {planes, count}, owner);
}

}  // namespace

void bind_person(nb::module_ &m) {
    m.def("combine", &combine, nb::arg("mean"), nb::arg("basis"), nb::arg("weights"),
          "(rows, columns) float32: mean + sum_k weights[k] * basis[k], added in the order of k.");
    m.def("conditioned", &conditioned, nb::arg("coefficients"), nb::arg("rows"), nb::arg("wanted"), nb::arg("limit"), nb::arg("rounds"),
          "(K,) float64: z + D^T (D D^T)^-1 (wanted - D z), the nearest point where D z is as wanted, with the rows D (n, C) over\n"
          "the first C of the coefficients z; then these to -limit .. limit, and both again, `rounds` times.");
    m.def("depths", &depths, nb::arg("vertices"), nb::arg("points"), nb::arg("before"), nb::arg("normals"),
          "(k, n) float64: how far each of n points is behind k planes, each through the vertex `before` (k, n) with a normal (3, k, n).");
    m.def("noise_at", &noise_at, nb::arg("points"), nb::arg("seed"),
          "(n,) float32 in [-1, 1]: value noise at points (n, 3), features about one unit across.");
    m.def("normal_quantile", &quantiles, nb::arg("p"), "(n,) float64: inverse standard normal distribution function.");
    m.def("sincos_deg", &sines_cosines, nb::arg("degrees"), "(n, 2) float64: sine and cosine.");
}
