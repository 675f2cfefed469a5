// Paints the roots of hair on the skin: scalp, beard and moustache, with soft edges, from the same hairlines that hair grows in.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "hair_scalp.hpp"
#include "hair_style.hpp"
#include "noise.hpp"
#include "row_clones.hpp"

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

// Hair thins out towards its edge; where it is clipped short the skin shows through, the more the lower.
FW_ROW_CLONES
void cover_scalp(const Style &s, const Scalp &scalp, size_t first, size_t count, float *__restrict cover) {
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
            if (beard > 0 || moustache > 0) face_.push_back({i, at, beard, moustache, dots, clumps});
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
        if (s.ground > 0.0f) paint_scalp(s, palette, texture.data());
        if (beard > 0.0f || moustache > 0.0f) paint_face(s, palette, beard, moustache, texture.data());
    }

  private:
    struct OnFace {
        size_t texel;
        Vec3 place;
        float beard, moustache, dots, clumps;
    };

    static float unit_of(uint8_t value) { return static_cast<float>(value) * (1.0f / 255.0f); }

    static void mix_in(const std::array<float, 3> &colour, float alpha, float shade, uint8_t *texel) {
        for (int c = 0; c < 3; ++c) {
            const float under = static_cast<float>(texel[c]);
            texel[c] = static_cast<uint8_t>(std::min(under + (colour[c] * shade - under) * alpha, 255.0f) + 0.5f);
        }
    }

    void paint_scalp(const Style &s, const Palette &palette, uint8_t *out) const {
        std::array<float, kBlock> cover;
        for (size_t first = 0; first < scalp_.size(); first += kBlock) {
            const size_t count = std::min(kBlock, scalp_.size() - first);
            cover_scalp(s, scalp_, first, count, cover.data());
            for (size_t i = 0; i < count; ++i)
                if (cover[i] > 0.0f)
                    mix_in(palette.scalp, cover[i], 1.0f + 0.2f * kShare * scalp_.strands[first + i], out + 3 * scalp_.texel[first + i]);
        }
    }

    // A shadow that lets the skin through, and hairs in it.
    void paint_face(const Style &s, const Palette &palette, float beard, float moustache, uint8_t *out) const {
        const float shaved = std::min(beard, 0.16f);
        for (const OnFace &t : face_) {
            const float side = std::fabs(t.place.x), widest = 15.0f + 85.0f * s.beard_cover;
            const float low = 1.0f - ease((t.place.y + s.cheek_mm * 1.5f + 40.0f + 4.0f * t.clumps) * 0.08f);
            const float worn = ease((widest - side + 3.0f * t.clumps) * 0.2f) * (s.cheek_mm > 0.0f ? std::max(low, ease((side - 58.0f) * 0.2f)) : 1.0f);
            hairs(palette, mix(shaved, beard, worn), t.beard, t, out);
            hairs(palette, moustache, t.moustache, t, out);
        }
    }

    static void hairs(const Palette &palette, float amount, float mask, const OnFace &t, uint8_t *out) {
        if (amount <= 0.0f || mask <= 0.0f) return;
        uint8_t *texel = out + 3 * t.texel;
        const float shadow = std::min(0.7f, 0.12f + 0.9f * amount) * clamp01((mask + 0.12f * t.clumps - 0.12f) * 1.1f);
        mix_in(palette.shadow, shadow, 1.0f, texel);
        const float cover = std::min(0.92f, 1.2f * amount) * clamp01((mask + 0.6f * t.dots - 0.6f + 0.55f * amount) * 1.5f);
        mix_in(palette.face, cover, 1.0f + 0.2f * t.dots, texel);
    }

    size_t side_;
    Scalp scalp_;
    std::vector<OnFace> face_;
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
