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

// Receivers, one a lane.
struct SomeReceivers {
    F x, y, z, normal_x, normal_y, normal_z, lift;

    [[gnu::always_inline]] SomeReceivers(const Receivers &at, int32_t i, int32_t n)
        : x(load_some(at.x + i, n)), y(load_some(at.y + i, n)), z(load_some(at.z + i, n)),
          normal_x(load_some(at.normal_x + i, n)), normal_y(load_some(at.normal_y + i, n)),
          normal_z(load_some(at.normal_z + i, n)), lift(load_some(at.lift_mm + i, n)) {}

    [[gnu::always_inline]] F cosine(const Vec3 &towards) const {
        return normal_x * towards.x + normal_y * towards.y + normal_z * towards.z;
    }
};

// Where a map shows points: columns and rows, of which the middle of the map has this one, and millimetres towards the viewer.
struct PlacesInMap {
    F column, row, nearness;

    [[gnu::always_inline]] PlacesInMap(const DepthMap &map, const F &x_mm, const F &y_mm, const F &z_mm, float middle) {
        const F x = x_mm - map.centre_mm.x, y = y_mm - map.centre_mm.y, z = z_mm - map.centre_mm.z;
        column = (x * map.right.x + y * map.right.y + z * map.right.z) * map.scale + middle;
        row = middle - (x * map.up.x + y * map.up.y + z * map.up.z) * map.scale;
        nearness = x * map.towards.x + y * map.towards.y + z * map.towards.z;
    }

    // Of receivers that are taken this far off their surfaces.
    [[gnu::always_inline]] PlacesInMap(const DepthMap &map, const SomeReceivers &from, const F &lift, float middle)
        : PlacesInMap(map, from.x + from.normal_x * lift, from.y + from.normal_y * lift, from.z + from.normal_z * lift, middle) {}

    // Which of them have so many columns and rows in front of theirs, and behind.
    [[gnu::always_inline]] I inside(const DepthMap &map, float before, int behind) const {
        const float past = static_cast<float>(map.side - behind);
        return (column >= before) & (column < past) & (row >= before) & (row < past);
    }
};

// As many points as a vector has lanes. Reads one number more.
[[gnu::always_inline]] inline void cast_some(const DepthMap &map, const Vec3 *points_mm, float *depths) {
    const std::array<F, 4> at = columns_of_four([&](int i) FW_INLINED { return load<FourFloats>(points_mm + i); });
    const PlacesInMap place(map, at[0], at[1], at[2], 0.5f * static_cast<float>(map.side));
    const F depth = place.nearness + map.plane_mm;
    const I inside = place.inside(map, 0.0f, 0) & (depth < 2.0f * map.plane_mm);
    const I column = __builtin_convertvector(inside ? place.column : F{}, I), row = __builtin_convertvector(inside ? place.row : F{}, I);
    alignas(64) int32_t texels[kLanes];
    alignas(64) float numbers[kLanes];
    store(texels, row * map.side + column);
    store(numbers, inside ? depth : F{});
    read_back(texels);
    read_back(numbers);
    for (int i = 0; i < kLanes; ++i) {
        float &there = depths[texels[i]];
        there = numbers[i] > there ? numbers[i] : there;
    }
}

void cast(const DepthMap &map, const Vec3 *points_mm, int32_t count, float *depths) {
    int32_t i = 0;
    for (; i + kLanes < count; i += kLanes) cast_some(map, points_mm + i, depths);
    if (i == count) return;
    Vec3 rest[kLanes + 1];
    for (int k = 0; k <= kLanes; ++k) rest[k] = points_mm[std::min(i + k, count - 1)];
    cast_some(map, rest, depths);
}

void shadow(const DepthMap &map, const Receivers &receivers, int32_t count, float *out) {
    for (int32_t i = 0; i < count; i += kLanes) {
        const int32_t n = count - i;
        const SomeReceivers at(receivers, i, n);
        const F facing = at.cosine(map.towards);
        const F lift = at.lift + map.grazing_lift_mm * (1.0f - (facing > 0.0f ? facing : F{}));
        const PlacesInMap place(map, at, lift, 0.5f * static_cast<float>(map.side));
        const F here = place.nearness + map.plane_mm + map.bias_mm;
        const I inside = place.inside(map, 1.0f, 1);
        const F x = inside ? place.column : F{} + 1.0f, y = inside ? place.row : F{} + 1.0f;
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

void sky(const DepthMap &map, const Receivers &receivers, int32_t count, float *reached, float *facing) {
    const int32_t texels = map.side * map.side;
    for (int32_t i = 0; i < count; i += kLanes) {
        const int32_t n = count - i;
        const SomeReceivers at(receivers, i, n);
        const F cosine = at.cosine(map.towards);
        const I away = cosine < 0.0f;
        const F weight = away ? -cosine : cosine;
        const PlacesInMap place(map, at, at.lift, 0.5f * static_cast<float>(map.side) - 0.5f);
        const F here = (away ? -place.nearness : place.nearness) + map.plane_mm + map.bias_mm;
        const I inside = place.inside(map, 0.0f, 1);
        const F x = inside ? place.column : F{}, y = inside ? place.row : F{};
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
