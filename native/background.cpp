// Procedural backgrounds: places out of focus, and textures.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>

#include "background.hpp"

namespace nb = nanobind;

namespace {

constexpr uint8_t kPlain = 128;

// The last two bits choose: a texture where both are set, else a place, so that three random backgrounds in four are places.
void draw_background(const uint32_t *words, int size, uint8_t *out) {
    if ((words[0] | words[1] | words[2] | words[3]) == 0) {
        std::fill(out, out + static_cast<size_t>(size) * size * 3, kPlain);
        return;
    }
    fw::Draws draw(words);
    if ((words[3] & 3) == 3)
        fw::draw_texture(draw, words[0] ^ words[3], size, out);
    else
        fw::draw_place(draw, size, out);
}

using Pixels = nb::ndarray<nb::numpy, uint8_t, nb::ndim<4>, nb::c_contig>;

Pixels draw_backgrounds(nb::ndarray<const uint32_t, nb::shape<-1, 4>, nb::c_contig> words, int size) {
    const size_t count = words.shape(0), bytes = static_cast<size_t>(size) * size * 3;
    uint8_t *out = new uint8_t[count * bytes + 1];
    nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<uint8_t *>(p); });
    const uint32_t *source = words.data();
    {
        nb::gil_scoped_release release;
        for (size_t i = 0; i < count; ++i) draw_background(source + 4 * i, size, out + i * bytes);
    }
    return Pixels(out, {count, static_cast<size_t>(size), static_cast<size_t>(size), 3}, owner);
}

}  // namespace

void bind_background(nb::module_ &m) {
    m.def("draw_backgrounds", &draw_backgrounds, nb::arg("words"), nb::arg("size_px"),
          "(n, size, size, 3) uint8 sRGB: a procedural background for each row of four random words.");
}
