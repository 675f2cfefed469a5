// Transparent fragments, collected and blended pixel by pixel; part of render_kernels.ipp.
#pragma once

#include "render_kernels_lanes.ipp"

namespace fw::FW_ISA {

namespace {

void keep(const Fragment *fragments, const FourFloats *colours, const float *near, int32_t count, Veils &to, float *inverse_depth) {
    for (int32_t i = 0; i < count; ++i) {
        const FourFloats colour = colours[i];
        if (!fw::any(colour != 0.0f)) continue;
        const auto [triangle, pixel, samples, x, y] = fragments[i];
        const int32_t before = to.first[pixel];
        const bool is_new = before < 0;
        to.pixels[to.pixel_count] = pixel;
        to.pixel_count += is_new;
        const uint32_t others = is_new ? 0 : to.all[before].samples >> Veil::kCountShift;
        to.all[to.count] = {colour, near[i], triangle, before, samples | (others + 1) << Veil::kCountShift};
        to.first[pixel] = to.count++;
        Veiled &known = to.known[pixel];
        const FourFloats through = is_new ? FourFloats{} + 1.0f : known.through;
        const FourFloats farthest = is_new ? FourFloats{} + kFarMm : known.farthest;
        const FourInts covered = truth(samples);
        known.through = covered ? through * (1.0f - colour[3]) : through;
        known.farthest = (covered & (near[i] < farthest)) ? FourFloats{} + near[i] : farthest;
        float *const depths = inverse_depth + size_t(pixel) * 4;
        const FourFloats depth = load<FourFloats>(depths);
        store(depths, ((known.through < kInvisible) & (known.farthest > depth)) ? known.farthest : depth);
    }
}

// A veil of each of some pixels, one a lane.
struct SomeVeils {
    F red, green, blue, alpha;
    I near, triangle, samples;  // the bits of positive floats sort as they do

    // Each lane's first when `a` is true there, else its second.
    [[gnu::always_inline]] static SomeVeils chosen(const I &a, const SomeVeils &first, const SomeVeils &second) {
        return {a ? first.red : second.red,       a ? first.green : second.green, a ? first.blue : second.blue,
                a ? first.alpha : second.alpha,   a ? first.near : second.near,   a ? first.triangle : second.triangle,
                a ? first.samples : second.samples};
    }

    [[gnu::always_inline]] I in_front_of(const SomeVeils &other) const {
        return (near > other.near) | ((near == other.near) & (triangle < other.triangle));
    }
};
static_assert(sizeof(SomeVeils) <= kBlendRoom);

// What has come to some pixels so far, from the front to the back.
struct SomeExposures {
    F red{}, green{}, blue{}, alpha{};
    F through[4] = {F{} + 1.0f, F{} + 1.0f, F{} + 1.0f, F{} + 1.0f};

    // Next to no light is no light.
    [[gnu::always_inline]] void add(const SomeVeils &veil) {
        const F passed = 1.0f - veil.alpha;
        F part[4];
        for (int i = 0; i < 4; ++i) {
            const I covered = (veil.samples & 1 << i) != 0;
            part[i] = covered ? through[i] : F{};
            const F rest = covered ? through[i] * passed : through[i];
            through[i] = rest < kInvisible ? F{} : rest;
        }
        const F open = ((part[0] + part[1]) + part[2]) + part[3];
        red += veil.red * open;
        green += veil.green * open;
        blue += veil.blue * open;
        alpha += veil.alpha * open;
    }
};

void blend(const Veils &veils, const int32_t *pixels, int32_t count, int32_t deep, void *room, FourFloats *colour, FourFloats *through) {
    auto *const sorted = static_cast<SomeVeils *>(room);  // from the back to the front
    for (int32_t first = 0; first < count; first += kLanes) {
        const int32_t n = std::min(kLanes, count - first);
        alignas(64) int32_t places[kLanes];
        for (int i = 0; i < kLanes; ++i) places[i] = veils.first[pixels[first + std::min(i, n - 1)]];
        for (int32_t k = 0; k < deep; ++k) {
            const std::array<F, 8> row = columns_of_eight([&](int i) FW_INLINED { return load<EightFloats>(&veils.all[places[i]]); });
            SomeVeils one{row[0], row[1], row[2], row[3], reinterpret_cast<I>(row[4]), reinterpret_cast<I>(row[5]), reinterpret_cast<I>(row[7])};
            store(places, reinterpret_cast<I>(row[6]));
            read_back(places);
            int32_t place = k;
            for (; place > 0; --place) {  // most come back to front
                const SomeVeils &before = sorted[place - 1];
                const I nearer = before.in_front_of(one);
                if (sign_bits(nearer) == 0) break;
                sorted[place] = SomeVeils::chosen(nearer, before, one);
                one = SomeVeils::chosen(nearer, one, before);
            }
            sorted[place] = one;
        }
        SomeExposures exposures;
        for (int32_t k = deep; k-- > 0;) exposures.add(sorted[k]);
        const Rows colours(exposures.red, exposures.green, exposures.blue, exposures.alpha);
        const Rows open(exposures.through[0], exposures.through[1], exposures.through[2], exposures.through[3]);
        for (int32_t i = 0; i < n; ++i) {
            colour[pixels[first + i]] = colours[i];
            through[pixels[first + i]] = open[i];
        }
    }
}

}  // namespace

}  // namespace fw::FW_ISA
