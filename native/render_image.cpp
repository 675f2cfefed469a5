#include "render_image.hpp"

#include <cmath>

#include "render_srgb.hpp"

namespace fw {

namespace {

// Highlights (Blinn-Phong with the usual normalisation and Schlick's Fresnel): reflectance head-on, and the exponent as a
// number of squarings. Skin is oily; eyes, teeth and tongue are wet; lashes and the mouth's inside are left matt.
struct Material {
    float reflectance;
    int squarings;
};

constexpr std::array<Material, kParts> kMaterials{{{0.028f, 4},
                                                   {0.025f, 8},
                                                   {0.025f, 8},
                                                   {0.040f, 6},
                                                   {0.040f, 6},
                                                   {0.025f, 5},
                                                   {0.0f, 0},
                                                   {0.0f, 0}}};

bool is_eye(uint8_t part) { return part == 1 || part == 2; }

float dot(const Vec3 &a, const Vec3 &b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

// Reflected part of the dominant light's irradiance at a unit normal.
float highlight(const Material &material, const Vec3 &normal, const Light &light) {
    const float facing = dot(normal, light.towards);
    float lobe = dot(normal, light.half);
    if (!(facing > 0.0f) || !(lobe > 0.0f) || material.reflectance == 0.0f) return 0.0f;
    for (int i = 0; i < material.squarings; ++i) lobe *= lobe;
    const float exponent = static_cast<float>(1 << material.squarings);
    const float fresnel = material.reflectance + (1.0f - material.reflectance) * light.fresnel;
    constexpr float per_8_pi = 0.039788735f;
    return fresnel * (exponent + 8.0f) * per_8_pi * lobe * facing;
}

// Linear up to the knee, then bending towards 1 with a continuous slope: bright skin is not clipped flat.
float shoulder(float x) {
    constexpr float knee = 0.8f, rest = 1.0f - knee;
    if (x <= knee) return x;
    const float over = x - knee;
    return knee + over * rest / (over + rest);
}

// A texel position along one axis, clamped to the texture: the lower texel and the share of the next one.
struct TexelPosition {
    int low, next;
    float share;

    TexelPosition(float coordinate, int side) {
        float x = coordinate * static_cast<float>(side) - 0.5f;
        const float last = static_cast<float>(side - 1);
        x = x > 0.0f ? (x < last ? x : last) : 0.0f;  // NaN becomes 0
        low = static_cast<int>(x);
        next = low + 1 < side ? low + 1 : low;
        share = x - static_cast<float>(low);
    }
};

Vec3 bilinear(const Texture &texture, float u, float v) {
    const TexelPosition x(u, texture.side), y(v, texture.side);
    const uint8_t *top = texture.texels + size_t(y.low) * texture.side * 3;
    const uint8_t *bottom = texture.texels + size_t(y.next) * texture.side * 3;
    const auto channel = [&](int c) {
        const float a = kSrgb.linear[top[x.low * 3 + c]], b = kSrgb.linear[top[x.next * 3 + c]];
        const float d = kSrgb.linear[bottom[x.low * 3 + c]], e = kSrgb.linear[bottom[x.next * 3 + c]];
        const float upper = a + (b - a) * x.share, lower = d + (e - d) * x.share;
        return upper + (lower - upper) * y.share;
    };
    return {channel(0), channel(1), channel(2)};
}

float non_negative(float x) { return x > 0.0f ? x : 0.0f; }

float diffuse(const std::array<float, 9> &basis, const Light &light, float Vec3::*channel) {
    float sum = light.polynomial[0].*channel;
    for (int i = 1; i < 9; ++i) sum += light.polynomial[i].*channel * basis[i];
    return non_negative(sum);
}

}  // namespace

Painter::Painter(const Rig &rig, int size_px)
    : rig_(rig),
      size_px_(size_px),
      positions_mm_(rig.vertices),
      normals_(rig.vertices),
      screen_(rig.vertices),
      attributes_(rig.vertices),
      grid_(size_px * kSamples) {}

void Painter::paint(std::span<const Vec3> neutral_mm, std::span<const float> expression, const SceneCamera &camera,
                    const Light &light, const CropTemplate &crop, const Texture &texture, uint8_t *image,
                    float *landmarks_px) {
    express(neutral_mm, expression);
    const View view = aligned_view(rig_, positions_mm_, camera, crop);
    for (int i = 0; i < kLandmarks; ++i) {
        const Projected p = view.project(positions_mm_[rig_.landmarks[i]]);
        landmarks_px[2 * i] = p.x_px;
        landmarks_px[2 * i + 1] = p.y_px;
    }
    compute_normals();
    project(view);
    light_vertices(view, light);
    rasterize(screen_, rig_.triangles, grid_);
    resolve(light, texture, image);
}

void Painter::express(std::span<const Vec3> neutral_mm, std::span<const float> expression) {
    std::copy(neutral_mm.begin(), neutral_mm.end(), positions_mm_.begin());
    for (size_t e = 0; e < expression.size(); ++e) {
        const float amount = expression[e];
        if (amount == 0.0f) continue;
        for (const Move &move : rig_.expression[e]) {
            Vec3 &p = positions_mm_[move.vertex];
            p.x += amount * move.by_mm.x;
            p.y += amount * move.by_mm.y;
            p.z += amount * move.by_mm.z;
        }
    }
}

// Sum of the triangles' normals around each place, weighted by area; not yet of unit length, head frame.
void Painter::compute_normals() {
    std::fill(normals_.begin(), normals_.end(), Vec3{0, 0, 0});
    for (const Triangle &t : rig_.welded) {
        const Vec3 &a = positions_mm_[t[0]], &b = positions_mm_[t[1]], &c = positions_mm_[t[2]];
        const Vec3 p{b.x - a.x, b.y - a.y, b.z - a.z}, q{c.x - a.x, c.y - a.y, c.z - a.z};
        const Vec3 n{p.y * q.z - p.z * q.y, p.z * q.x - p.x * q.z, p.x * q.y - p.y * q.x};
        for (const int32_t v : t) {
            normals_[v].x += n.x;
            normals_[v].y += n.y;
            normals_[v].z += n.z;
        }
    }
    for (const int32_t v : rig_.seam) normals_[v] = normals_[rig_.weld[v]];
}

void Painter::project(const View &view) {
    for (int32_t v = 0; v < rig_.vertices; ++v) {
        const Projected p = view.project(positions_mm_[v]);
        screen_[v] = snap(p.x_px, p.y_px, p.depth_mm, kSamples);
    }
}

// Normals to the camera frame and unit length; light at each vertex; everything times 1 / depth.
void Painter::light_vertices(const View &view, const Light &light) {
    for (int32_t v = 0; v < rig_.vertices; ++v) {
        const Vec3 sum = normals_[v];
        const float squared = dot(sum, sum);
        const float scale = squared > 1e-30f ? 1.0f / std::sqrt(squared) : 0.0f;
        const Vec3 n{dot(view.rotation[0], sum) * scale, dot(view.rotation[1], sum) * scale,
                     dot(view.rotation[2], sum) * scale};
        normals_[v] = n;
        const std::array<float, 9> basis{
            1.0f, n.y, n.z, n.x, n.x * n.y, n.y * n.z, n.z * n.z, n.z * n.x, n.x * n.x - n.y * n.y};
        const float near = screen_[v].inverse_depth, open = rig_.occlusion[v] * near;
        const float shine = highlight(kMaterials[rig_.vertex_parts[v]], n, light);
        attributes_[v].value = {near,
                                rig_.uv[v][0] * near,
                                rig_.uv[v][1] * near,
                                diffuse(basis, light, &Vec3::x) * open,
                                diffuse(basis, light, &Vec3::y) * open,
                                diffuse(basis, light, &Vec3::z) * open,
                                shine * open,
                                open};
    }
}

// An eye's highlight is smaller than its triangles: from the interpolated normal.
float Painter::eye_highlight(const Triangle &corners, const std::array<float, 3> &weights, const Light &light) const {
    Vec3 n{0, 0, 0};
    for (int i = 0; i < 3; ++i) {
        const Vec3 &normal = normals_[corners[i]];
        n = {n.x + weights[i] * normal.x, n.y + weights[i] * normal.y, n.z + weights[i] * normal.z};
    }
    const float squared = dot(n, n);
    if (!(squared > 0.0f)) return 0.0f;
    const float scale = 1.0f / std::sqrt(squared);
    return highlight(kMaterials[1], {n.x * scale, n.y * scale, n.z * scale}, light);
}

Vec3 Painter::shade(int32_t triangle, int column, int row, const Light &light, const Texture &texture) const {
    const Triangle &corners = rig_.triangles[triangle];
    const EdgeWeights w = weights_at(screen_[corners[0]], screen_[corners[1]], screen_[corners[2]], column, row);
    const Attributes &a = attributes_[corners[0]], &b = attributes_[corners[1]], &c = attributes_[corners[2]];
    std::array<float, Attributes::kCount> at;
    for (int i = 0; i < Attributes::kCount; ++i) at[i] = w.w0 * a.value[i] + w.w1 * b.value[i] + w.w2 * c.value[i];
    const float depth = 1.0f / at[0];  // up to the common factor of the weights
    for (float &value : at) value *= depth;

    if (is_eye(rig_.parts[triangle]))
        at[6] = at[7] * eye_highlight(
                            corners, {w.w0 * a.value[0] * depth, w.w1 * b.value[0] * depth, w.w2 * c.value[0] * depth}, light);
    const Vec3 albedo = bilinear(texture, at[1], at[2]);
    return {shoulder(albedo.x * at[3] + light.colour.x * at[6]), shoulder(albedo.y * at[4] + light.colour.y * at[6]),
            shoulder(albedo.z * at[5] + light.colour.z * at[6])};
}

// Mean of each pixel's samples in linear light; samples that see no triangle see the background.
void Painter::resolve(const Light &light, const Texture &texture, uint8_t *image) const {
    for (int y = 0; y < size_px_; ++y)
        for (int x = 0; x < size_px_; ++x) {
            Vec3 sum{0, 0, 0};
            int covered = 0;
            for (int sample = 0; sample < kSamples * kSamples; ++sample) {
                const int row = y * kSamples + sample / kSamples, column = x * kSamples + sample % kSamples;
                const int32_t triangle = grid_.triangle[size_t(row) * grid_.side + column];
                if (triangle < 0) continue;
                const Vec3 colour = shade(triangle, column, row, light, texture);
                sum = {sum.x + colour.x, sum.y + colour.y, sum.z + colour.z};
                ++covered;
            }
            if (covered == 0) continue;
            uint8_t *pixel = image + (size_t(y) * size_px_ + x) * 3;
            constexpr float share = 1.0f / (kSamples * kSamples);
            const float empty = static_cast<float>(kSamples * kSamples - covered);
            pixel[0] = srgb_code((sum.x + empty * kSrgb.linear[pixel[0]]) * share);
            pixel[1] = srgb_code((sum.y + empty * kSrgb.linear[pixel[1]]) * share);
            pixel[2] = srgb_code((sum.z + empty * kSrgb.linear[pixel[2]]) * share);
        }
}

}  // namespace fw
