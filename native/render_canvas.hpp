// Where light is collected: what has been drawn of each pixel so far, from the front to the back.
#pragma once

#include <vector>

#include "render_raster.hpp"

namespace fw {

inline constexpr uint32_t kAllSamples = 15;

inline constexpr float kInvisible = 1.0f / 255.0f;  // less light than this is not followed

// What is true of the samples whose bits are set: as numbers (1, else 0), as a truth value, and their middle from the first.
struct Place {
    int32_t x, y;  // fixed-point samples
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
    // Adds light that comes from these samples of a pixel (times alpha) to what lies behind everything so far.
    void add(int32_t pixel, uint32_t samples, const FourFloats &colour) {
        const FourFloats part = through_[pixel] * coverage(samples);
        colour_[pixel] += colour * (part[0] + part[1] + part[2] + part[3]);
    }
    // Lets only a part of what is behind these samples through, and nothing where that is next to nothing.
    void dim(int32_t pixel, uint32_t samples, float through) {
        FourFloats &here = through_[pixel];
        here = truth(samples) ? here * through : here;
        here = here < kInvisible ? FourFloats{} : here;
    }

    const FourFloats *through() const { return through_.data(); }
    FourFloats *colour() { return colour_.data(); }
    // The middle of some samples of a pixel: if they are inside a triangle, so is it.
    Place middle(int32_t pixel, uint32_t samples) const {
        const Place &first = places_[pixel], &middle = kSampleSets[samples].middle;
        return {first.x + middle.x, first.y + middle.y};
    }

  private:
    std::vector<FourFloats> colour_;   // summed over samples
    std::vector<FourFloats> through_;  // per sample: the part of the light from behind that comes through
    std::vector<Place> places_;        // of each pixel's first sample
};

}  // namespace fw
