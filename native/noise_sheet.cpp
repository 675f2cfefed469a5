#include "noise_sheet.hpp"

#include <algorithm>

#include "noise.hpp"
#include "row_clones.hpp"

namespace fw {

namespace {

FW_ROW_CLONES
void hash_row(int32_t y, uint32_t seed, size_t count, float *out) {
    for (size_t i = 0; i < count; ++i) out[i] = lattice_value(static_cast<int32_t>(i), y, 0, seed);
}

FW_ROW_CLONES
void along(const float *lattice, const int32_t *cell, const float *eased, size_t count, float *__restrict out) {
    for (size_t i = 0; i < count; ++i) out[i] = lerp(lattice[cell[i]], lattice[cell[i] + 1], eased[i]);
}

FW_ROW_CLONES
void across(const float *upper, const float *lower, float eased, size_t count, float *__restrict out) {
    for (size_t i = 0; i < count; ++i) out[i] = lerp(upper[i], lower[i], eased);
}

}  // namespace

NoiseSheet::NoiseSheet(float step, uint32_t seed, int width)
    : step_(std::min(step, 1.0f)), seed_(seed), cell_(width), eased_(width), upper_(width), lower_(width), row_(width) {
    for (int i = 0; i < width; ++i) {
        const Cell cell(static_cast<float>(i) * step_);
        cell_[i] = cell.index;
        eased_[i] = cell.t;
    }
    lattice_.resize(cell_.back() + 2);
}

void NoiseSheet::fill(int32_t lattice_row, std::vector<float> &out) {
    hash_row(lattice_row, seed_, lattice_.size(), lattice_.data());
    along(lattice_.data(), cell_.data(), eased_.data(), out.size(), out.data());
}

const float *NoiseSheet::row(int y) {
    const Cell cell(static_cast<float>(y) * step_);
    if (cell.index != filled_) {
        if (cell.index == filled_ + 1)
            std::swap(upper_, lower_);
        else
            fill(cell.index, upper_);
        fill(cell.index + 1, lower_);
        filled_ = cell.index;
    }
    across(upper_.data(), lower_.data(), cell.t, row_.size(), row_.data());
    return row_.data();
}

}  // namespace fw
