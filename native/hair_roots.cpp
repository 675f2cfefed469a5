// Paints the roots of hair on the skin: scalp, beard and moustache, with soft edges, from the same hairlines that hair grows in.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "hair_scalp.hpp"
#include "hair_style.hpp"
#include "noise.hpp"
#include "pixels.hpp"
#include "row_clones.hpp"
#include "simd.hpp"

namespace nb = nanobind;

namespace {

using namespace fw::hair;

using Masks = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig>;
using Map = nb::ndarray<const float, nb::ndim<2>, nb::c_contig>;
using Places = nb::ndarray<const float, nb::ndim<3>, nb::c_contig>;
using Texture = nb::ndarray<uint8_t, nb::ndim<3>, nb::c_contig>;
using Colours = nb::ndarray<const float, nb::ndim<2>, nb::c_contig>;

constexpr uint32_t kStrands = 11, kClumps = 12, kDots = 13;

// Colours of roots: of the scalp's hair, of the face's, and of shaved skin; sRGB 0 .. 255.
struct Palette {
    std::array<float, 3> scalp, face, shadow;
};

// Small steps: going through them is most of the work. Lengths in 1 / 64 mm, shares in 1 / 127.
constexpr float kStepMm = 1.0f / 64.0f, kShare = 1.0f / 127.0f;
constexpr size_t kBlock = 1024;
static_assert(std::endian::native == std::endian::little);

struct Scalp {
    std::vector<uint32_t> texel;
    std::vector<int16_t> height, from_crown, y, z;
    std::vector<int8_t> front, temple, peak, sideburn, strands, rough;

    size_t size() const { return texel.size(); }

    void add(uint32_t where, const Spot &spot, float strand, float clump) {
        const auto length = [](float mm) { return static_cast<int16_t>(std::clamp(mm, -500.0f, 500.0f) / kStepMm); };
        const auto share = [](float value) { return static_cast<int8_t>(std::clamp(value, -1.0f, 1.0f) / kShare); };
        texel.push_back(where);
        height.push_back(length(spot.height));
        from_crown.push_back(length(spot.from_crown));
        y.push_back(length(spot.y));
        z.push_back(length(spot.z));
        front.push_back(share(spot.front));
        temple.push_back(share(spot.temple));
        peak.push_back(share(spot.peak));
        sideburn.push_back(share(spot.sideburn));
        strands.push_back(share(strand));
        rough.push_back(share(0.54f * strand + 0.46f * clump));
    }
};

// Texels that are worked on together: their colours 0 .. 255, and how much of another colour and how light comes over them. The last
// vector of eight may be less than full.
struct Block {
    std::array<float, kBlock> red{}, green{}, blue{}, alpha{}, shade{};
};

FW_ROW_CLONES
void take_apart(const uint32_t *__restrict pixels, size_t count, float *__restrict red, float *__restrict green, float *__restrict blue) {
    for (size_t i = 0; i < count; ++i) {
        red[i] = static_cast<float>(static_cast<int32_t>(pixels[i] & 255));
        green[i] = static_cast<float>(static_cast<int32_t>(pixels[i] >> 8 & 255));
        blue[i] = static_cast<float>(static_cast<int32_t>(pixels[i] >> 16 & 255));
    }
}

FW_ROW_CLONES
void put_together(const float *__restrict red, const float *__restrict green, const float *__restrict blue, size_t count,
                  uint32_t *__restrict pixels) {
    for (size_t i = 0; i < count; ++i) pixels[i] = fw::pixel(red[i], green[i], blue[i]);
}

// Colours stay whole numbers, as if they had been put back into the texture. Written in vectors: GCC would branch at 255.
FW_ROW_CLONES
void blend(float colour, const float *alpha, const float *shade, size_t count, float *colours) {
    using fw::EightFloats;
    const EightFloats most = EightFloats{} + 255.0f;
    for (size_t i = 0; i < count; i += 8) {
        const EightFloats under = fw::load<EightFloats>(colours + i);
        const EightFloats over = under + (colour * fw::load<EightFloats>(shade + i) - under) * fw::load<EightFloats>(alpha + i);
        const EightFloats rounded = (over < most ? over : most) + 0.5f;
        fw::store(colours + i, __builtin_convertvector(__builtin_convertvector(rounded, fw::Ints<8>), EightFloats));
    }
}

void blend(const std::array<float, 3> &colour, size_t count, Block &block) {
    blend(colour[0], block.alpha.data(), block.shade.data(), count, block.red.data());
    blend(colour[1], block.alpha.data(), block.shade.data(), count, block.green.data());
    blend(colour[2], block.alpha.data(), block.shade.data(), count, block.blue.data());
}

// Whether the next texel lies behind one, so that four bytes can be read or written in its place: the fourth is the next one's.
bool goes_on(const uint32_t *texel, size_t i, size_t count) { return i + 1 < count && texel[i + 1] == texel[i] + 1; }

// Colours of `count` texels, which are in rising order, and back.
void fetch(const uint8_t *texture, const uint32_t *texel, size_t count, Block &block) {
    std::array<uint32_t, kBlock> pixels;
    for (size_t i = 0; i < count; ++i) {
        const uint8_t *p = texture + size_t{3} * texel[i];
        if (goes_on(texel, i, count))
            std::memcpy(&pixels[i], p, 4);
        else
            pixels[i] = static_cast<uint32_t>(p[0] | p[1] << 8 | p[2] << 16);
    }
    take_apart(pixels.data(), count, block.red.data(), block.green.data(), block.blue.data());
}

void put(const Block &block, const uint32_t *texel, size_t count, uint8_t *texture) {
    std::array<uint32_t, kBlock> pixels;
    put_together(block.red.data(), block.green.data(), block.blue.data(), count, pixels.data());
    for (size_t i = 0; i < count; ++i) {
        uint8_t *p = texture + size_t{3} * texel[i];
        if (goes_on(texel, i, count))
            std::memcpy(p, &pixels[i], 4);
        else
            for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>(pixels[i] >> (8 * c));
    }
}

// Hair thins out towards its edge; where it is clipped short the skin shows through, the more the lower.
FW_ROW_CLONES
void cover_scalp(const Style &s, const Scalp &scalp, size_t first, size_t count, float *__restrict cover, float *__restrict shade) {
    const int16_t *height = scalp.height.data() + first, *crown = scalp.from_crown.data() + first, *y = scalp.y.data() + first,
                  *z = scalp.z.data() + first;
    const int8_t *front = scalp.front.data() + first, *temple = scalp.temple.data() + first, *peak = scalp.peak.data() + first,
                 *sideburn = scalp.sideburn.data() + first, *strands = scalp.strands.data() + first,
                 *rough = scalp.rough.data() + first;
    const Style style = s;
    const float soft = has_wreath(style) ? 1.0f / 22.0f : 1.0f / 8.0f;
    for (size_t i = 0; i < count; ++i) {
        const Spot spot{height[i] * kStepMm, front[i] * kShare,    temple[i] * kShare, peak[i] * kShare, sideburn[i] * kShare,
                        crown[i] * kStepMm,  0.0f, y[i] * kStepMm, z[i] * kStepMm};
        const float t = clamp01((inside_hairline(style, spot) + 2.3f * kShare * rough[i] + 1.0f) * soft);
        const float left = 0.14f + 0.86f * clamp01((0.76f + above_clipped(style, spot) * 0.018f) * (1.0f / 0.86f));
        const float strand = strands[i] * kShare, whole = style.ground * t * t * (3.0f - 2.0f * t) * left;
        const float broken = whole * (0.95f + 0.35f * (1.0f - left) * strand);
        cover[i] = broken < 1.0f ? broken : 1.0f;
        shade[i] = 1.0f + 0.2f * kShare * strands[i];
    }
}

// Where a beard or moustache may grow: how much of the skin below is in shadow when it is as thick as can be, and how little must
// grow for single hairs to show. Lengths in mm of the mean head.
struct Growth {
    std::vector<uint32_t> texel;
    std::vector<float> side, y, clumps, shadow, hairs, dots;

    size_t size() const { return texel.size(); }

    void add(uint32_t where, Vec3 place, float mask, float dot, float clump) {
        texel.push_back(where);
        side.push_back(std::fabs(place.x));
        y.push_back(place.y);
        clumps.push_back(clump);
        shadow.push_back(clamp01((mask + 0.12f * clump - 0.12f) * 1.1f));
        hairs.push_back(mask + 0.6f * dot - 0.6f);
        dots.push_back(dot);
    }
};

// How much of a beard grows: where it is not worn, as much as when shaved.
FW_ROW_CLONES
void grown(const Style &s, const Growth &growth, size_t first, size_t count, float beard, float *__restrict amount) {
    const float *side = growth.side.data() + first, *y = growth.y.data() + first, *clumps = growth.clumps.data() + first;
    const float shaved = beard < 0.16f ? beard : 0.16f, widest = 15.0f + 85.0f * s.beard_cover, cheek = s.cheek_mm;
    for (size_t i = 0; i < count; ++i) {
        const float low = 1.0f - ease((y[i] + cheek * 1.5f + 40.0f + 4.0f * clumps[i]) * 0.08f);
        const float behind = ease((side[i] - 58.0f) * 0.2f), below = low < behind ? behind : low;
        const float worn = ease((widest - side[i] + 3.0f * clumps[i]) * 0.2f) * (cheek > 0.0f ? below : 1.0f);
        amount[i] = mix(shaved, beard, worn);
    }
}

FW_ROW_CLONES
void cover_shadow(const Growth &growth, size_t first, size_t count, const float *__restrict amount, float *__restrict cover,
                  float *__restrict shade) {
    const float *shadow = growth.shadow.data() + first;
    for (size_t i = 0; i < count; ++i) {
        const float most = 0.12f + 0.9f * amount[i];
        cover[i] = (most < 0.7f ? most : 0.7f) * shadow[i];
        shade[i] = 1.0f;
    }
}

FW_ROW_CLONES
void cover_hairs(const Growth &growth, size_t first, size_t count, const float *__restrict amount, float *__restrict cover,
                 float *__restrict shade) {
    const float *hairs = growth.hairs.data() + first, *dots = growth.dots.data() + first;
    for (size_t i = 0; i < count; ++i) {
        const float most = 1.2f * amount[i];
        cover[i] = (most < 0.92f ? most : 0.92f) * clamp01((hairs[i] + 0.55f * amount[i]) * 1.5f);
        shade[i] = 1.0f + 0.2f * dots[i];
    }
}

class RootPainter {
  public:
    // masks: scalp, beard, moustache.
    RootPainter(Masks masks, Map heights, Places places) : side_(masks.shape(1)) {
        const size_t texels = side_ * side_;
        if (masks.shape(0) != 3 || masks.shape(2) != side_ || heights.shape(0) != side_ || heights.shape(1) != side_ ||
            places.shape(0) != side_ || places.shape(1) != side_ || places.shape(2) != 3)
            throw std::invalid_argument("RootPainter: expected three masks (S, S), heights (S, S) and places (S, S, 3)");
        for (size_t i = 0; i < texels; ++i) {
            const float *p = places.data() + 3 * i;
            const Vec3 at{p[0], p[1], p[2]};
            const float strands = fw::value_noise(at.x * 0.8f, at.y * 0.12f, at.z * 0.4f, kStrands);
            const float clumps = fw::value_noise(at.x * 0.22f, at.y * 0.22f, at.z * 0.22f, kClumps);
            const float dots = fw::value_noise(at.x * 0.75f, at.y * 0.45f, at.z * 0.6f, kDots);
            if (masks.data()[i] > 0) scalp_.add(static_cast<uint32_t>(i), spot_of(at, heights.data()[i]), strands, clumps);
            const float beard = unit_of(masks.data()[texels + i]), moustache = unit_of(masks.data()[2 * texels + i]);
            if (beard > 0) beard_.add(static_cast<uint32_t>(i), at, beard, dots, clumps);
            if (moustache > 0) moustache_.add(static_cast<uint32_t>(i), at, moustache, dots, clumps);
        }
    }

    // Over a texture (S, S, 3), in place.
    void paint(Texture texture, nb::object style, Colours colours, float beard, float moustache) const {
        if (texture.shape(0) != side_ || texture.shape(1) != side_ || texture.shape(2) != 3)
            throw std::invalid_argument("paint: expected a texture (S, S, 3) of the masks' size");
        if (colours.shape(0) != 3 || colours.shape(1) != 3) throw std::invalid_argument("paint: expected three colours");
        const Style s = read_style(style);
        const float *c = colours.data();
        const Palette palette{{c[0], c[1], c[2]}, {c[3], c[4], c[5]}, {c[6], c[7], c[8]}};
        nb::gil_scoped_release release;
        Block block;
        std::array<float, kBlock> amount;
        for (size_t first = 0; s.ground > 0.0f && first < scalp_.size(); first += kBlock) {
            const size_t count = std::min(kBlock, scalp_.size() - first);
            cover_scalp(s, scalp_, first, count, block.alpha.data(), block.shade.data());
            fetch(texture.data(), scalp_.texel.data() + first, count, block);
            blend(palette.scalp, count, block);
            put(block, scalp_.texel.data() + first, count, texture.data());
        }
        for (size_t first = 0; beard > 0.0f && first < beard_.size(); first += kBlock) {
            const size_t count = std::min(kBlock, beard_.size() - first);
            grown(s, beard_, first, count, beard, amount.data());
            paint_face(palette, beard_, first, count, amount.data(), block, texture.data());
        }
        amount.fill(moustache);
        for (size_t first = 0; moustache > 0.0f && first < moustache_.size(); first += kBlock)
            paint_face(palette, moustache_, first, std::min(kBlock, moustache_.size() - first), amount.data(), block, texture.data());
    }

  private:
    static float unit_of(uint8_t value) { return static_cast<float>(value) * (1.0f / 255.0f); }

    // A shadow that lets the skin through, and hairs in it.
    static void paint_face(const Palette &palette, const Growth &growth, size_t first, size_t count, const float *amount, Block &block,
                           uint8_t *out) {
        fetch(out, growth.texel.data() + first, count, block);
        cover_shadow(growth, first, count, amount, block.alpha.data(), block.shade.data());
        blend(palette.shadow, count, block);
        cover_hairs(growth, first, count, amount, block.alpha.data(), block.shade.data());
        blend(palette.face, count, block);
        put(block, growth.texel.data() + first, count, out);
    }

    size_t side_;
    Scalp scalp_;
    Growth beard_, moustache_;
};

}  // namespace

void bind_roots(nb::module_ &m) {
    nb::class_<RootPainter>(m, "RootPainter", "Paints the roots of hair on the skin of heads of one model.")
        .def(nb::init<Masks, Map, Places>(), nb::arg("masks"), nb::arg("heights"), nb::arg("places"),
             "masks (3, S, S): scalp, beard, moustache; heights (S, S) above the lowest hairline in mm; places (S, S, 3) on the\n"
             "mean head. Copied.")
        .def("paint", &RootPainter::paint, nb::arg("texture"), nb::arg("style"), nb::arg("colours"), nb::arg("beard"),
             nb::arg("moustache"),
             "Paints over a texture (S, S, 3) in place. colours (3, 3): roots of the scalp, of the face, and shaved skin, sRGB\n"
             "0 .. 255; beard and moustache: how much grows, 0 .. 1.");
}
