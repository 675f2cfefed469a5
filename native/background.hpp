// Procedural backgrounds: what they share.
#pragma once

#include <cstdint>

#include "philox.hpp"

namespace fw {

// Uniform numbers in (0, 1) that follow from four random words.
class Draws {
  public:
    explicit Draws(const uint32_t *words)
        : counter_{0, words[2], words[3], 0}, seed_(uint64_t{words[1]} << 32 | words[0]) {}

    float operator()() {
        if (used_ == 4) {
            block_ = philox(counter_, seed_);
            ++counter_[0];
            used_ = 0;
        }
        return static_cast<float>(unit_interval(block_[used_++]));
    }
    float operator()(float low, float high) { return low + (high - low) * (*this)(); }
    int count(int low, int high) { return low + static_cast<int>((*this)() * static_cast<float>(high - low + 1)); }
    bool chance(float p) { return (*this)() < p; }

  private:
    Words counter_, block_{};
    uint64_t seed_;
    int used_ = 4;
};

// Both write size x size x 3 bytes of sRGB and one byte more.

// A place out of focus: a room, a street, greenery, lights at night or a backdrop.
void draw_place(Draws &draw, int size, uint8_t *out);
// A surface seen close by, in focus: a pattern in two colours, broken up by noise of three sizes.
void draw_texture(Draws &draw, uint32_t seed, int size, uint8_t *out);

}  // namespace fw
