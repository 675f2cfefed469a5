#include "render_image.hpp"

#include <algorithm>

namespace fw {

namespace {

constexpr int32_t kMarksTogether = 8;  // triangles that are looked at together
constexpr float kStrandShine = 2.4f;  // 1 / the mean linear level of smooth hair's texture

Paint paint_of(const MipTexture &texture, const Vec3 &tint, Material material) {
    Paint out{{}, material};
    // Strands that lie in shade between others do not shine either.
    const bool hair = material == Material::hair;
    for (int level = 0; level < texture.levels(); ++level)
        out.levels.push_back(texture[level].surface(tint, hair && tint.x > 0.0f ? kStrandShine / tint.x : 0.0f, hair ? 0.0f : 1.0f));
    return out;
}

// Whether none of a tile's samples is drawn.
bool is_empty(const int32_t *triangle) {
    FourInts all = load<FourInts>(triangle);
    for (int i = 4; i < 16; i += 4) all &= load<FourInts>(triangle + i);
    return sign_bits(all) == kAllSamples;
}

std::vector<Paint> paints_of(const Wardrobe &wardrobe) {
    std::vector<Paint> out;
    for (const Wardrobe::Item &item : wardrobe.items) out.push_back(paint_of(*item.texture, item.tint, item.material));
    return out;
}

}  // namespace

Painter::Painter(const Rig &rig, const Wardrobe &wardrobe, const CropTemplate &crop, const Sitter &sitter, const Look &look)
    : sitter_(sitter),
      stage_(rig, wardrobe, crop, kSamples, look),
      worn_(paints_of(wardrobe)),
      skin_(paint_of(sitter.texture, {1, 1, 1}, Material::matt)),
      made_up_(paint_of(sitter.made_up, {1, 1, 1}, Material::matt)),
      grid_(crop.size_px * kSamples),
      canvas_(grid_.layout),
      layers_(stage_, worn_, grid_.layout),
      fragments_(stage_),
      fine_(std::make_unique_for_overwrite<Fragment[]>(grid_.layout.samples())),
      is_seen_(stage_.triangles.size() + 1 + kMarksTogether),
      seen_(stage_.head_triangles() + 1) {}

void Painter::paint(const Shot &shot, uint8_t *image, float *landmarks_px) {
    stage_.set(sitter_, shot);
    for (int i = 0; i < kLandmarks; ++i) {
        const Projected p = stage_.view.project(stage_.positions_mm[stage_.rig.landmarks[i]]);
        landmarks_px[2 * i] = p.x_px;
        landmarks_px[2 * i + 1] = p.y_px;
    }
    stage_.draw_opaque(shot.visible, grid_);
    const double part = see();
    layers_.find(shot.visible, grid_);
    const int64_t doubled_area = stage_.light(sitter_, shot);
    stage_.head = head(shot.made_up, part, doubled_area);
    const bool veiled = layers_.any();
    if (veiled) {
        canvas_.clear();
        layers_.draw(shot.light, grid_, canvas_);
    }
    develop(shot.light, veiled, image);
}

// Finds which opaque triangles are seen. Returns the area of those of the head in its texture, as a part of this.
double Painter::see() {
    std::fill(is_seen_.begin(), is_seen_.end(), 0);
    uint8_t *const is_seen = is_seen_.data() + 1;
    for (const int32_t *tile = grid_.triangle.data(), *end = tile + grid_.triangle.size(); tile < end; tile += 16)
        if (!is_empty(tile))
            for (int i = 0; i < 16; ++i) is_seen[tile[i]] = 1;
    const int32_t head = stage_.head_triangles(), all = static_cast<int32_t>(stage_.triangles.size());
    size_t count = 0;
    for (int32_t first = 0; first < head; first += kMarksTogether) {
        if (load<uint64_t>(is_seen + first) == 0) continue;
        for (int32_t triangle = first; triangle < std::min(head, first + kMarksTogether); ++triangle) {
            seen_[count] = triangle;
            count += is_seen[triangle];
        }
    }
    stage_.see_head(std::span(seen_).first(count));
    for (int32_t triangle = head; triangle < all; ++triangle)
        if (is_seen[triangle]) stage_.see(triangle, surface_of(stage_, worn_, triangle));
    const std::vector<float> &area = stage_.rig.uv_area;
    std::array<double, 4> sums{};  // so that none waits for the one before
    size_t i = 0;
    for (; i + 4 <= count; i += 4)
        for (size_t k = 0; k < 4; ++k) sums[k] += area[seen_[i + k]];
    for (; i < count; ++i) sums[0] += area[seen_[i]];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The level of the head's texture where this part of it is seen: one for all of it, by the mean. `doubled_area`: of what is seen.
const Surface &Painter::head(bool made_up, double part, int64_t doubled_area) const {
    constexpr double per_pixel = 0.5 / (kSubsample * kSubsample * kSamples * kSamples);
    const MipTexture &texture = made_up ? sitter_.made_up : sitter_.texture;
    const double density = doubled_area > 0 ? part * texture.texels() / (static_cast<double>(doubled_area) * per_pixel) : 0.0;
    constexpr float per_sample = 1.0f / (kSamples * kSamples);
    return (made_up ? made_up_ : skin_).levels[texture.level(static_cast<float>(density) * per_sample)];
}

// Colours what is opaque, and makes the image of it. By bands: what is not veiled needs to be kept for one band only.
void Painter::develop(const Light &light, bool veiled, uint8_t *image) {
    constexpr int rows = 4;
    const TileLayout &layout = grid_.layout;
    const OpaqueScene scene{stage_.facets.data(), stage_.head_triangles(), stage_.looks.data(), layout,
                            grid_.triangle.data(), grid_.inverse_depth.data(), veiled ? canvas_.through() : nullptr, light.colour,
                            stage_.any_fine, stage_.look.every_sample};
    for (int row = 0; row < layout.across; row += rows) {
        const Band band{row, std::min(row + rows, layout.across)};
        const size_t first = layout.pixel(0, band.first * 2), last = layout.pixel(0, band.last * 2);
        FourFloats *colour = canvas_.colour() + (veiled ? first : 0);
        if (!veiled) std::fill(colour, colour + (last - first), FourFloats{});
        const int32_t fine = kernels().shade_opaque(scene, band, colour, fine_.get());
        fragments_.shade(std::span(fine_.get(), fine), light);
        for (int32_t i = 0; i < fine; ++i) {
            const Fragment &one = fine_[i];
            colour[one.pixel - first] += fragments_.colours()[i] * scene.coming_through(one.pixel, one.samples);
        }
        kernels().resolve(scene, band, colour, stage_.crop.size_px, image);
    }
}

}  // namespace fw
