// Vectors as wide as the instruction set's; part of render_kernels.ipp.
#pragma once

#include "render_kernels.hpp"

namespace fw::FW_ISA {

namespace {

constexpr int kLanes = FW_LANES;

using F = Floats<kLanes>;
using I = Ints<kLanes>;

[[gnu::always_inline]] inline I splat(int32_t x) { return I{} + x; }

// The numbers at these places.
[[gnu::always_inline]] inline F gather(const float *from, const I &places) {
    alignas(64) int32_t at[kLanes];
    alignas(64) float out[kLanes];
    store(at, places);
    for (int i = 0; i < kLanes; ++i) out[i] = from[at[i]];
    return load<F>(out);
}

// The first of `count` numbers, as many as a vector has lanes; 0 for those there are not.
[[gnu::always_inline]] inline F load_some(const float *from, int32_t count) {
    if (count >= kLanes) return load<F>(from);
    alignas(64) float out[kLanes] = {};
    std::memcpy(out, from, size_t(count) * sizeof(float));
    return load<F>(out);
}

[[gnu::always_inline]] inline void store_some(float *to, const F &v, int32_t count) {
    if (count >= kLanes)
        store(to, v);
    else
        std::memcpy(to, &v, size_t(count) * sizeof(float));
}

// Between 0 and 1.
[[gnu::always_inline]] inline F part(const F &x) {
    const F most = F{} + 1.0f, some = x > 0.0f ? x : F{};
    return some < most ? some : most;
}

// Rows of 4 numbers to 4 columns.
template <class Four>
[[gnu::always_inline]] inline void turn(Four &a, Four &b, Four &c, Four &d) {
    const Four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    a = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    b = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    c = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
    d = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}

}  // namespace

}  // namespace fw::FW_ISA
