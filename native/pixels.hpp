// From colours 0 .. 255 to rows of pixels of three bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fw {

// The nearest whole number, 0 .. 255. Without a branch, so that loops become vector instructions.
inline uint32_t level(float value) {
    const float rounded = value + 0.5f;
    return static_cast<uint32_t>(static_cast<int32_t>(rounded > 0.0f ? (rounded < 255.0f ? rounded : 255.0f) : 0.0f));
}

// Red is in the lowest byte.
inline uint32_t pixel(float red, float green, float blue) { return level(red) | level(green) << 8 | level(blue) << 16; }

// The lower three bytes of each; one byte more is written after the last.
inline void pack_pixels(const uint32_t *pixels, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; ++i, out += 3) {
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(out, pixels + i, 4);
        } else {
            for (int c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(pixels[i] >> (8 * c));
        }
    }
}

}  // namespace fw
