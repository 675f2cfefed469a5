// Vectors of N numbers (GCC's and Clang's vector types): elementwise IEEE arithmetic, so the same bits for every N.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace fw {

template <int N>
struct Vectors {
    typedef float Floats __attribute__((vector_size(N * 4)));
    typedef int32_t Ints __attribute__((vector_size(N * 4)));
};

template <int N>
using Floats = typename Vectors<N>::Floats;
template <int N>
using Ints = typename Vectors<N>::Ints;

typedef Floats<4> FourFloats;
typedef Ints<4> FourInts;
typedef Floats<8> EightFloats;
typedef int64_t FourLongs __attribute__((vector_size(32)));

template <class Vector, class Number>
[[gnu::always_inline]] inline Vector load(const Number *from) {
    Vector v;
    std::memcpy(&v, from, sizeof(v));
    return v;
}

template <class Vector, class Number>
[[gnu::always_inline]] inline void store(Number *to, const Vector &v) {
    std::memcpy(to, &v, sizeof(v));
}

// Numbers of which a vector of any width lies in one line of the cache.
template <class T>
struct CacheLines {
    using value_type = T;
    static constexpr std::align_val_t kLine{64};

    CacheLines() = default;
    template <class Other>
    CacheLines(const CacheLines<Other> &) {}

    T *allocate(size_t count) { return static_cast<T *>(::operator new(count * sizeof(T), kLine)); }
    void deallocate(T *memory, size_t) { ::operator delete(memory, kLine); }

    friend bool operator==(const CacheLines &, const CacheLines &) { return true; }
};

template <class T>
using LinedVector = std::vector<T, CacheLines<T>>;

// One bit for each lane that is negative: for a comparison's result, that is true.
[[gnu::always_inline]] inline uint32_t sign_bits(const FourInts &v) {
#if defined(__SSE2__)
    return static_cast<uint32_t>(_mm_movemask_ps(reinterpret_cast<__m128>(v)));
#else
    uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) bits |= (static_cast<uint32_t>(v[i]) >> 31) << i;
    return bits;
#endif
}

#if defined(__AVX2__)
[[gnu::always_inline]] inline uint32_t sign_bits(const Ints<8> &v) {
    return static_cast<uint32_t>(_mm256_movemask_ps(reinterpret_cast<__m256>(v)));
}
#endif

#if defined(__AVX512DQ__)
[[gnu::always_inline]] inline uint32_t sign_bits(const Ints<16> &v) {
    return _mm512_movepi32_mask(reinterpret_cast<__m512i>(v));
}
#endif

// Whether any lane is negative.
[[gnu::always_inline]] inline bool any(const FourInts &v) { return sign_bits(v) != 0; }
[[gnu::always_inline]] inline bool any(const FourLongs &v) { return (v[0] | v[1] | v[2] | v[3]) < 0; }

}  // namespace fw
