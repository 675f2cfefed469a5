// Paints a person's albedo: layers over each other, through masks and along bands, broken up by noise.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "paint_chunks.hpp"

namespace nb = nanobind;

namespace {

template <class T>
using In2 = nb::ndarray<const T, nb::ndim<2>, nb::c_contig>;

using fw::ChunkColours, fw::kChunk, fw::kChunkWords, fw::PaintLayer;

constexpr size_t kLayerParameters = 13;
static_assert(sizeof(PaintLayer) == kLayerParameters * sizeof(float));

// Planes of bytes as words, rows filled up to whole chunks; what a row of texels needs lies together.
class Planes {
  public:
    template <class T>
    explicit Planes(nb::ndarray<const T, nb::ndim<3>, nb::c_contig> planes)
        : count_(planes.shape(0)), words_((planes.shape(2) + kChunk - 1) / kChunk * kChunkWords),
          values_(count_ * planes.shape(1) * words_) {
        const size_t height = planes.shape(1), width = planes.shape(2);
        for (size_t p = 0; p < count_; ++p)
            for (size_t y = 0; y < height; ++y)
                for (size_t x = 0; x < width; ++x) {
                    const uint32_t byte = static_cast<uint8_t>(planes.data()[(p * height + y) * width + x]);
                    values_[(y * count_ + p) * words_ + x / 4] |= static_cast<int32_t>(byte << (x % 4 * 8));
                }
    }

    size_t count() const { return count_; }
    size_t chunks() const { return words_ / kChunkWords; }
    const int32_t *row(int32_t plane, size_t y) const { return values_.data() + (y * count_ + size_t(plane)) * words_; }
    size_t below() const { return count_ * words_; }  // from a row of a plane to its next one
    bool knows(int32_t plane) const { return plane >= 0 && static_cast<size_t>(plane) < count_; }

  private:
    size_t count_, words_;
    std::vector<int32_t> values_;
};

// The masks and noise patterns of a head, with the chunks of each row where a mask is not empty.
class AlbedoPainter {
  public:
    using Masks = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig>;
    using Patterns = nb::ndarray<const int8_t, nb::ndim<3>, nb::c_contig>;
    using Base = nb::ndarray<const uint8_t, nb::ndim<3>, nb::c_contig>;
    using Texture = nb::ndarray<nb::numpy, uint8_t, nb::ndim<3>>;

    AlbedoPainter(Masks masks, Patterns patterns)
        : height_(masks.shape(1)), width_(masks.shape(2)), masks_(masks), patterns_(patterns) {
        if (patterns.shape(1) != height_ || patterns.shape(2) != width_)
            throw std::invalid_argument("AlbedoPainter: patterns must have the masks' size");
        for (size_t y = 0; y < height_; ++y)
            for (size_t m = 0; m < masks_.count(); ++m) {
                first_.push_back(chunks_.size());
                for (size_t c = 0; c < masks_.chunks(); ++c) {
                    const int32_t *words = masks_.row(static_cast<int32_t>(m), y) + c * kChunkWords;
                    if (std::all_of(words, words + kChunkWords, [](int32_t word) { return word == 0; })) continue;
                    chunks_.push_back(static_cast<uint16_t>(c));
                    words_.insert(words_.end(), words, words + kChunkWords);
                }
            }
        first_.push_back(chunks_.size());
    }

    // planes (L, 4): mask, pattern, and the two coordinate planes of a band or -1.
    Texture paint(In2<int32_t> planes, In2<float> parameters, std::optional<Base> base) const {
        check(planes, parameters);
        if (base && (base->shape(0) != height_ || base->shape(1) != width_ || base->shape(2) != 3))
            throw std::invalid_argument("paint: base must be (S, S, 3) of the masks' size");
        const size_t bytes = width_ * 3;
        uint8_t *out = new uint8_t[height_ * bytes];
        nb::capsule owner(out, [](void *p) noexcept { delete[] static_cast<uint8_t *>(p); });
        const std::span layers(reinterpret_cast<const PaintLayer *>(parameters.data()), parameters.shape(0));
        const uint8_t *under = base ? base->data() : nullptr;
        {
            nb::gil_scoped_release release;
            Row row(masks_.chunks());
            for (size_t y = 0; y < height_; ++y)
                paint_row(layers, planes.data(), y, under ? under + y * bytes : nullptr, row, out + y * bytes);
        }
        return Texture(out, {height_, width_, 3}, owner);
    }

  private:
    struct Row {
        std::vector<ChunkColours> colours;
        std::vector<uint8_t> touched;

        explicit Row(size_t chunks) : colours(chunks), touched(chunks, 1) {}
    };

    void check(In2<int32_t> planes, In2<float> parameters) const {
        const size_t layers = planes.shape(0);
        if (planes.shape(1) != 4 || parameters.shape(0) != layers || parameters.shape(1) != kLayerParameters)
            throw std::invalid_argument("paint: every layer needs four planes and thirteen parameters");
        for (size_t l = 0; l < layers; ++l) {
            const int32_t *p = planes.data() + 4 * l;
            const bool plain = p[2] == -1 && p[3] == -1;
            if (!masks_.knows(p[0]) || !patterns_.knows(p[1]) || !(plain || (masks_.knows(p[2]) && masks_.knows(p[3]))))
                throw std::invalid_argument("paint: a layer names a mask or pattern that does not exist");
        }
    }

    fw::Covered covered(int32_t mask, size_t y) const {
        const size_t *first = first_.data() + y * masks_.count() + size_t(mask);
        return {{chunks_.data() + first[0], first[1] - first[0]}, words_.data() + first[0] * kChunkWords};
    }

    // under: the base's row, or null over black. What is not touched stays as it is there.
    void paint_row(std::span<const PaintLayer> layers, const int32_t *planes, size_t y, const uint8_t *under, Row &row,
                   uint8_t *out) const {
        std::memset(row.colours.data(), 0, row.colours.size() * sizeof(ChunkColours));
        if (under) start(layers, planes, y, under, row, out);
        for (size_t l = 0; l < layers.size(); ++l) {
            if (layers[l].strength == 0.0f) continue;
            const int32_t *p = planes + 4 * l;
            const bool band = p[2] >= 0;
            const fw::PaintRows rows{patterns_.row(p[1], y), patterns_.below(), band ? masks_.row(p[2], y) : nullptr,
                                     band ? masks_.row(p[3], y) : nullptr};
            fw::paint_layer(layers[l], covered(p[0], y), rows, row.colours.data());
        }
        for (size_t c = 0; c < row.touched.size(); ++c)
            if (row.touched[c]) finish(row.colours[c], width_ - c * kChunk, out + c * kChunk * 3);
    }

    // Takes over the base's row, as colours where a layer touches it.
    void start(std::span<const PaintLayer> layers, const int32_t *planes, size_t y, const uint8_t *under, Row &row, uint8_t *out) const {
        std::copy_n(under, width_ * 3, out);
        std::fill(row.touched.begin(), row.touched.end(), uint8_t{0});
        for (size_t l = 0; l < layers.size(); ++l)
            for (const uint16_t chunk : covered(planes[4 * l], y).chunks) row.touched[chunk] |= layers[l].strength != 0.0f;
        for (size_t x = 0; x < width_; ++x)
            for (int c = 0; c < 3 && row.touched[x / kChunk]; ++c)
                row.colours[x / kChunk].at(x % kChunk, c) = static_cast<float>(under[3 * x + static_cast<size_t>(c)]);
    }

    // The last chunk of a row may be less than whole.
    static void finish(const ChunkColours &colours, size_t left, uint8_t *out) {
        if (left >= kChunk) return fw::pack_chunk(colours, out);
        std::array<uint8_t, kChunk * 3> whole;
        fw::pack_chunk(colours, whole.data());
        std::copy_n(whole.begin(), left * 3, out);
    }

    size_t height_, width_;
    Planes masks_, patterns_;
    // Of each row and mask the covered chunks: their numbers, their words, and where they begin. Most of all masks is empty.
    std::vector<uint16_t> chunks_;
    std::vector<int32_t> words_;
    std::vector<size_t> first_;
};

}  // namespace

void bind_paint(nb::module_ &m) {
    nb::class_<AlbedoPainter>(m, "AlbedoPainter", "Paints albedo textures from shared masks and noise patterns.")
        .def(nb::init<AlbedoPainter::Masks, AlbedoPainter::Patterns>(), nb::arg("masks"), nb::arg("patterns"),
             "masks (M, S, S) uint8 and patterns (P, S, S) int8 are copied.")
        .def("paint", &AlbedoPainter::paint, nb::arg("planes"), nb::arg("parameters"), nb::arg("base").none() = nb::none(),
             "(S, S, 3) uint8: layers over each other in order, over `base` (S, S, 3) or black. planes (L, 4): mask, pattern,\n"
             "and two coordinate planes u and v among the masks for a band, else -1. parameters (L, 13): red, green, blue\n"
             "0 .. 255, strength, threshold, gain, roughness, mottle, c0, c1, c2, w0, w1. A layer's value is its mask, times\n"
             "1 - |v - (c0 + c1 u + c2 u^2)| / (w0 + w1 u) for a band. Where that is above 0 it covers with alpha = strength *\n"
             "clamp((value + roughness * pattern - threshold) * gain, 0, 1) in colour * (1 + mottle * pattern).");
}
