// Layers of paint over chunks of texels, in vectors of words of which each holds a plane's bytes of four texels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fw {

// A layer covers a texel with
//   alpha = strength * clamp((value + roughness * noise - threshold) * gain, 0, 1)   where value > 0
// and moves its colour towards colour * (1 + mottle * noise). Its value is mask / 255, times, for a band,
//   1 - |v - (c0 + c1 u + c2 u^2)| / (w0 + w1 u)
// with u and v of two coordinate planes, / 255.
struct PaintLayer {
    float colour[3], strength, threshold, gain, roughness, mottle, c0, c1, c2, w0, w1;
};

// A chunk is kChunk texels of a row; word i of a plane holds those from 4 i on, the first in the lowest byte.
inline constexpr size_t kChunk = 32, kChunkWords = kChunk / 4;

// Colours 0 .. 255 of a chunk, in the order of the words' bytes: those of the lowest bytes first.
struct ChunkColours {
    float values[4][3][kChunkWords];

    float &at(size_t texel, int channel) { return values[texel % 4][channel][texel / 4]; }
};

// The chunks of a row where a mask is not empty, and its words in these, one chunk's behind the other's.
struct Covered {
    std::span<const uint16_t> chunks;
    const int32_t *mask;
};

// Rows of the other planes of a layer, as words; u and v are null without a band. So many words on begins the pattern's row below,
// which is fetched ahead: a row is too short for the machine to see what comes next.
struct PaintRows {
    const int32_t *pattern;
    size_t below;
    const int32_t *u, *v;
};

// Paints the chunks of a row that are covered.
void paint_layer(const PaintLayer &layer, const Covered &covered, const PaintRows &rows, ChunkColours *colours);

// Three bytes of each texel of a chunk.
void pack_chunk(const ChunkColours &colours, uint8_t *out);

}  // namespace fw
