// Vectors as wide as the instruction set's; part of render_kernels.ipp.
#pragma once

#include "render_kernels.hpp"

namespace fw::FW_ISA {

namespace {

constexpr int kLanes = FW_LANES;

using F = Floats<kLanes>;
using I = Ints<kLanes>;

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
