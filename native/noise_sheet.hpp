// Value noise over a picture, row after row.
#pragma once

#include <cstdint>
#include <vector>

namespace fw {

class NoiseSheet {
  public:
    // step: from one place to the next, at most 1; features are about one unit across.
    NoiseSheet(float step, uint32_t seed, int width);

    // Noise in [-1, 1] at (i * step, y * step) for every i below the width, until the next call.
    const float *row(int y);

  private:
    void fill(int32_t lattice_row, std::vector<float> &out);

    float step_;
    uint32_t seed_;
    std::vector<int32_t> cell_;
    std::vector<float> eased_, lattice_, upper_, lower_, row_;
    int32_t filled_ = -2;
};

}  // namespace fw
