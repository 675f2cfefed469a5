// Light at vertices, many at once; part of render_kernels.ipp.
#pragma once

#include "render_kernels_lanes.ipp"

namespace fw::FW_ISA {

namespace {

[[gnu::always_inline]] inline float non_negative(float x) { return x > 0.0f ? x : 0.0f; }

// The cosine, bent to 0 within +-width of the terminator.
[[gnu::always_inline]] inline float soft_cosine(float cosine, float width) {
    const float over = cosine + width, bent = over * over / (4.0f * width);
    return cosine >= width ? cosine : over > 0.0f ? bent : 0.0f;
}

// Diffuse light of one channel.
void light_channel(const float (&k)[9], const float (&key)[4], const VertexLights &at, const float *soft, int32_t count,
                   float *out) {
    for (int32_t i = 0; i < count; ++i) {
        const float x = at.x[i], y = at.y[i], z = at.z[i];
        const float ambient = k[0] + k[1] * y + k[2] * z + k[3] * x + k[4] * (x * y) + k[5] * (y * z) + k[6] * (z * z) +
                              k[7] * (z * x) + k[8] * (x * x - y * y);
        const float facing = x * key[0] + y * key[1] + z * key[2];
        out[i] = non_negative(ambient) * at.open[i] + key[3] * soft_cosine(facing, soft[i]) * at.arriving[i];
    }
}

void light(const Light &light, const VertexLights &vertices, int32_t count) {
    const float *softness[3] = {vertices.soft_red, vertices.soft_green, vertices.soft_blue};
    float *out[3] = {vertices.red, vertices.green, vertices.blue};
    const float strength[3] = {light.key.x, light.key.y, light.key.z};
    for (int c = 0; c < 3; ++c) {
        float k[9];
        for (int i = 0; i < 9; ++i) k[i] = c == 0 ? light.polynomial[i].x : c == 1 ? light.polynomial[i].y : light.polynomial[i].z;
        light_channel(k, {light.towards.x, light.towards.y, light.towards.z, strength[c]}, vertices, softness[c], count, out[c]);
    }
}

// Weights of three neighbouring texels at a place between 0 and 1 over the middle one: a quadratic B-spline.
struct Spline {
    F before, here, after;

    [[gnu::always_inline]] explicit Spline(const F &x) : before(0.5f * (1.0f - x) * (1.0f - x)), after(0.5f * x * x) {
        here = 1.0f - before - after;
    }
};

void shadow(const DepthMap &map, const Receivers &at, int32_t count, float *out) {
    for (int32_t i = 0; i < count; i += kLanes) {
        const int32_t n = count - i;
        const F nx = load_some(at.normal_x + i, n), ny = load_some(at.normal_y + i, n), nz = load_some(at.normal_z + i, n);
        const F facing = nx * map.towards.x + ny * map.towards.y + nz * map.towards.z;
        const F lift = load_some(at.lift_mm + i, n) + map.grazing_lift_mm * (1.0f - (facing > 0.0f ? facing : F{}));
        const F px = load_some(at.x + i, n) + nx * lift - map.centre_mm.x, py = load_some(at.y + i, n) + ny * lift - map.centre_mm.y,
                pz = load_some(at.z + i, n) + nz * lift - map.centre_mm.z;
        const float last = static_cast<float>(map.side - 1), middle = 0.5f * static_cast<float>(map.side);
        const F column_at = (px * map.right.x + py * map.right.y + pz * map.right.z) * map.scale + middle;
        const F row_at = middle - (px * map.up.x + py * map.up.y + pz * map.up.z) * map.scale;
        const F here = (px * map.towards.x + py * map.towards.y + pz * map.towards.z) + map.plane_mm + map.bias_mm;
        const I inside = (column_at >= 1.0f) & (column_at < last) & (row_at >= 1.0f) & (row_at < last);
        const F x = inside ? column_at : F{} + 1.0f, y = inside ? row_at : F{} + 1.0f;
        const I column = __builtin_convertvector(x, I), row = __builtin_convertvector(y, I);
        const I first = (row - 1) * map.side + column - 1;
        const Spline across(x - __builtin_convertvector(column, F)), down(y - __builtin_convertvector(row, F));
        const float steepness = 1.0f / map.ramp_mm;
        const auto hidden = [&](int texel) { return part((gather(map.depths + texel, first) - here) * steepness); };
        const auto hidden_row = [&](int texel) {
            return hidden(texel) * across.before + hidden(texel + 1) * across.here + hidden(texel + 2) * across.after;
        };
        const F sum = hidden_row(0) * down.before + hidden_row(map.side) * down.here + hidden_row(2 * map.side) * down.after;
        store_some(out + i, inside ? 1.0f - sum : F{} + 1.0f, n);
    }
}

void sky(const DepthMap &map, const Receivers &at, int32_t count, float *reached, float *facing) {
    const int32_t texels = map.side * map.side;
    for (int32_t i = 0; i < count; i += kLanes) {
        const int32_t n = count - i;
        const F nx = load_some(at.normal_x + i, n), ny = load_some(at.normal_y + i, n), nz = load_some(at.normal_z + i, n);
        const F cosine = nx * map.towards.x + ny * map.towards.y + nz * map.towards.z;
        const I away = cosine < 0.0f;
        const F weight = away ? -cosine : cosine, lift = load_some(at.lift_mm + i, n);
        const F px = load_some(at.x + i, n) + nx * lift - map.centre_mm.x, py = load_some(at.y + i, n) + ny * lift - map.centre_mm.y,
                pz = load_some(at.z + i, n) + nz * lift - map.centre_mm.z;
        const float last = static_cast<float>(map.side - 1), middle = 0.5f * static_cast<float>(map.side) - 0.5f;
        const F column_at = (px * map.right.x + py * map.right.y + pz * map.right.z) * map.scale + middle;
        const F row_at = middle - (px * map.up.x + py * map.up.y + pz * map.up.z) * map.scale;
        const F distance = px * map.towards.x + py * map.towards.y + pz * map.towards.z;
        const F here = (away ? -distance : distance) + map.plane_mm + map.bias_mm;
        const I inside = (column_at >= 0.0f) & (column_at < last) & (row_at >= 0.0f) & (row_at < last);
        const F x = inside ? column_at : F{}, y = inside ? row_at : F{};
        const I column = __builtin_convertvector(x, I), row = __builtin_convertvector(y, I);
        const I first = row * map.side + column + (away & texels);
        const F right = x - __builtin_convertvector(column, F), down = y - __builtin_convertvector(row, F);
        const float steepness = 1.0f / map.ramp_mm;
        const auto hidden = [&](int texel) { return part((gather(map.depths + texel, first) - here) * steepness); };
        const F sum = (hidden(0) * (1.0f - right) + hidden(1) * right) * (1.0f - down) +
                      (hidden(map.side) * (1.0f - right) + hidden(map.side + 1) * right) * down;
        store_some(reached + i, load_some(reached + i, n) + weight * (inside ? 1.0f - sum : F{} + 1.0f), n);
        store_some(facing + i, load_some(facing + i, n) + weight, n);
    }
}

}  // namespace

}  // namespace fw::FW_ISA
