// A small scene in linear light, and what a lens makes of it: blurred by a disc, turned, enlarged and exposed.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "simd.hpp"

namespace fw {

// Linear red, green and blue; the fourth number means nothing.
typedef FourFloats Light;

// Braces, unlike parentheses, evaluate what is in them from left to right: every compiler draws in the same order.
struct Flat {
    float left, upper, right, lower;
    Light colour;
};

struct Shaded {
    float left, upper, right, lower;
    Light top, bottom;
};

struct Disc {
    float x, y, radius;
    Light colour;
};

// Light that falls off from a place.
struct Falloff {
    float x, y, amount;
};

// Patches of light and shade, as large as the side / `frequency`.
struct Patches {
    float frequency, amount;
    uint32_t seed;
};

// How the scene is seen: its middle in the scene, turned by an angle, so much of its side, the factor of its light.
struct View {
    float x, y, turn_deg, zoom, exposure;
};

// The sharp scene; coordinates are 0 .. 1 over its side, y down.
class Canvas {
  public:
    static constexpr int kSide = 64;

    void shade(const Shaded &box);
    void fill(const Flat &box) { shade({box.left, box.upper, box.right, box.lower, box.colour, box.colour}); }
    void disc(const Disc &disc);
    void darken(const Falloff &falloff);

    // The scene through a lens that spreads light over discs of `radius` (of the side), in size x size sRGB pixels. One byte
    // more than they take is written.
    void photograph(const Patches &patches, float radius, const View &view, int size, uint8_t *out);

  private:
    struct Box {
        int left, upper, right, lower;

        int width() const { return right - left; }
    };

    static Box seen(const View &view, int margin);
    void mottle(const Patches &patches, const Box &box);
    void blur(float radius, const Box &box);
    void develop(float exposure, const Box &box);

    Light *row(int y) { return pixels_.data() + y * kSide; }

    std::vector<Light> pixels_ = std::vector<Light>(kSide * kSide), sums_;
};

}  // namespace fw
