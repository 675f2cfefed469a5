// Where light is collected: what has been drawn of each pixel so far, from the front to the back.
#pragma once

#include <vector>

#include "render_raster.hpp"

namespace fw {

inline constexpr uint32_t kAllSamples = 15;

inline constexpr float kInvisible = 1.0f / 255.0f;  // less light than this is not followed

// What is true of the samples whose bits are set: as numbers (1, else 0), as a truth value, and their middle from the pixel's
// first: if they are inside a triangle, so is it.
struct Place {
    float x, y;  // fixed-point
};
struct SampleSet {
    FourFloats covered;
    FourInts truth;
    Place middle;
};
extern const std::array<SampleSet, 16> kSampleSets;

[[gnu::always_inline]] inline const FourFloats &coverage(uint32_t samples) { return kSampleSets[samples].covered; }
[[gnu::always_inline]] inline const FourInts &truth(uint32_t samples) { return kSampleSets[samples].truth; }

// Buffers for one image after the other. Pixels are numbered as in TileLayout.
class Canvas {
  public:
    explicit Canvas(const TileLayout &layout);

    void clear();
    FourFloats *colour() { return colour_.data(); }    // summed over samples
    FourFloats *through() { return through_.data(); }  // per sample: the part of the light from behind that comes through

  private:
    LinedVector<FourFloats> colour_, through_;  // per pixel
};

}  // namespace fw
