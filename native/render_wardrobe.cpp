#include "render_wardrobe.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "checks.hpp"

namespace fw {

namespace {

// Names the field of the attachment that is wrong.
struct Complaint {
    const std::string &name;

    [[noreturn]] void about(const char *field, const std::string &found, const std::string &expected) const {
        throw std::invalid_argument("attachment '" + name + "' " + field + ": found " + found + ", expected " + expected);
    }
    void size(const char *field, size_t found, size_t expected) const {
        if (found != expected) about(field, std::to_string(found) + " rows", std::to_string(expected));
    }
    void finite(const char *field, std::span<const float> values, float most) const {
        require_finite("attachment '" + name + "' " + field, values, most);
    }
};

std::span<const float> numbers(std::span<const Vec3> points) { return {&points.data()->x, points.size() * 3}; }

void check(const AttachmentArrays &a) {
    const Complaint found{a.name};
    const size_t vertices = a.vertices_mm.size();
    if (vertices > (1u << 22) || a.triangles.size() > 3u << 23)
        found.about("triangles", std::to_string(a.triangles.size() / 3), "at most 2^23 (and 2^22 vertices)");
    if (a.material < 0 || a.material >= kMaterials)
        found.about("material", std::to_string(a.material), "0 .. " + std::to_string(kMaterials - 1));
    found.size("normals", a.normals.size(), vertices);
    found.size("uv", a.uv.size() / 2, vertices);
    found.size("anchors", a.anchors.size(), vertices);
    found.size("tint", a.tint.size(), 3);
    if (vertices > 0) {
        found.finite("vertices_mm", numbers(a.vertices_mm), 1.0e6f);
        found.finite("normals", numbers(a.normals), 2.0f);
        found.finite("uv", a.uv, 1.0e6f);
    }
    found.finite("tint", a.tint, 1000.0f);
    for (const int32_t v : a.triangles)
        if (v < 0 || size_t(v) >= vertices)
            found.about("triangles", "vertex " + std::to_string(v), "0 .. " + std::to_string(int64_t(vertices) - 1));
    for (const int32_t v : a.anchors)
        if (v < -1) found.about("anchors", std::to_string(v), "-1 or a vertex of the head");
}

// Adds to its vertices the direction in which a triangle's texture runs along v, weighted by area.
void add_strand(const Wardrobe &all, const Triangle &t, std::vector<Vec3> &strands) {
    const Vec3 p = all.vertices_mm[t[1]] - all.vertices_mm[t[0]], q = all.vertices_mm[t[2]] - all.vertices_mm[t[0]];
    const float pu = all.uv[t[1]][0] - all.uv[t[0]][0], qu = all.uv[t[2]][0] - all.uv[t[0]][0];
    const float pv = all.uv[t[1]][1] - all.uv[t[0]][1], qv = all.uv[t[2]][1] - all.uv[t[0]][1];
    const Vec3 along = unit((q * pu - p * qu) * (pu * qv - qu * pv < 0 ? -1.0f : 1.0f)), normal = cross(p, q);
    const Vec3 weighted = along * std::sqrt(dot(normal, normal));
    for (const int32_t v : t) strands[v] = strands[v] + weighted;
}

}  // namespace

float Wardrobe::texel_area(const Triangle &t, const MipTexture &texture) const {
    const std::array<float, 2> &a = uv[t[0]], &b = uv[t[1]], &c = uv[t[2]];
    return std::abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) * 0.5f * texture.texels();
}

bool Wardrobe::is_closed(const Triangle &t, const MipTexture &texture) const {
    const std::array<float, 2> &a = uv[t[0]], &b = uv[t[1]], &c = uv[t[2]];
    return texture.closed({std::min({a[0], b[0], c[0]}), std::min({a[1], b[1], c[1]})},
                          {std::max({a[0], b[0], c[0]}), std::max({a[1], b[1], c[1]})});
}

// Returns the first that lets anything through.
int32_t Wardrobe::add_triangles(const AttachmentArrays &a, int32_t first_vertex, const MipTexture &texture) {
    const auto first = static_cast<int32_t>(triangles.size());
    const auto triangle = [&](int32_t t) {
        const int32_t *corners = &a.triangles[size_t(t) * 3];
        return Triangle{corners[0] + first_vertex, corners[1] + first_vertex, corners[2] + first_vertex};
    };
    std::vector<int32_t> order(a.triangles.size() / 3);
    std::iota(order.begin(), order.end(), 0);
    const bool glass = static_cast<Material>(a.material) == Material::glass;
    const auto veils = std::stable_partition(order.begin(), order.end(), [&](int32_t t) { return !glass && is_closed(triangle(t), texture); });
    for (const int32_t t : order) {
        triangles.push_back(triangle(t));
        given.push_back(first + t);
        texels.push_back(texel_area(triangles.back(), texture));
    }
    return first + static_cast<int32_t>(veils - order.begin());
}

void Wardrobe::add(const AttachmentArrays &a, std::shared_ptr<const MipTexture> texture) {
    check(a);
    const auto base = static_cast<int32_t>(vertices_mm.size());
    const auto first = static_cast<int32_t>(triangles.size());
    vertices_mm.insert(vertices_mm.end(), a.vertices_mm.begin(), a.vertices_mm.end());
    normals.insert(normals.end(), a.normals.begin(), a.normals.end());
    anchors.insert(anchors.end(), a.anchors.begin(), a.anchors.end());
    for (size_t v = 0; v < a.vertices_mm.size(); ++v) uv.push_back({a.uv[2 * v], a.uv[2 * v + 1]});
    const int32_t first_veil = add_triangles(a, base, *texture);
    strands.resize(vertices_mm.size(), Vec3{0, 0, 0});
    const auto material = static_cast<Material>(a.material);
    if (material == Material::hair) {
        for (size_t t = first; t < triangles.size(); ++t) add_strand(*this, triangles[t], strands);
        for (size_t v = base; v < strands.size(); ++v) strands[v] = unit(strands[v]);
    }
    const auto first_point = static_cast<int32_t>(points.size());
    items.push_back({material, a.two_sided, {a.tint[0], a.tint[1], a.tint[2]}, std::move(texture), base,
                     static_cast<int32_t>(vertices_mm.size()), first, first_veil, static_cast<int32_t>(triangles.size()), first_point,
                     first_point, first_point, false});
    if (material == Material::glass) return;
    Item &item = items.back();
    // Closer than the shadow map's texels; but hair is many layers deep.
    const float step_mm = material == Material::hair ? 5.5f : 2.5f;
    std::vector<int32_t> as_given(item.last_triangle - first);
    for (int32_t t = first; t < item.last_triangle; ++t) as_given[given[t] - first] = t;
    for (const int32_t t : as_given) add_points(t, step_mm, item);
    item.last_point = static_cast<int32_t>(points.size());
    const auto stays = [&](const OpaquePoint &point) {
        const Triangle &t = triangles[point.triangle];
        return anchors[t[0]] < 0 && anchors[t[1]] < 0 && anchors[t[2]] < 0;
    };
    item.first_moving = static_cast<int32_t>(std::stable_partition(points.begin() + first_point, points.end(), stays) - points.begin());
    for (int32_t i = first_point; i < item.last_point; ++i) points_mm.push_back(at(points[i], vertices_mm));
    constexpr float large_mm2 = 8000.0f;  // twice a pair of glasses
    item.hides_sky = static_cast<float>(item.last_point - item.first_point) * step_mm * step_mm > large_mm2;
}

// A grid along two of a triangle's edges.
void Wardrobe::add_points(int32_t triangle, float step_mm, const Item &item) {
    constexpr float opaque = 0.5f;
    constexpr int most = 200;
    const Triangle &t = triangles[triangle];
    const Vec3 p = vertices_mm[t[1]] - vertices_mm[t[0]], q = vertices_mm[t[2]] - vertices_mm[t[0]];
    const auto steps = [&](const Vec3 &edge) {
        return 1 + static_cast<int>(std::min(std::sqrt(dot(edge, edge)) / step_mm, static_cast<float>(most)));
    };
    const int across = steps(p), down = steps(q);
    const bool closed = triangle < item.first_veil;
    const int level = item.texture->level(2.0f * texels[triangle] / static_cast<float>(across * down));
    for (int i = 0; i < across; ++i)
        for (int j = 0; j < down; ++j) {
            const float w1 = (static_cast<float>(i) + 0.5f) / static_cast<float>(across);
            const float w2 = (static_cast<float>(j) + 0.5f) / static_cast<float>(down), w0 = 1.0f - w1 - w2;
            if (w0 < 0.0f) continue;
            const auto along = [&](int axis) { return w0 * uv[t[0]][axis] + w1 * uv[t[1]][axis] + w2 * uv[t[2]][axis]; };
            if (closed || item.texture->alpha(level, along(0), along(1)) >= opaque) points.push_back({triangle, w1, w2});
        }
}

}  // namespace fw
