#include "render_rig.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "checks.hpp"
#include "render_sky.hpp"

namespace fw {

namespace {

void require_size(const char *field, size_t found, size_t expected) {
    if (found != expected)
        throw std::invalid_argument(std::string(field) + ": found " + std::to_string(found) + " values, expected " +
                                    std::to_string(expected));
}

template <class T>
void require_below(const char *field, std::span<const T> values, int32_t limit) {
    for (const T value : values)
        if (value < 0 || value >= limit)
            throw std::invalid_argument(std::string(field) + ": found " + std::to_string(value) + ", expected 0 .. " +
                                        std::to_string(limit - 1));
}

void check(const ModelArrays &m, size_t vertices, size_t triangles) {
    if (vertices == 0 || vertices > (1u << 24) || triangles > (1u << 25))
        throw std::invalid_argument("occlusion: found " + std::to_string(vertices) + " vertices and " +
                                    std::to_string(triangles) + " triangles, expected 1 .. 2^24 and at most 2^25");
    require_size("triangles", m.triangles.size(), triangles * 3);
    require_size("mean_mm", m.mean_mm.size(), vertices);
    require_size("parts", m.parts.size(), triangles);
    require_size("weld", m.weld.size(), vertices);
    require_size("uv", m.uv.size(), vertices * 2);
    require_size("expression_basis_mm", m.expression.size() % (vertices * 3), 0);
    require_size("landmarks", m.landmarks.size(), kLandmarks);
    require_size("alignment_landmarks", m.alignment.size(), kAlignment * kAlignmentVertices);
    const auto limit = static_cast<int32_t>(vertices);
    require_finite("expression_basis_mm", m.expression, 1.0e6f);
    require_below("triangles", m.triangles, limit);
    require_below("parts", m.parts, kParts);
    require_below("weld", m.weld, limit);
    require_below("landmarks", m.landmarks, limit);
    require_below("alignment_landmarks", m.alignment, limit);
    for (const int32_t first : m.weld)
        if (m.weld[first] != first)
            throw std::invalid_argument("weld: found vertex " + std::to_string(first) + " welded to " +
                                        std::to_string(m.weld[first]) + ", expected the first vertex of a place to be its own");
}

// Of x, y and z for each vertex.
Direction direction_of(std::span<const float> by_mm) {
    constexpr float steps = 32767.0f, least_mm = 1.0e-6f;
    constexpr size_t numbers = 3 * BlockMoves::kVertices;
    float most = 0.0f;
    for (const float x : by_mm) most = std::max(most, std::abs(x));
    Direction out{most / steps, {}};
    for (size_t first = 0; first < by_mm.size() && most > least_mm; first += numbers) {
        BlockMoves block{static_cast<int32_t>(first / 3), {}};
        int any = 0;
        for (size_t i = first; i < std::min(first + numbers, by_mm.size()); ++i) {
            const auto moved = static_cast<int16_t>(std::lrint(by_mm[i] / out.step_mm));
            block.by[i % 3][(i - first) / 3] = moved;
            any |= moved;
        }
        if (any != 0) out.blocks.push_back(block);
    }
    return out;
}

// The skin with what lies about one of its vertices, along edges and within a few millimetres, drawn together into it. What only
// touches, such as the lips, stays apart.
CoarseMesh simplified(const Rig &rig, std::span<const Vec3> mean_mm) {
    constexpr float reach_mm = 6.0f;
    std::vector<std::vector<int32_t>> neighbours(rig.vertices);
    const auto is_skin = [&](size_t t) { return rig.parts[t] == kSkin; };
    for (size_t t = 0; t < rig.welded.size(); ++t)
        for (int i = 0; i < 3 && is_skin(t); ++i) {
            const int32_t a = rig.welded[t][i], b = rig.welded[t][(i + 1) % 3];
            neighbours[a].push_back(b);
            neighbours[b].push_back(a);
        }
    CoarseMesh out;
    std::vector<int32_t> place(rig.vertices, -1), reached;
    for (int32_t v = 0; v < rig.vertices; ++v) {
        if (neighbours[v].empty() || place[v] >= 0) continue;
        const auto number = static_cast<int32_t>(out.vertices.size());
        out.vertices.push_back(v);
        place[v] = number;
        reached = {v};
        for (size_t i = 0; i < reached.size(); ++i)
            for (const int32_t next : neighbours[reached[i]]) {
                const Vec3 away = mean_mm[next] - mean_mm[v];
                if (place[next] >= 0 || dot(away, away) > reach_mm * reach_mm) continue;
                place[next] = number;
                reached.push_back(next);
            }
    }
    for (size_t t = 0; t < rig.welded.size(); ++t) {
        if (!is_skin(t)) continue;
        const Triangle &corners = rig.welded[t], coarse{place[corners[0]], place[corners[1]], place[corners[2]]};
        if (coarse[0] != coarse[1] && coarse[1] != coarse[2] && coarse[2] != coarse[0]) out.triangles.push_back(coarse);
    }
    return out;
}

}  // namespace

Rig::Rig(const ModelArrays &m)
    : vertices(static_cast<int32_t>(m.occlusion.size())),
      parts(m.parts.begin(), m.parts.end()),
      weld(m.weld.begin(), m.weld.end()),
      occlusion(m.occlusion.begin(), m.occlusion.end()) {
    check(m, m.occlusion.size(), m.parts.size());
    vertex_parts.assign(vertices, 0);
    for (size_t t = 0; t < parts.size(); ++t) {
        const Triangle corners{m.triangles[t * 3], m.triangles[t * 3 + 1], m.triangles[t * 3 + 2]};
        triangles.push_back(corners);
        welded.push_back({weld[corners[0]], weld[corners[1]], weld[corners[2]]});
        for (const int32_t v : corners) vertex_parts[v] = parts[t];
    }
    for (int32_t v = 0; v < vertices; ++v) {
        uv.push_back({m.uv[size_t(v) * 2], m.uv[size_t(v) * 2 + 1]});
        if (weld[v] != v) seam.push_back(v);
    }
    for (const Triangle &t : triangles) {
        const std::array<float, 2> &a = uv[t[0]], &b = uv[t[1]], &c = uv[t[2]];
        uv_area.push_back(std::abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) * 0.5f);
    }
    const size_t stride = size_t(vertices) * 3;
    for (size_t first = 0; first < m.expression.size(); first += stride)
        expression.push_back(direction_of(m.expression.subspan(first, stride)));
    for (int i = 0; i < kLandmarks; ++i) landmarks[i] = m.landmarks[i];
    for (int i = 0; i < kAlignment * kAlignmentVertices; ++i)
        alignment[i / kAlignmentVertices][i % kAlignmentVertices] = m.alignment[i];
    coarse_skin = simplified(*this, m.mean_mm);
    mean_openness = Outlook(*this, m.mean_mm, {}).coarse({}).head;
}

Vec3 unit(const Vec3 &v) {
    const float squared = dot(v, v);
    return v * (squared > 1e-30f ? 1.0f / std::sqrt(squared) : 0.0f);
}

void vertex_normals(const Rig &rig, std::span<const Position> positions_mm, std::span<const uint8_t> wanted,
                    std::span<FourFloats> normals) {
    std::fill(normals.begin(), normals.end(), FourFloats{});
    std::vector<uint8_t> places(wanted.begin(), wanted.begin() + rig.vertices);
    for (const int32_t v : rig.seam) places[rig.weld[v]] |= places[v];
    for (const Triangle &t : rig.welded) {
        if (!(places[t[0]] | places[t[1]] | places[t[2]])) continue;
        const auto corner = [&](int i) { return load<FourFloats>(&positions_mm[t[i]]); };
        const FourFloats a = corner(0), p = corner(1) - a, q = corner(2) - a;
        const FourFloats p_yzx = __builtin_shufflevector(p, p, 1, 2, 0, 3), q_yzx = __builtin_shufflevector(q, q, 1, 2, 0, 3);
        const FourFloats n_zxy = p * q_yzx - q * p_yzx, n = __builtin_shufflevector(n_zxy, n_zxy, 1, 2, 0, 3);
        for (const int32_t v : t) normals[v] += n;
    }
    for (const int32_t v : rig.seam) normals[v] = normals[rig.weld[v]];
}

}  // namespace fw
