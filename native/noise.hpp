// Value noise on integer lattices: random numbers at lattice points, smoothly interpolated between them.
#pragma once

#include <cstdint>

namespace fw {

// A well-mixed 32-bit hash of a lattice point (the finaliser of MurmurHash3).
inline uint32_t lattice_hash(int32_t x, int32_t y, int32_t z, uint32_t seed) {
    uint32_t h = seed ^ (static_cast<uint32_t>(x) * 0x8da6b343u) ^ (static_cast<uint32_t>(y) * 0xd8163841u) ^
                 (static_cast<uint32_t>(z) * 0xcb1ab31fu);
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ (h >> 16);
}

inline float lattice_value(int32_t x, int32_t y, int32_t z, uint32_t seed) {
    return static_cast<float>(lattice_hash(x, y, z, seed) >> 8) * (2.0f / 16777215.0f) - 1.0f;
}

inline float smooth_step(float t) { return t * t * (3.0f - 2.0f * t); }
inline float lerp(float a, float b, float t) { return a + (b - a) * t; }

// The lattice cell of a coordinate and the eased position within it.
struct Cell {
    int32_t index;
    float t;

    explicit Cell(float x) : index(static_cast<int32_t>(x)) {
        if (static_cast<float>(index) > x) --index;
        t = smooth_step(x - static_cast<float>(index));
    }
};

// Noise in [-1, 1] at (x, y, z), with features about one unit across.
inline float value_noise(float x, float y, float z, uint32_t seed) {
    const Cell cx(x), cy(y), cz(z);
    const int32_t ix = cx.index, iy = cy.index, iz = cz.index;
    const float tx = cx.t, ty = cy.t, tz = cz.t;
    const auto edge = [&](int32_t dy, int32_t dz) {
        return lerp(lattice_value(ix, iy + dy, iz + dz, seed), lattice_value(ix + 1, iy + dy, iz + dz, seed), tx);
    };
    return lerp(lerp(edge(0, 0), edge(1, 0), ty), lerp(edge(0, 1), edge(1, 1), ty), tz);
}

}  // namespace fw
