// Numbers of channels side by side: N lanes of float32, loaded from and stored as float32 or bfloat16.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "layers_kernels.hpp"
#include "simd.hpp"

#define FW_INLINE [[gnu::always_inline]] inline

namespace fw {
namespace FW_ISA {

template <int N>
struct Packed {
    typedef uint8_t Bytes __attribute__((vector_size(N)));
    typedef uint16_t Shorts __attribute__((vector_size(N * 2)));
    typedef uint32_t Words __attribute__((vector_size(N * 4)));
};

template <int N>
FW_INLINE Floats<N> widened(const typename Packed<N>::Shorts &halves) {
    const auto words = __builtin_convertvector(halves, typename Packed<N>::Words) << 16;
    return std::bit_cast<Floats<N>>(words);
}

// To the nearest, ties to even.
template <int N>
FW_INLINE typename Packed<N>::Shorts rounded(const Floats<N> &v) {
    using Shorts = typename Packed<N>::Shorts;
#if defined(__AVX512BF16__)
    if constexpr (N == 16) {
        const __m256bh halves = _mm512_cvtneps_pbh(std::bit_cast<__m512>(v));
        return std::bit_cast<Shorts>(halves);
    }
#endif
    using Words = typename Packed<N>::Words;
    const Words bits = std::bit_cast<Words>(v);
    const Words nearest = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return __builtin_convertvector(v == v ? nearest : Words{} + 0x7fc0u, Shorts);
}

template <int N>
FW_INLINE Floats<N> read(const float *from) {
    return load<Floats<N>>(from);
}

template <int N>
FW_INLINE Floats<N> read(const Bf16 *from) {
    return widened<N>(load<typename Packed<N>::Shorts>(from));
}

template <int N>
FW_INLINE void write(float *to, const Floats<N> &v) {
    store(to, v);
}

template <int N>
FW_INLINE void write(Bf16 *to, const Floats<N> &v) {
    store(to, rounded<N>(v));
}

// Writes numbers and returns them as they are stored.
template <int N>
FW_INLINE Floats<N> write_rounded(float *to, const Floats<N> &v) {
    store(to, v);
    return v;
}

template <int N>
FW_INLINE Floats<N> write_rounded(Bf16 *to, const Floats<N> &v) {
    const auto halves = rounded<N>(v);
    store(to, halves);
    return widened<N>(halves);
}

// 1 / sqrt(v) of positive numbers to about 1e-7.
template <int N>
FW_INLINE Floats<N> inverse_root(const Floats<N> &v) {
#if defined(__AVX512F__)
    if constexpr (N == 16) {
        const __m512 rough = _mm512_rsqrt14_ps(std::bit_cast<__m512>(v));
        const Floats<N> r = std::bit_cast<Floats<N>>(rough);
        return r * (1.5f - 0.5f * v * r * r);
    }
#endif
    Floats<N> out;
    for (int i = 0; i < N; ++i) out[i] = 1.0f / std::sqrt(v[i]);
    return out;
}

// Calls body<N, K>(channel) for strips of K vectors of N channels that cover all channels: the last ones are narrower.
template <int K, class Body>
FW_INLINE void for_strips(int64_t channels, Body &&body) {
    int64_t c = 0;
    for (; c + K * FW_LANES <= channels; c += K * FW_LANES) body.template operator()<FW_LANES, K>(c);
    if constexpr (K > 1)
        for (; c + FW_LANES <= channels; c += FW_LANES) body.template operator()<FW_LANES, 1>(c);
    for (; c < channels; ++c) body.template operator()<1, 1>(c);
}

}  // namespace FW_ISA
}  // namespace fw
