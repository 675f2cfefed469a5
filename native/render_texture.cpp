#include "render_texture.hpp"

#include <algorithm>
#include <cstring>

#include "render_srgb.hpp"

namespace fw {

namespace {

// A texel position along one axis, clamped to the texture: the lower texel and the share of the next one.
struct TexelPosition {
    int low, next;
    float share;

    TexelPosition(float coordinate, int side) {
        float x = coordinate * static_cast<float>(side) - 0.5f;
        const float last = static_cast<float>(side - 1);
        x = x > 0.0f ? (x < last ? x : last) : 0.0f;  // NaN becomes 0
        low = static_cast<int>(x);
        next = low + 1 < side ? low + 1 : low;
        share = x - static_cast<float>(low);
    }
};

// Repeats each row's last texel after it.
void close_rows(Texels &texels) {
    for (int y = 0; y < texels.height; ++y) texels.at(texels.width, y) = texels.at(texels.width - 1, y);
}

Texels halved(const Texels &from) {
    Texels to((from.width + 1) / 2, (from.height + 1) / 2);
    for (int y = 0; y < to.height; ++y)
        for (int x = 0; x < to.width; ++x) {
            const int left = 2 * x, right = std::min(2 * x + 1, from.width - 1);
            const int top = 2 * y, bottom = std::min(2 * y + 1, from.height - 1);
            const Texel &a = from.at(left, top), &b = from.at(right, top), &c = from.at(left, bottom), &d = from.at(right, bottom);
            for (int k = 0; k < 4; ++k) to.at(x, y)[k] = static_cast<uint16_t>((a[k] + b[k] + c[k] + d[k] + 2) / 4);
        }
    close_rows(to);
    return to;
}

// Two neighbouring texels' channels 0 and 2, and 1 and 3.
struct Pair {
    FourFloats even, odd;

    explicit Pair(const Texel *left) {
        FourInts both;
        std::memcpy(&both, left, sizeof(both));
        even = __builtin_convertvector(both & 0xffff, FourFloats);
        odd = __builtin_convertvector((both >> 16) & 0xffff, FourFloats);
    }
};

}  // namespace

FourFloats Texels::bilinear(float u, float v) const {
    const TexelPosition x(u, width), y(v, height);
    const Pair top(&at(x.low, y.low)), bottom(&at(x.low, y.next));
    constexpr float unit = 1.0f / 65535.0f;
    const float high = (1.0f - y.share) * unit, low = y.share * unit, left = 1.0f - x.share, right = x.share;
    const FourFloats upper{left * high, left * high, right * high, right * high};
    const FourFloats lower{left * low, left * low, right * low, right * low};
    const FourFloats even = top.even * upper + bottom.even * lower, odd = top.odd * upper + bottom.odd * lower;
    return FourFloats{even[0] + even[2], odd[0] + odd[2], even[1] + even[3], odd[1] + odd[3]};
}

Texels make_texels(std::span<const uint8_t> image, int width, int height, int channels) {
    std::array<uint16_t, 256> linear;
    for (int k = 0; k < 256; ++k) linear[k] = static_cast<uint16_t>(kSrgb.linear[k] * 65535.0f + 0.5f);
    Texels out(width, height);
    const uint8_t *texel = image.data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x, texel += channels) {
            const uint32_t alpha = channels == 4 ? texel[3] : 255;
            const auto channel = [&](int c) {
                return channels == 4 ? static_cast<uint16_t>((linear[texel[c]] * alpha + 127) / 255) : linear[texel[c]];
            };
            out.at(x, y) = {channel(0), channel(1), channel(2), static_cast<uint16_t>(alpha * 257)};
        }
    close_rows(out);
    return out;
}

MipTexture::MipTexture(Texels base) {
    levels_.push_back(std::move(base));
    while (levels_.back().width > 1 || levels_.back().height > 1) levels_.push_back(halved(levels_.back()));
}

int MipTexture::level(float texels_per_sample) const {
    int level = 0;
    const int last = static_cast<int>(levels_.size()) - 1;
    while (texels_per_sample > 2.0f && level < last) {
        texels_per_sample *= 0.25f;
        ++level;
    }
    return level;
}

float MipTexture::alpha(int level, float u, float v) const {
    const Texels &from = levels_[level];
    const auto nearest = [](float coordinate, int side) {
        const float x = coordinate * static_cast<float>(side);
        return x > 0.0f ? std::min(static_cast<int>(std::min(x, 65536.0f)), side - 1) : 0;
    };
    return static_cast<float>(from.at(nearest(u, from.width), nearest(v, from.height))[3]) / 65535.0f;
}

}  // namespace fw
