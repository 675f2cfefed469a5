// Light at vertices, many at once; part of render_kernels.ipp.
#pragma once

#include "render_kernels_lanes.ipp"

namespace fw::FW_ISA {

namespace {

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
    [[gnu::always_inline]] SomeReceivers(const F &x, const F &y, const F &z, const F &normal_x, const F &normal_y, const F &normal_z,
                                         const F &lift)
        : x(x), y(y), z(z), normal_x(normal_x), normal_y(normal_y), normal_z(normal_z), lift(lift) {}

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
[[gnu::always_inline]] inline void cast_some(const DepthMap &map, const Vec3 *points_mm, bool both_ends, float *depths) {
    const std::array<F, 4> at = columns_of_four([&](int i) FW_INLINED { return load<FourFloats>(points_mm + i); });
    const PlacesInMap place(map, at[0], at[1], at[2], 0.5f * static_cast<float>(map.side));
    const F depth = place.nearness + map.plane_mm;
    const I inside = place.inside(map, 0.0f, 0) & (depth < map.far_mm);
    const I column = __builtin_convertvector(inside ? place.column : F{}, I), row = __builtin_convertvector(inside ? place.row : F{}, I);
    alignas(64) int32_t texels[kLanes];
    store(texels, row * map.side + column);
    read_back(texels);
    const auto raise = [&](const F &to, float *there) FW_INLINED {
        alignas(64) float numbers[kLanes];
        store(numbers, inside ? to : F{} - map.far_mm);
        read_back(numbers);
        for (int i = 0; i < kLanes; ++i) there[texels[i]] = numbers[i] > there[texels[i]] ? numbers[i] : there[texels[i]];
    };
    raise(depth, depths);
    if (both_ends) raise(map.plane_mm - place.nearness, depths + map.side * map.side);
}

void cast(const DepthMap &map, const Vec3 *points_mm, int32_t count, bool both_ends, float *depths) {
    int32_t i = 0;
    for (; i + kLanes < count; i += kLanes) cast_some(map, points_mm + i, both_ends, depths);
    if (i == count) return;
    Vec3 rest[kLanes + 1];
    for (int k = 0; k <= kLanes; ++k) rest[k] = points_mm[std::min(i + k, count - 1)];
    cast_some(map, rest, both_ends, depths);
}

// The part of the light that reaches receivers from the direction of a map, over a soft edge of 3 x 3 texels.
[[gnu::always_inline]] inline F arriving(const DepthMap &map, const SomeReceivers &at) {
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
    return inside ? 1.0f - sum : F{} + 1.0f;
}

// Vectors of three numbers (directions, colours), one a lane.
struct Vec3s {
    F x, y, z;

    // Of what `row` gives for each lane, three numbers.
    template <class Row>
    [[gnu::always_inline]] static Vec3s of(Row &&row) {
        const std::array<F, 4> columns = columns_of_four([&](int i) FW_INLINED {
            const float *at = row(i);
            return FourFloats{at[0], at[1], at[2], 0.0f};
        });
        return {columns[0], columns[1], columns[2]};
    }

    [[gnu::always_inline]] Vec3s operator*(const F &k) const { return {x * k, y * k, z * k}; }
    [[gnu::always_inline]] Vec3s operator+(const Vec3s &to) const { return {x + to.x, y + to.y, z + to.z}; }
    [[gnu::always_inline]] F dot(const Vec3 &to) const { return x * to.x + y * to.y + z * to.z; }
    // Of unit length; what is too short to have a direction becomes 0.
    [[gnu::always_inline]] Vec3s unit() const {
        const F squared = x * x + y * y + z * z;
        return *this * (squared > 1e-30f ? 1.0f / root(squared) : F{});
    }
    [[gnu::always_inline]] Vec3s turned(const View &view) const {
        return {dot(view.rotation[0]), dot(view.rotation[1]), dot(view.rotation[2])};
    }
};

// The cosine, bent to 0 within +-width of the terminator.
[[gnu::always_inline]] inline F soft_cosine(const F &cosine, const F &width) {
    const F over = cosine + width, bent = over * over / (4.0f * width);
    return cosine >= width ? cosine : over > 0.0f ? bent : F{};
}

// The part of the highlight's irradiance that is reflected (pi left in, as in diffuse light). `gloss`: columns of Gloss.
[[gnu::always_inline]] inline F highlight(const F *gloss, const Vec3s &normal, const F &facing, const Light &light) {
    const F reflectance = gloss[0], half = normal.dot(light.half);
    const I squarings = reinterpret_cast<I>(gloss[1]);
    F lobe = half;
    for (int i = 0; i < Gloss::kMostSquarings; ++i) lobe = squarings > i ? lobe * lobe : lobe;
    const F reflected = (reflectance + (1.0f - reflectance) * light.fresnel) * gloss[2] * lobe * facing;
    const I any = (facing > 0.0f) & (half > 0.0f) & (reflectance > 0.0f);
    return any ? reflected : F{};
}

// Diffuse irradiance / pi of the environment, of one channel, which `of` picks.
template <class Channel>
[[gnu::always_inline]] inline F ambient(const Light &light, const Vec3s &normal, Channel &&of) {
    const auto &[x, y, z] = normal;
    const auto k = [&](int i) FW_INLINED { return of(light.polynomial[i]); };
    const F sum = k(0) + k(1) * y + k(2) * z + k(3) * x + k(4) * (x * y) + k(5) * (y * z) + k(6) * (z * z) + k(7) * (z * x) +
                  k(8) * (x * x - y * y);
    return sum > 0.0f ? sum : F{};
}

// Of vectors.
constexpr auto kRed = [](const Vec3 &v) FW_INLINED { return v.x; };
constexpr auto kGreen = [](const Vec3 &v) FW_INLINED { return v.y; };
constexpr auto kBlue = [](const Vec3 &v) FW_INLINED { return v.z; };

// Diffuse light of one channel.
template <class Channel>
[[gnu::always_inline]] inline F diffuse(const Light &light, const Vec3s &normal, const F &facing, const F &open, const F &arriving,
                                        const F &softness, Channel &&of) {
    return ambient(light, normal, of) * open + of(light.key) * soft_cosine(facing, softness) * arriving;
}

// Two lobes along strands (Kajiya and Kay 1989, shifted apart as Marschner et al. 2003 measured): the light's first reflection,
// uncoloured, and a wider one that has gone through the hair and taken its colour.
struct StrandLobes {
    F white, coloured;

    [[gnu::always_inline]] StrandLobes(const Vec3s &strand, const Vec3s &normal, const F &cosine, const Vec3 &half) {
        constexpr float shift = 0.09f;
        const F facing = cosine + 0.25f, lit = facing < 1.0f ? facing : F{} + 1.0f;
        const I any = facing > 0.0f;
        white = any ? 0.036f * lit * lobe((strand + normal * (F{} + shift)).unit(), half, 5) : F{};
        coloured = any ? 0.35f * lit * lobe((strand + normal * (F{} - 1.5f * shift)).unit(), half, 3) : F{};
    }

  private:
    [[gnu::always_inline]] static F lobe(const Vec3s &strand, const Vec3 &half, int squarings) {
        const F along = strand.dot(half);
        F lobe = 1.0f - along * along;
        for (int i = 0; i < squarings; ++i) lobe *= lobe;
        return lobe > 0.0f ? lobe : F{};
    }
};

// As many vertices as a vector has lanes, of these numbers.
[[gnu::always_inline]] inline void light_some(const View &view, const Light &light, const DepthMap *shadow, const Unlit &from,
                                              const int32_t *numbers, Attributes *attributes, FourFloats *facing) {
    const Vec3s normal = (Vec3s::of([&](int i) FW_INLINED { return from.normals + size_t(numbers[i]) * from.stride; }) *
                               (F{} + from.turn)).unit();
    const Vec3s turned = normal.turned(view);
    const std::array<F, 8> finish = columns_of_eight([&](int i) FW_INLINED {
        return load<EightFloats>(&from.finishes[from.kinds == nullptr ? 0 : from.kinds[numbers[i]]]);
    });
    const I at = load<I>(numbers);
    const F open = gather(from.open, at);
    F reached = light.has_key() ? F{} + 1.0f : open;
    if (shadow != nullptr) {
        const Vec3s place = Vec3s::of([&](int i) FW_INLINED { return &from.positions_mm[numbers[i]].x; });
        reached = arriving(*shadow, {place.x, place.y, place.z, normal.x, normal.y, normal.z, finish[3]});
    }
    const F cosine = turned.dot(light.towards);
    const auto channel = [&](const F &softness, auto &&of) FW_INLINED {
        return diffuse(light, turned, cosine, open, reached, softness, of);
    };
    F red = channel(finish[0], kRed), green = channel(finish[1], kGreen), blue = channel(finish[2], kBlue);
    if (from.albedo != nullptr) {
        const Vec3s albedo = Vec3s::of([&](int i) FW_INLINED { return &from.albedo[numbers[i]].x; });
        red *= albedo.x, green *= albedo.y, blue *= albedo.z;
    }
    F shine;
    if (from.strands != nullptr) {
        const Vec3s strand = Vec3s::of([&](int i) FW_INLINED { return &from.strands[numbers[i]].x; });
        const StrandLobes lobes(strand.turned(view), turned, cosine, light.half);
        const F coloured = lobes.coloured * reached;
        red += light.colour.x * coloured, green += light.colour.y * coloured, blue += light.colour.z * coloured;
        shine = lobes.white * reached;
    } else {
        shine = highlight(&finish[4], turned, cosine, light) * reached;
    }
    const F inverse_depth = gather(&from.screen->inverse_depth, at * static_cast<int32_t>(sizeof(ScreenVertex) / sizeof(float)));
    const F near = view.perspective != 0.0f ? inverse_depth : F{} + 1.0f;
    const auto uv = columns_of_two([&](int i) FW_INLINED { return load<int64_t>(&from.uv[numbers[i]]); });
    const Rows places(near, reinterpret_cast<F>(uv[0]) * near, reinterpret_cast<F>(uv[1]) * near, inverse_depth);
    const Rows colours(red * near, green * near, blue * near, shine * near), facings(turned.x, turned.y, turned.z, reached);
    for (int i = 0; i < kLanes; ++i) {
        Attributes &out = attributes[numbers[i]];
        store(&out.weight, places[i]);
        store(&out.red, colours[i]);
        facing[numbers[i]] = facings[i];
    }
}

void light(const View &view, const Light &light, const DepthMap *shadow, const Unlit &vertices, const int32_t *numbers, int32_t count,
           Attributes *attributes, FourFloats *facing) {
    for (int32_t i = 0; i < count; i += kLanes) light_some(view, light, shadow, vertices, numbers + i, attributes, facing);
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
