// Environment maps to spherical harmonics and a key light.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "maths.hpp"

namespace nb = nanobind;

namespace {

using Direction = std::array<double, 3>;
using Rgb = std::array<double, 3>;

// A map is averaged to at most so many cells before anything else.
constexpr int kColumns = 256, kRows = 128;
constexpr double kConeCosine = 0.93969262078590838;   // 20 degrees: what belongs to the key light
constexpr double kAroundCosine = 0.81915204428899178;  // 35 degrees: what it stands out from

// Part of an environment: where it is, how large, how bright.
struct Cell {
    Direction towards;
    double solid_angle;
    Rgb radiance;
};

double dot(const Direction &a, const Direction &b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double luminance(const Rgb &c) { return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; }

// The face looks at the middle of the map, along +z; what is right of the middle is on the image's left, -x.
std::vector<Cell> read_cells(const float *map, int height, int width) {
    const int rows = std::min(kRows, height), columns = std::min(kColumns, width);
    std::vector<Cell> cells;
    for (int i = 0; i < rows; ++i) {
        const int top = int(int64_t(i) * height / rows), bottom = int(int64_t(i + 1) * height / rows);
        const auto [s0, c0] = fw::sincos_deg(180.0 * top / height);
        const auto [s1, c1] = fw::sincos_deg(180.0 * bottom / height);
        const auto [sp, cp] = fw::sincos_deg(90.0 * (top + bottom) / height);
        for (int j = 0; j < columns; ++j) {
            const int left = int(int64_t(j) * width / columns), right = int(int64_t(j + 1) * width / columns);
            Rgb sum{0, 0, 0};
            for (int y = top; y < bottom; ++y)
                for (int x = left; x < right; ++x)
                    for (int c = 0; c < 3; ++c) sum[c] += std::max(0.0f, map[(size_t(y) * width + x) * 3 + c]);
            const double count = double(bottom - top) * (right - left);
            const auto [sa, ca] = fw::sincos_deg(180.0 * (left + right) / width - 180.0);
            cells.push_back({{-sa * sp, cp, ca * sp},
                             2 * fw::kPi * (c0 - c1) * (right - left) / width,
                             {sum[0] / count, sum[1] / count, sum[2] / count}});
        }
    }
    return cells;
}

double light_within_cone(const std::vector<Cell> &cells, const Direction &axis) {
    double sum = 0;
    for (const Cell &cell : cells)
        if (dot(cell.towards, axis) >= kConeCosine) sum += luminance(cell.radiance) * cell.solid_angle;
    return sum;
}

// The axis of the brightest cone, among directions about 6 degrees apart.
Direction brightest(const std::vector<Cell> &cells) {
    Direction best{0, 1, 0};
    double most = -1;
    for (int i = 0; i < 30; ++i) {
        const auto [sp, cp] = fw::sincos_deg(6.0 * i + 3);
        const int around = std::max(1, int(60 * sp));
        for (int j = 0; j < around; ++j) {
            const auto [sa, ca] = fw::sincos_deg(360.0 * j / around);
            const Direction axis{sa * sp, cp, ca * sp};
            const double sum = light_within_cone(cells, axis);
            if (sum > most) most = sum, best = axis;
        }
    }
    return best;
}

struct Key {
    Direction towards{0, 0, 1};
    Rgb irradiance{0, 0, 0};
};

// Takes out of the brightest cone what is brighter than its surroundings.
Key extract_key(std::vector<Cell> &cells) {
    const Direction axis = brightest(cells);
    Rgb around{0, 0, 0};
    double area = 0;
    for (const Cell &cell : cells) {
        const double cosine = dot(cell.towards, axis);
        if (cosine >= kConeCosine || cosine < kAroundCosine) continue;
        for (int c = 0; c < 3; ++c) around[c] += cell.radiance[c] * cell.solid_angle;
        area += cell.solid_angle;
    }
    for (double &c : around) c /= std::max(area, 1e-12);
    Key key;
    Direction mean{0, 0, 0};
    for (Cell &cell : cells) {
        if (dot(cell.towards, axis) < kConeCosine || luminance(cell.radiance) <= luminance(around)) continue;
        for (int c = 0; c < 3; ++c) {
            const double excess = std::max(0.0, cell.radiance[c] - around[c]);
            key.irradiance[c] += excess * cell.solid_angle;
            cell.radiance[c] -= excess;
            for (int k = 0; k < 3; ++k) mean[k] += excess * cell.solid_angle * cell.towards[k];
        }
    }
    const double length = std::sqrt(dot(mean, mean));
    if (length > 0)
        for (int k = 0; k < 3; ++k) key.towards[k] = mean[k] / length;
    return key;
}

// Order 1; y, z, x; xy, yz, 3 z^2 - 1, zx, x^2 - y^2, as in scenes/scene.py.
std::array<double, 9> basis(const Direction &d) {
    constexpr double n0 = 0.28209479177387814, n1 = 0.48860251190291992, n2 = 1.0925484305920792, n20 = 0.31539156525252005,
                     n22 = 0.54627421529603959;
    const auto [x, y, z] = d;
    return {n0, n1 * y, n1 * z, n1 * x, n2 * x * y, n2 * y * z, n20 * (3 * z * z - 1), n2 * z * x, n22 * (x * x - y * y)};
}

// (11, 3): nine coefficients of what is left without the key light, its direction, its irradiance.
nb::ndarray<nb::numpy, double, nb::ndim<2>> project_environment(
    const nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu> &radiance) {
    const size_t height = radiance.shape(0), width = radiance.shape(1);
    if (radiance.shape(2) != 3 || height < 2 || width < 2 || height > 1 << 15 || width > 1 << 16)
        throw std::invalid_argument("environment: expected (H, W, 3) with sides of at least 2");
    double *out = new double[33]();
    nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<double *>(p); });
    {
        nb::gil_scoped_release release;
        std::vector<Cell> cells = read_cells(radiance.data(), int(height), int(width));
        const Key key = extract_key(cells);
        for (const Cell &cell : cells) {
            const std::array<double, 9> y = basis(cell.towards);
            for (int i = 0; i < 9; ++i)
                for (int c = 0; c < 3; ++c) out[i * 3 + c] += y[i] * cell.radiance[c] * cell.solid_angle;
        }
        std::copy(key.towards.begin(), key.towards.end(), out + 27);
        std::copy(key.irradiance.begin(), key.irradiance.end(), out + 30);
    }
    return nb::ndarray<nb::numpy, double, nb::ndim<2>>(out, {11, 3}, owner);
}

}  // namespace

void bind_environment(nb::module_ &m) {
    m.def("project_environment", &project_environment, nb::arg("radiance"),
          "(11, 3) float64 of an equirectangular map (H, W, 3): ambient coefficients, key direction, key irradiance.");
}
