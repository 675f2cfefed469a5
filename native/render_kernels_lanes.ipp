// Vectors as wide as the instruction set's; part of render_kernels.ipp.
#pragma once

#include <array>
#include <cmath>
#include <utility>

#include "render_kernels.hpp"

#define FW_INLINED __attribute__((always_inline))  // of a lambda, which the compiler otherwise leaves out of line

namespace fw::FW_ISA {

namespace {

constexpr int kLanes = FW_LANES;
constexpr uint32_t kAllLanes = (1u << kLanes) - 1;

using F = Floats<kLanes>;
using I = Ints<kLanes>;
typedef int64_t TwoLongs __attribute__((vector_size(16)));

[[gnu::always_inline]] inline I splat(int32_t x) { return I{} + x; }

// Has what was stored as a vector read from memory, one by one: GCC would take the numbers out of the vector, which is slower.
template <class Number>
[[gnu::always_inline]] inline void read_back(Number (&numbers)[kLanes]) {
    asm("" : "+m"(numbers));
}

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

// Of numbers from 0 on.
[[gnu::always_inline]] inline F root(const F &x) {
    alignas(64) float numbers[kLanes];
    store(numbers, x);
    for (float &number : numbers) number = std::sqrt(number);
    return load<F>(numbers);
}

// Between 0 and 1.
[[gnu::always_inline]] inline F part(const F &x) {
    const F most = F{} + 1.0f, some = x > 0.0f ? x : F{};
    return some < most ? some : most;
}

template <class V>
using LanesOf = std::make_integer_sequence<int, static_cast<int>(sizeof(V) / 4)>;

// From each four numbers of two vectors: the first or (offset 2) the last two of one, each followed by that of the other.
template <int offset, class V, int... i>
[[gnu::always_inline]] inline V zip(const V &a, const V &b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, ((i & ~3) + offset + (i >> 1 & 1) + (i & 1) * static_cast<int>(sizeof...(i)))...);
}

// The same, pair followed by pair.
template <int offset, class V, int... i>
[[gnu::always_inline]] inline V zip_pairs(const V &a, const V &b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, ((i & ~3) + offset + (i & 1) + (i >> 1 & 1) * static_cast<int>(sizeof...(i)))...);
}

// From each four numbers of two vectors: every other one of the first, then of the second, from the first or (offset 1) the second on.
template <int offset, class V, int... i>
[[gnu::always_inline]] inline V uneven(const V &a, const V &b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, ((i & ~3) + offset + (i & 1) * 2 + (i >> 1 & 1) * static_cast<int>(sizeof...(i)))...);
}

// Rows of 4 numbers to 4 columns, for each four numbers of longer vectors.
template <class V>
[[gnu::always_inline]] inline void turn(V &a, V &b, V &c, V &d) {
    constexpr LanesOf<V> lanes;
    const V ab = zip<0>(a, b, lanes), ab2 = zip<2>(a, b, lanes), cd = zip<0>(c, d, lanes), cd2 = zip<2>(c, d, lanes);
    a = zip_pairs<0>(ab, cd, lanes);
    b = zip_pairs<2>(ab, cd, lanes);
    c = zip_pairs<0>(ab2, cd2, lanes);
    d = zip_pairs<2>(ab2, cd2, lanes);
}

// A vector from its fours, which `four` gives.
template <class Four>
[[gnu::always_inline]] inline auto join(Four &&four) {
    if constexpr (kLanes == 4) {
        return four(0);
    } else {
        const auto low = __builtin_shufflevector(four(0), four(1), 0, 1, 2, 3, 4, 5, 6, 7);
        if constexpr (kLanes == 8) {
            return low;
        } else {
            const auto high = __builtin_shufflevector(four(2), four(3), 0, 1, 2, 3, 4, 5, 6, 7);
            return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        }
    }
}

// The columns of a matrix of which `row` gives each lane's row of four.
template <class Row>
[[gnu::always_inline]] inline auto columns_of_four(Row &&row) {
    const auto of_each_four = [&](int i) FW_INLINED { return join([&](int g) FW_INLINED { return row(4 * g + i); }); };
    auto a = of_each_four(0), b = of_each_four(1), c = of_each_four(2), d = of_each_four(3);
    turn(a, b, c, d);
    return std::array{a, b, c, d};
}

// The columns of a matrix of which `row` gives each lane's row of two numbers, as eight bytes.
template <class Row>
[[gnu::always_inline]] inline std::array<I, 2> columns_of_two(Row &&row) {
    const auto two = [&](int i) FW_INLINED { return reinterpret_cast<FourInts>(TwoLongs{row(i), row(i + 1)}); };
    const I first = join([&](int g) FW_INLINED { return two(4 * g); }), second = join([&](int g) FW_INLINED { return two(4 * g + 2); });
    return {uneven<0>(first, second, LanesOf<I>{}), uneven<1>(first, second, LanesOf<I>{})};
}

// Within this many steps products of coordinates stay below 2^30.
constexpr int32_t kSmall = 64 * kSubsample;

[[gnu::always_inline]] inline I least(const I &a, const I &b) { return a < b ? a : b; }
[[gnu::always_inline]] inline I most(const I &a, const I &b) { return a > b ? a : b; }

// The same corner of several triangles, one a lane.
struct Corners {
    I x, y;
    F near;

    // Of what `vertex` gives for each lane.
    template <class Vertex>
    [[gnu::always_inline]] explicit Corners(Vertex &&vertex) {
        const auto columns = columns_of_four([&](int i) FW_INLINED { return load<FourInts>(&vertex(i)); });
        x = columns[0], y = columns[1], near = reinterpret_cast<F>(columns[2]);
    }
};

// The corners of the triangle that `triangle` gives for each lane.
template <class Of>
[[gnu::always_inline]] inline std::array<Corners, 3> corners_of(const ScreenVertex *vertices, Of &&triangle) {
    const auto corner = [&](int which) FW_INLINED {
        return Corners([&](int i) FW_INLINED -> const ScreenVertex & { return vertices[triangle(i)[which]]; });
    };
    return {corner(0), corner(1), corner(2)};
}

// What edge() gives, one a lane.
struct Edges {
    int64_t whole[kLanes];
    F rounded;

    [[gnu::always_inline]] Edges(const Corners &from, const Corners &to, const I &x, const I &y) {
        const I across = to.x - from.x, down = to.y - from.y, dx = x - from.x, dy = y - from.y;
        const auto within = [](const I &steps) FW_INLINED { return (steps <= kSmall) & (steps >= -kSmall); };
        if (sign_bits(I(within(across) & within(down) & within(dx) & within(dy))) == (1u << kLanes) - 1) {
            const I edge = down * dx - across * dy;
            for (int i = 0; i < kLanes; ++i) whole[i] = edge[i];
            rounded = __builtin_convertvector(edge, F);
        } else {
            alignas(64) float numbers[kLanes];
            for (int i = 0; i < kLanes; ++i) {
                whole[i] = int64_t{down[i]} * dx[i] - int64_t{across[i]} * dy[i];
                numbers[i] = static_cast<float>(whole[i]);
            }
            rounded = load<F>(numbers);
        }
    }
};

// Each lane's row of four numbers, from columns.
class Rows {
  public:
    [[gnu::always_inline]] Rows(F a, F b, F c, F d) {
        turn(a, b, c, d);
        keep({a, b, c, d});
    }
    // Of columns that have been turned.
    [[gnu::always_inline]] explicit Rows(const std::array<F, 4> &turned) { keep(turned); }

    [[gnu::always_inline]] FourFloats operator[](int i) const { return load<FourFloats>(numbers_[i % 4] + i / 4 * 4); }

  private:
    [[gnu::always_inline]] void keep(const std::array<F, 4> &turned) {
        for (int k = 0; k < 4; ++k) store(numbers_[k], turned[k]);
    }

    alignas(64) float numbers_[4][kLanes];
};

// The first or the last four numbers of each four lanes' i-th row.
struct Halves {
    F low, high;

    template <class Row>
    [[gnu::always_inline]] Halves(Row &&row, int i) {
        if constexpr (kLanes == 4) {
            const auto all = row(i);
            low = __builtin_shufflevector(all, all, 0, 1, 2, 3);
            high = __builtin_shufflevector(all, all, 4, 5, 6, 7);
        } else if constexpr (kLanes == 8) {
            const auto first = row(i), second = row(4 + i);
            low = __builtin_shufflevector(first, second, 0, 1, 2, 3, 8, 9, 10, 11);
            high = __builtin_shufflevector(first, second, 4, 5, 6, 7, 12, 13, 14, 15);
        } else {
            const auto two = [&](int g) FW_INLINED {
                return __builtin_shufflevector(row(4 * g + i), row(4 * g + 4 + i), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            };
            const auto first = two(0), second = two(2);
            low = __builtin_shufflevector(first, second, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
            high = __builtin_shufflevector(first, second, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        }
    }
};

// The same of rows of eight.
template <class Row>
[[gnu::always_inline]] inline std::array<F, 8> columns_of_eight(Row &&row) {
    Halves a(row, 0), b(row, 1), c(row, 2), d(row, 3);
    turn(a.low, b.low, c.low, d.low);
    turn(a.high, b.high, c.high, d.high);
    return {a.low, b.low, c.low, d.low, a.high, b.high, c.high, d.high};
}

}  // namespace

}  // namespace fw::FW_ISA
