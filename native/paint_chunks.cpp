#include "paint_chunks.hpp"

#include <bit>

#include "row_clones.hpp"
#include "simd.hpp"

namespace fw {

namespace {

using F = EightFloats;
using I = Ints<8>;
static_assert(kChunkWords == 8 && std::endian::native == std::endian::little);

// In two steps without a branch.
[[gnu::always_inline]] inline F clamp01(const F &x) {
    const F low = x > 0.0f ? x : F{}, one = F{} + 1.0f;
    return low < one ? low : one;
}

// Byte `At` of each word, 0 .. 255, as a share of 255. The byte is taken where it lies in steps of 2^23; that is exact.
template <int At>
[[gnu::always_inline]] inline F share(const I &words) {
    constexpr float step = 1.0f / 255.0f / 8388608.0f;
    const I moved = At < 3 ? words << (23 - 8 * At) : words >> 1;
    return __builtin_convertvector(moved & 0x7f800000, F) * step;
}

// The same of signed bytes -127 .. 127, -1 .. 1, in steps of 2^24.
template <int At>
[[gnu::always_inline]] inline F signed_share(const I &words) {
    constexpr float step = 1.0f / 127.0f / 16777216.0f;
    const I moved = At < 3 ? words << (24 - 8 * At) : words;
    return __builtin_convertvector(moved & -16777216, F) * step;
}

// 1 in the middle of a band, 0 at its borders, below outside.
template <int At>
[[gnu::always_inline]] inline F inside_band(const PaintLayer &layer, const I &u_words, const I &v_words) {
    const F u = share<At>(u_words), v = share<At>(v_words);
    const F off = v - (layer.c0 + u * (layer.c1 + u * layer.c2)), width = layer.w0 + layer.w1 * u, least = F{} + 1e-3f;
    return 1.0f - (off > 0.0f ? off : -off) / (width > least ? width : least);
}

[[gnu::always_inline]] inline F cover(const PaintLayer &layer, const F &value, const F &noise) {
    const F alpha = layer.strength * clamp01((value + layer.roughness * noise - layer.threshold) * layer.gain);
    return value > 0.0f ? alpha : F{};
}

[[gnu::always_inline]] inline void blend(const PaintLayer &layer, const F &alpha, const F &noise, float colours[3][kChunkWords]) {
    const F shade = 1.0f + layer.mottle * noise;
    for (int c = 0; c < 3; ++c) {
        const F under = load<F>(colours[c]);
        store(colours[c], under + (layer.colour[c] * shade - under) * alpha);
    }
}

template <int At>
[[gnu::always_inline]] inline void paint_mask(const PaintLayer &layer, const I &mask, const I &pattern, ChunkColours &colours) {
    const F noise = signed_share<At>(pattern);
    blend(layer, cover(layer, share<At>(mask), noise), noise, colours.values[At]);
}

template <int At>
[[gnu::always_inline]] inline F cover_band(const PaintLayer &layer, const I &mask, const I &pattern, const I &u, const I &v) {
    return cover(layer, share<At>(mask) * inside_band<At>(layer, u, v), signed_share<At>(pattern));
}

[[gnu::always_inline]] inline bool any(const F &a, const F &b, const F &c, const F &d) {
    const I bits = reinterpret_cast<I>(a) | reinterpret_cast<I>(b) | reinterpret_cast<I>(c) | reinterpret_cast<I>(d);
    const FourLongs two = reinterpret_cast<FourLongs>(bits);
    return (two[0] | two[1] | two[2] | two[3]) != 0;
}

FW_ROW_CLONES
void paint_masks(const PaintLayer &layer, const Covered &covered, const PaintRows &rows, ChunkColours *colours) {
    const PaintLayer own = layer;
    for (size_t i = 0; i < covered.chunks.size(); ++i) {
        const size_t chunk = covered.chunks[i], first = chunk * kChunkWords;
        const I mask = load<I>(covered.mask + i * kChunkWords), pattern = load<I>(rows.pattern + first);
        __builtin_prefetch(rows.pattern + first + rows.below);
        ChunkColours &under = colours[chunk];
        paint_mask<0>(own, mask, pattern, under);
        paint_mask<1>(own, mask, pattern, under);
        paint_mask<2>(own, mask, pattern, under);
        paint_mask<3>(own, mask, pattern, under);
    }
}

// Most chunks of a band's mask are outside the band.
FW_ROW_CLONES
void paint_bands(const PaintLayer &layer, const Covered &covered, const PaintRows &rows, ChunkColours *colours) {
    const PaintLayer own = layer;
    for (size_t i = 0; i < covered.chunks.size(); ++i) {
        const size_t chunk = covered.chunks[i], first = chunk * kChunkWords;
        const I mask = load<I>(covered.mask + i * kChunkWords), pattern = load<I>(rows.pattern + first), u = load<I>(rows.u + first),
                v = load<I>(rows.v + first);
        const F a = cover_band<0>(own, mask, pattern, u, v), b = cover_band<1>(own, mask, pattern, u, v),
                c = cover_band<2>(own, mask, pattern, u, v), d = cover_band<3>(own, mask, pattern, u, v);
        if (!any(a, b, c, d)) continue;
        ChunkColours &under = colours[chunk];
        blend(own, a, signed_share<0>(pattern), under.values[0]);
        blend(own, b, signed_share<1>(pattern), under.values[1]);
        blend(own, c, signed_share<2>(pattern), under.values[2]);
        blend(own, d, signed_share<3>(pattern), under.values[3]);
    }
}

// The nearest whole number, 0 .. 255.
[[gnu::always_inline]] inline I level(const float *value) {
    const F rounded = load<F>(value) + 0.5f, most = F{} + 255.0f, low = rounded > 0.0f ? rounded : F{};
    return __builtin_convertvector(low < most ? low : most, I);
}

[[gnu::always_inline]] inline I pixels(const float colours[3][kChunkWords]) {
    return level(colours[0]) | level(colours[1]) << 8 | level(colours[2]) << 16;
}

FW_ROW_CLONES
void pack(const ChunkColours &colours, uint8_t *out) {
    const I p = pixels(colours.values[0]), q = pixels(colours.values[1]), r = pixels(colours.values[2]), s = pixels(colours.values[3]);
    // Four texels of three bytes are three words.
    const I a = p | q << 24, b = q >> 8 | r << 16, c = r >> 16 | s << 8;
    const I ab = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11), ab2 = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    const I mixed = __builtin_shufflevector(ab, ab2, 6, 7, 8, 9, 10, 11, 12, 13);
    store(out, __builtin_shufflevector(ab, c, 0, 1, 8, 2, 3, 9, 4, 5));
    store(out + 32, __builtin_shufflevector(mixed, c, 10, 0, 1, 11, 2, 3, 12, 4));
    store(out + 64, __builtin_shufflevector(ab2, c, 3, 13, 4, 5, 14, 6, 7, 15));
}

}  // namespace

void paint_layer(const PaintLayer &layer, const Covered &covered, const PaintRows &rows, ChunkColours *colours) {
    (rows.u == nullptr ? paint_masks : paint_bands)(layer, covered, rows, colours);
}

void pack_chunk(const ChunkColours &colours, uint8_t *out) { pack(colours, out); }

}  // namespace fw
