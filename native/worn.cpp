// Small geometry that fitting things worn is made of, where the overhead of array operations would be most of the time.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <tuple>

namespace nb = nanobind;

namespace {

template <class T>
using In1 = nb::ndarray<const T, nb::ndim<1>, nb::c_contig>;
template <class T>
using In2 = nb::ndarray<const T, nb::ndim<2>, nb::c_contig>;
using Out1 = nb::ndarray<nb::numpy, double, nb::ndim<1>>;
using Out2 = nb::ndarray<nb::numpy, double, nb::ndim<2>>;

template <class Array, class... Sizes>
Array allocate(double *&data, size_t count, Sizes... shape) {
    data = new double[std::max<size_t>(count, 1)];
    nb::capsule owner(data, [](void *p) noexcept { delete[] static_cast<double *>(p); });
    return Array(data, {shape...}, owner);
}

void require(bool ok, const char *message) {
    if (!ok) throw std::invalid_argument(message);
}

// offset + sum of weights times the vertices of each corner.
Out2 places_on(In2<float> vertices, In2<int32_t> corners, In2<double> weights, In2<double> offsets) {
    const size_t n = corners.shape(0);
    require(vertices.shape(1) == 3 && corners.shape(1) == 3, "places_on: expected rows of three");
    require(weights.shape(0) == n && weights.shape(1) == 3 && offsets.shape(0) == n && offsets.shape(1) == 3,
            "places_on: every place needs three weights and an offset");
    const auto count = static_cast<int64_t>(vertices.shape(0));
    double *out;
    Out2 places = allocate<Out2>(out, 3 * n, n, size_t{3});
    for (size_t i = 0; i < n; ++i) {
        const int32_t *corner = corners.data() + 3 * i;
        const double *weight = weights.data() + 3 * i;
        for (int k = 0; k < 3; ++k) require(corner[k] >= 0 && corner[k] < count, "places_on: a corner is no vertex");
        for (size_t axis = 0; axis < 3; ++axis) {
            double sum = offsets.data()[3 * i + axis];
            for (int k = 0; k < 3; ++k) sum += static_cast<double>(vertices.data()[3 * size_t(corner[k]) + axis]) * weight[k];
            out[3 * i + axis] = sum;
        }
    }
    return places;
}

// For each (a, b), the most that sign * (value - origin) is among points within a radius in the other two axes.
Out1 most_within(In2<double> points, size_t axis, In1<double> at_a, In1<double> at_b, double radius, double origin, double sign,
                 double otherwise) {
    require(points.shape(1) == 3 && axis < 3 && at_a.shape(0) == at_b.shape(0), "most_within: expected points (m, 3) and places (n,)");
    const size_t n = at_a.shape(0), first = axis == 0 ? 1 : 0, second = axis == 2 ? 1 : 2;
    double *out;
    Out1 most = allocate<Out1>(out, n, n);
    for (size_t i = 0; i < n; ++i) {
        out[i] = otherwise;
        for (size_t k = 0; k < points.shape(0); ++k) {
            const double *p = points.data() + 3 * k;
            const double across = p[first] - at_a.data()[i], up = p[second] - at_b.data()[i];
            if (across * across + up * up <= radius * radius) out[i] = std::max(out[i], sign * (p[axis] - origin));
        }
    }
    return most;
}

// Values of a grid between its points; rows are clamped, columns go round.
Out1 between(In2<double> grid, In1<double> rows, In1<double> columns) {
    const size_t n = rows.shape(0), height = grid.shape(0), width = grid.shape(1);
    require(columns.shape(0) == n && height >= 2 && width >= 1, "between: expected a grid and as many rows as columns");
    double *out;
    Out1 values = allocate<Out1>(out, n, n);
    for (size_t i = 0; i < n; ++i) {
        const double row = std::clamp(rows.data()[i], 0.0, static_cast<double>(height) - 1.001), column = columns.data()[i];
        require(column >= 0.0 && column < 1e9, "between: found a column below 0 or not finite");
        const auto low = static_cast<size_t>(row), whole = static_cast<size_t>(column);
        const double down = row - static_cast<double>(low), right = column - static_cast<double>(whole);
        const size_t left = whole % width, beside = (left + 1) % width;
        const double *top = grid.data() + low * width, *bottom = top + width;
        const double above = top[left] * (1 - right) + top[beside] * right;
        out[i] = above * (1 - down) + (bottom[left] * (1 - right) + bottom[beside] * right) * down;
    }
    return values;
}

struct Vector {
    double x, y, z;
};

Vector read(const double *p) { return {p[0], p[1], p[2]}; }
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vector cross(Vector a, Vector b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
Vector unit(Vector v) {
    const double length = std::sqrt(v.x * v.x + v.y * v.y + v.z * v.z);
    return length > 1e-9 ? Vector{v.x / length, v.y / length, v.z / length} : Vector{0, 1, 0};
}

// A profile (a, b and its normal) along a path: vertices and normals (n * m, 3).
std::tuple<Out2, Out2> sweep(In2<double> path, In2<double> up, In2<double> profile, In1<double> thickness, bool closed) {
    const size_t n = path.shape(0), m = profile.shape(0);
    require(n >= 2 && path.shape(1) == 3 && up.shape(0) == n && up.shape(1) == 3 && profile.shape(1) == 4 && thickness.shape(0) == n,
            "sweep: expected a path and ups (n, 3), a profile (m, 4) and thicknesses (n,)");
    double *place, *normal;
    Out2 vertices = allocate<Out2>(place, 3 * n * m, n * m, size_t{3}), normals = allocate<Out2>(normal, 3 * n * m, n * m, size_t{3});
    for (size_t i = 0; i < n; ++i) {
        const size_t before = i > 0 ? i - 1 : closed ? n - 1 : 0, after = i + 1 < n ? i + 1 : closed ? 0 : n - 1;
        const Vector along = unit(read(path.data() + 3 * after) - read(path.data() + 3 * before)), here = read(path.data() + 3 * i);
        const Vector first = unit(cross(read(up.data() + 3 * i), along)), second = cross(along, first);
        const double grown = thickness.data()[i];
        for (size_t j = 0; j < m; ++j) {
            const double *p = profile.data() + 4 * j;
            const Vector q{p[0] * first.x + p[1] * second.x, p[0] * first.y + p[1] * second.y, p[0] * first.z + p[1] * second.z};
            *place++ = here.x + q.x * grown;
            *place++ = here.y + q.y * grown;
            *place++ = here.z + q.z * grown;
            *normal++ = p[2] * first.x + p[3] * second.x;
            *normal++ = p[2] * first.y + p[3] * second.y;
            *normal++ = p[2] * first.z + p[3] * second.z;
        }
    }
    return {vertices, normals};
}

}  // namespace

void bind_worn(nb::module_ &m) {
    m.def("places_on", &places_on, nb::arg("vertices"), nb::arg("corners"), nb::arg("weights"), nb::arg("offsets"),
          "(n, 3): offsets plus weights (n, 3) times the vertices (V, 3) of each row of corners (n, 3).");
    m.def("most_within", &most_within, nb::arg("points"), nb::arg("axis"), nb::arg("at_a"), nb::arg("at_b"), nb::arg("radius"),
          nb::arg("origin"), nb::arg("sign"), nb::arg("otherwise"),
          "(n,): the most that sign * (value - origin) along an axis is among the points (m, 3) that lie within a radius of\n"
          "each (a, b) in the other two axes; `otherwise` if it is less or there are none.");
    m.def("between", &between, nb::arg("grid"), nb::arg("rows"), nb::arg("columns"),
          "(n,): values of a grid (R, C) between its points; rows are clamped, columns go round.");
    m.def("sweep", &sweep, nb::arg("path"), nb::arg("up"), nb::arg("profile"), nb::arg("thickness"), nb::arg("closed"),
          "Vertices and normals (n * m, 3) of a profile (m, 4) along a path (n, 3), its second axis towards up (n, 3).");
}
