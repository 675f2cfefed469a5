// Textures: a person's albedo, and an attachment's colour and alpha with a pyramid of smaller copies.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "render_kernels.hpp"

namespace fw {

struct Texels {
    int width = 0, height = 0;
    std::vector<Texel> values;  // rows of width + 1: the last texel of each is repeated

    Texels() = default;
    Texels(int width, int height) : width(width), height(height), values(size_t(width + 1) * height) {}
    Texel &at(int x, int y) { return values[size_t(y) * (width + 1) + x]; }
    const Texel &at(int x, int y) const { return values[size_t(y) * (width + 1) + x]; }
    Surface surface(const Vec3 &tint, float shine_by_red = 0.0f, float shine_by_alpha = 1.0f) const {
        return {{tint.x, tint.y, tint.z},   shine_by_red, shine_by_alpha, static_cast<float>(width), static_cast<float>(height),
                width + 1, values.data()};
    }
};

// From rows of sRGB (channels 3, opaque) or sRGB and straight alpha (channels 4).
Texels make_texels(std::span<const uint8_t> image, int width, int height, int channels);

// A texture with its mip chain: level k halves level k - 1 (rounding up) by averaging 2 x 2 texels; a texel beyond an odd
// border repeats the last.
class MipTexture {
  public:
    explicit MipTexture(Texels base);

    // The level at which `texels_per_sample` (an area, of level 0) comes nearest to 1.
    int level(float texels_per_sample) const;
    int levels() const { return static_cast<int>(levels_.size()); }
    const Texels &operator[](int level) const { return levels_[level]; }
    // Whether nothing shows through.
    bool opaque() const { return opaque_; }
    // The same of a part of it, on levels up to this one.
    static constexpr int kClosedLevel = 4;
    bool closed(const std::array<float, 2> &least_uv, const std::array<float, 2> &most_uv) const;
    // Of the nearest texel.
    float alpha(int level, float u, float v) const;
    float texels() const { return static_cast<float>(levels_[0].width) * static_cast<float>(levels_[0].height); }

  private:
    std::vector<Texels> levels_;
    bool opaque_;
    std::vector<uint8_t> least_alpha_;  // of the texels of level 0 in each of kClosedLevel; empty where it is opaque
};

}  // namespace fw
