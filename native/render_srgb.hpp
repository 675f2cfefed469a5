// sRGB (IEC 61966-2-1) by table: no power function at run time, the same bits on every machine.
#pragma once

#include <array>
#include <cstdint>

namespace fw {

struct SrgbTables {
    static constexpr int kBins = 4096;  // finer than the closest two thresholds, so a bin holds at most one

    std::array<float, 256> linear;            // of each code
    std::array<float, 256> threshold;         // linear value from which code k + 1 is nearer than k; the last is never reached
    std::array<uint8_t, kBins + 1> bin_code;  // the code of bin / kBins

    SrgbTables();
};

extern const SrgbTables kSrgb;

// The nearest code of a linear value; outside 0 .. 1 it is clamped, and NaN becomes 0.
inline uint8_t srgb_code(float linear) {
    const float x = linear > 0.0f ? (linear < 1.0f ? linear : 1.0f) : 0.0f;
    const uint8_t code = kSrgb.bin_code[static_cast<int>(x * SrgbTables::kBins)];
    return static_cast<uint8_t>(code + (x >= kSrgb.threshold[code]));
}

}  // namespace fw
