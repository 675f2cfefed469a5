#include "render_texture.hpp"

#include <algorithm>
#include <cmath>

#include "render_srgb.hpp"

namespace fw {

namespace {

// Repeats each row's last texel after it.
void close_rows(Texels &texels) {
    for (int y = 0; y < texels.height; ++y) texels.at(texels.width, y) = texels.at(texels.width - 1, y);
}

// Of four squares with this sum.
uint8_t root_of_mean(int32_t squares) { return static_cast<uint8_t>(std::sqrt(static_cast<float>(squares) * 0.25f) + 0.5f); }

Texels halved(const Texels &from) {
    Texels to((from.width + 1) / 2, (from.height + 1) / 2);
    for (int y = 0; y < to.height; ++y)
        for (int x = 0; x < to.width; ++x) {
            const int left = 2 * x, right = std::min(2 * x + 1, from.width - 1);
            const int top = 2 * y, bottom = std::min(2 * y + 1, from.height - 1);
            const Texel &a = from.at(left, top), &b = from.at(right, top), &c = from.at(left, bottom), &d = from.at(right, bottom);
            Texel &mean = to.at(x, y);
            for (int k = 0; k < 3; ++k) mean[k] = root_of_mean(a[k] * a[k] + b[k] * b[k] + c[k] * c[k] + d[k] * d[k]);
            mean[3] = static_cast<uint8_t>((a[3] + b[3] + c[3] + d[3] + 2) / 4);
        }
    close_rows(to);
    return to;
}

}  // namespace

Texels make_texels(std::span<const uint8_t> image, int width, int height, int channels) {
    std::array<uint8_t, 256> root;  // of opaque colours
    for (int k = 0; k < 256; ++k) root[k] = static_cast<uint8_t>(std::sqrt(kSrgb.linear[k]) * 255.0f + 0.5f);
    Texels out(width, height);
    const uint8_t *texel = image.data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x, texel += channels) {
            const uint8_t alpha = channels == 4 ? texel[3] : 255;
            const auto channel = [&](int c) {
                if (alpha == 255) return root[texel[c]];
                return static_cast<uint8_t>(std::sqrt(kSrgb.linear[texel[c]] * static_cast<float>(alpha) * 255.0f) + 0.5f);
            };
            out.at(x, y) = {channel(0), channel(1), channel(2), alpha};
        }
    close_rows(out);
    return out;
}

MipTexture::MipTexture(Texels base)
    : opaque_(std::all_of(base.values.begin(), base.values.end(), [](const Texel &texel) { return texel[3] == 255; })) {
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
    return static_cast<float>(from.at(nearest(u, from.width), nearest(v, from.height))[3]) / 255.0f;
}

}  // namespace fw
