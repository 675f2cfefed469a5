// Cards of hair: strips of triangles along a path.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>

#include <initializer_list>
#include <tuple>
#include <vector>

#include "hair_field.hpp"
#include "maths.hpp"
#include "noise.hpp"

namespace fw::hair {

namespace nb = nanobind;

inline constexpr int kMostSegments = 12;
inline constexpr int kStrips = 8;  // across their part of the texture: three dense, one in shade, two loose, two wispy
inline constexpr float kStripsU = 0.4f;  // that part; the rest is the shell's

struct Path {
    Vec3 point[kMostSegments + 1], normal[kMostSegments + 1];
    int segments = 0;
};

struct Mesh {
    std::vector<float> vertices, normals, uv;
    std::vector<int32_t> triangles, anchors;
};

// How a path becomes a card.
struct Ribbon {
    float width, taper, twist_deg, first_v;
    int strip;
    int32_t anchor;
    bool mirrored;
    float roundness;  // how much the normals of its edges turn away from each other
};

// Numbers in [0, 1) that belong to a card.
struct Chance {
    uint32_t seed;
    int32_t card;
    float operator()(int32_t salt) const {
        return static_cast<float>(fw::lattice_hash(card, salt, 77, seed) >> 8) * (1.0f / 16777216.0f);
    }
    float around(int32_t salt) const { return 2.0f * (*this)(salt) - 1.0f; }
};

inline void append(const Path &path, const Ribbon &ribbon, Mesh &mesh) {
    const int32_t first = static_cast<int32_t>(mesh.anchors.size());
    const auto turn = fw::sincos_deg(ribbon.twist_deg);
    const float left_u = (static_cast<float>(ribbon.strip) + (ribbon.mirrored ? 0.97f : 0.03f)) * (kStripsU / kStrips);
    const float right_u = (static_cast<float>(ribbon.strip) + (ribbon.mirrored ? 0.03f : 0.97f)) * (kStripsU / kStrips);
    for (int k = 0; k <= path.segments; ++k) {
        const Vec3 along = path.point[std::min(k + 1, path.segments)] - path.point[std::max(k - 1, 0)];
        const Vec3 n = path.normal[k], flat = unit(cross(along, n));
        const Vec3 across = flat * static_cast<float>(turn.cos) + n * static_cast<float>(turn.sin);
        const float t = static_cast<float>(k) / static_cast<float>(path.segments);
        const float half = 0.5f * ribbon.width * mix(0.75f, 1.0f, clamp01(4.0f * t)) * mix(1.0f, ribbon.taper, t);
        // The texture's first tenth, where strands come out of the skin one by one, lies on the short first step.
        const float beyond = static_cast<float>(k - 1) / static_cast<float>(path.segments - 1);
        const float v = k == 0 ? ribbon.first_v : mix(std::max(ribbon.first_v, 0.1f), 1.0f, beyond);
        for (const float way : {-1.0f, 1.0f}) {
            const Vec3 p = path.point[k] + across * (way * half), normal = unit(n + flat * (ribbon.roundness * way));
            mesh.vertices.insert(mesh.vertices.end(), {p.x, p.y, p.z});
            mesh.normals.insert(mesh.normals.end(), {normal.x, normal.y, normal.z});
            mesh.uv.insert(mesh.uv.end(), {way < 0.0f ? left_u : right_u, v});
            mesh.anchors.push_back(ribbon.anchor);
        }
    }
    for (int k = 0; k < path.segments; ++k) {
        const int32_t a = first + 2 * k;
        mesh.triangles.insert(mesh.triangles.end(), {a, a + 1, a + 2, a + 1, a + 3, a + 2});
    }
}

// Copies of a mesh for Python: vertices, normals, triangles, texture coordinates, anchors.
using Floats = nb::ndarray<nb::numpy, float, nb::ndim<2>>;
using Indices = nb::ndarray<nb::numpy, int32_t, nb::ndim<2>>;
using IndexList = nb::ndarray<nb::numpy, int32_t, nb::ndim<1>>;
using Arrays = std::tuple<Floats, Floats, Indices, Floats, IndexList>;

template <class Array, class T>
Array copied(const std::vector<T> &values, std::initializer_list<size_t> shape) {
    T *data = new T[std::max<size_t>(values.size(), 1)];
    std::copy(values.begin(), values.end(), data);
    nb::capsule owner(data, [](void *p) noexcept { delete[] static_cast<T *>(p); });
    return Array(data, shape, owner);
}

inline Arrays arrays(const Mesh &mesh) {
    const size_t vertices = mesh.anchors.size();
    return {copied<Floats>(mesh.vertices, {vertices, 3}), copied<Floats>(mesh.normals, {vertices, 3}),
            copied<Indices>(mesh.triangles, {mesh.triangles.size() / 3, 3}), copied<Floats>(mesh.uv, {vertices, 2}),
            copied<IndexList>(mesh.anchors, {vertices})};
}

}  // namespace fw::hair
