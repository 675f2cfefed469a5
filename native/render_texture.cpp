#include "render_texture.hpp"

#include <algorithm>

#include "render_srgb.hpp"

namespace fw {

namespace {

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

}  // namespace

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

MipTexture::MipTexture(Texels base)
    : opaque_(std::all_of(base.values.begin(), base.values.end(), [](const Texel &texel) { return texel[3] == 65535; })) {
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
