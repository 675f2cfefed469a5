// Four numbers at a time (GCC's and Clang's vector types): elementwise IEEE arithmetic, so the same bits as one by one.
#pragma once

#include <cstdint>

namespace fw {

typedef float FourFloats __attribute__((vector_size(16)));
typedef int32_t FourInts __attribute__((vector_size(16)));
typedef int64_t FourLongs __attribute__((vector_size(32)));
typedef int64_t TwoLongs __attribute__((vector_size(16)));

// Whether a lane of a comparison's result is true.
inline bool any(const FourInts &truth) {
    const auto pairs = reinterpret_cast<TwoLongs>(truth);
    return (pairs[0] | pairs[1]) != 0;
}

// Whether a lane is 0 or more.
inline bool any_not_negative(const FourInts &v) {
    const auto pairs = reinterpret_cast<TwoLongs>(v);
    constexpr uint64_t signs = 0x8000000080000000;
    return (static_cast<uint64_t>(pairs[0]) & static_cast<uint64_t>(pairs[1]) & signs) != signs;
}

inline bool any_not_negative(const FourLongs &v) { return (v[0] & v[1] & v[2] & v[3]) >= 0; }

}  // namespace fw
