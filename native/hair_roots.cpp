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
            if (masks.data()[i] > 0) scalp_.push_back({i, spot_of(at, heights.data()[i]), strands, 0.7f * strands + 0.6f * clumps});
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
    struct OnScalp {
        size_t texel;
        Spot spot;
        float strands, rough;
    };
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

    // Hair thins out towards its edge; where it is clipped short the skin shows through, the more the lower.
    void paint_scalp(const Style &s, const Palette &palette, uint8_t *out) const {
        const float soft = has_wreath(s) ? 1.0f / 22.0f : 1.0f / 8.0f;
        for (const OnScalp &t : scalp_) {
            const float depth = inside_hairline(s, t.spot) + 1.8f * t.rough;
            if (depth < -1.0f) continue;
            const float left = std::clamp(0.9f + above_clipped(s, t.spot) * 0.018f, 0.14f, 1.0f);
            const float cover = s.ground * ease((depth + 1.0f) * soft) * left * (0.95f + 0.35f * (1.0f - left) * t.strands);
            mix_in(palette.scalp, cover < 1.0f ? cover : 1.0f, 1.0f + 0.2f * t.strands, out + 3 * t.texel);
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
    std::vector<OnScalp> scalp_;
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
