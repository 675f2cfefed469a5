#include "render_texture.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "render_srgb.hpp"
#include "row_clones.hpp"
#include "simd.hpp"

namespace fw {

namespace {

// Repeats each row's last texel after it.
void close_rows(Texels &texels) {
    for (int y = 0; y < texels.height; ++y) texels.at(texels.width, y) = texels.at(texels.width - 1, y);
}

using Reals = Floats<16>;
using Words = Ints<16>;  // texels, whose first number is the lowest byte

template <int offset, int... i>
Words every_other(const Words &a, const Words &b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, (2 * i + offset)...);
}

uint8_t root(float square) { return static_cast<uint8_t>(std::sqrt(square) + 0.5f); }

// The means of squares of 2 x 2 texels, from two rows of twice as many.
FW_ROW_CLONES
void halve_row(const Texel *upper, const Texel *lower, Texel *out, int count) {
    constexpr int lanes = 16;
    constexpr std::make_integer_sequence<int, lanes> sequence;
    for (int x = 0; x + lanes <= count; x += lanes) {
        const Words a = load<Words>(upper + 2 * x), b = load<Words>(upper + 2 * x + lanes), c = load<Words>(lower + 2 * x),
                    d = load<Words>(lower + 2 * x + lanes);
        const Words four[4] = {every_other<0>(a, b, sequence), every_other<1>(a, b, sequence), every_other<0>(c, d, sequence),
                               every_other<1>(c, d, sequence)};
        Words alpha{}, mean{};
        for (const Words &texel : four) alpha += texel >> 24 & 255;
        for (int shift = 0; shift < 24; shift += 8) {
            Reals squares{};
            for (const Words &texel : four) {
                const Reals number = __builtin_convertvector(texel >> shift & 255, Reals);
                squares += number * number;
            }
            squares *= 0.25f;
            Reals roots;
            for (int i = 0; i < lanes; ++i) roots[i] = std::sqrt(squares[i]);
            mean |= __builtin_convertvector(roots + 0.5f, Words) << shift;
        }
        store(out + x, mean | (alpha + 2) >> 2 << 24);
    }
}

Texel mean(const Texel &a, const Texel &b, const Texel &c, const Texel &d) {
    Texel out;
    for (int k = 0; k < 3; ++k) out[k] = root(static_cast<float>(a[k] * a[k] + b[k] * b[k] + c[k] * c[k] + d[k] * d[k]) * 0.25f);
    out[3] = static_cast<uint8_t>((a[3] + b[3] + c[3] + d[3] + 2) / 4);
    return out;
}

Texels halved(const Texels &from) {
    Texels to((from.width + 1) / 2, (from.height + 1) / 2);
    const int whole = from.width / 2 / 16 * 16;
    for (int y = 0; y < to.height; ++y) {
        const int top = 2 * y, bottom = std::min(2 * y + 1, from.height - 1);
        halve_row(&from.at(0, top), &from.at(0, bottom), &to.at(0, y), whole);
        for (int x = whole; x < to.width; ++x) {
            const int left = 2 * x, right = std::min(2 * x + 1, from.width - 1);
            to.at(x, y) = mean(from.at(left, top), from.at(right, top), from.at(left, bottom), from.at(right, bottom));
        }
    }
    close_rows(to);
    return to;
}

// Roots of linear levels, by sRGB code.
std::array<uint8_t, 256> roots() {
    std::array<uint8_t, 256> out;
    for (int k = 0; k < 256; ++k) out[k] = root(kSrgb.linear[k] * 65025.0f);
    return out;
}

// The same of each channel, where it lies in an opaque texel.
std::array<std::array<uint32_t, 256>, 3> opaque_words() {
    const std::array<uint8_t, 256> bytes = roots();
    std::array<std::array<uint32_t, 256>, 3> out;
    for (int k = 0; k < 256; ++k) out[0][k] = 0xff000000u | bytes[k], out[1][k] = bytes[k] << 8, out[2][k] = bytes[k] << 16;
    return out;
}

// A row of opaque texels.
void open_row(const uint8_t *codes, Texel *out, int count) {
    static const std::array<std::array<uint32_t, 256>, 3> words = opaque_words();
    const auto &[red, green, blue] = words;
    for (int x = 0; x < count; ++x, codes += 3) {
        const uint32_t word = red[codes[0]] | green[codes[1]] | blue[codes[2]];
        std::memcpy(out + x, &word, sizeof(word));
    }
}

// The least alpha in each square of so many texels.
std::vector<uint8_t> least_alphas(const Texels &texels, int side) {
    const int across = (texels.width + side - 1) / side, down = (texels.height + side - 1) / side;
    std::vector<uint8_t> out(size_t(across) * down, 255);
    for (int y = 0; y < texels.height; ++y)
        for (int x = 0; x < texels.width; ++x) {
            uint8_t &least = out[size_t(y / side) * across + x / side];
            least = std::min(least, texels.at(x, y)[3]);
        }
    return out;
}

}  // namespace

Texels make_texels(std::span<const uint8_t> image, int width, int height, int channels) {
    static const std::array<uint8_t, 256> opaque = roots();
    Texels out(width, height);
    for (int y = 0; y < height; ++y) {
        const uint8_t *codes = image.data() + size_t(y) * width * channels;
        if (channels == 3) open_row(codes, &out.at(0, y), width);
        for (int x = 0; x < width && channels == 4; ++x, codes += 4) {
            const uint8_t alpha = codes[3];
            const auto number = [&](int c) {
                return alpha == 255 ? opaque[codes[c]] : root(kSrgb.linear[codes[c]] * static_cast<float>(alpha) * 255.0f);
            };
            out.at(x, y) = {number(0), number(1), number(2), alpha};
        }
    }
    close_rows(out);
    return out;
}

MipTexture::MipTexture(Texels base)
    : opaque_(std::all_of(base.values.begin(), base.values.end(), [](const Texel &texel) { return texel[3] == 255; })) {
    if (!opaque_) least_alpha_ = least_alphas(base, 1 << kClosedLevel);
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

bool MipTexture::closed(const std::array<float, 2> &least_uv, const std::array<float, 2> &most_uv) const {
    if (opaque_) return true;
    constexpr int side = 1 << kClosedLevel;
    constexpr uint8_t closed = 254;
    const int across = (levels_[0].width + side - 1) / side, down = (levels_[0].height + side - 1) / side;
    // From the first texel that may be read to the last; a level that was rounded up is a little wider than this one.
    const auto inside = [](float at, int squares) {
        return static_cast<int>(std::clamp(std::floor(at), 0.0f, static_cast<float>(squares - 1)));
    };
    const auto first = [&](float least, int texels, int squares) {
        return inside(least * static_cast<float>(texels) / side - 0.5f, squares);
    };
    const auto last = [&](float most, int squares) { return inside(most * static_cast<float>(squares) + 0.5f, squares); };
    for (int y = first(least_uv[1], levels_[0].height, down); y <= last(most_uv[1], down); ++y)
        for (int x = first(least_uv[0], levels_[0].width, across); x <= last(most_uv[0], across); ++x)
            if (least_alpha_[size_t(y) * across + x] < closed) return false;
    return true;
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
