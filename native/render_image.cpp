#include "render_image.hpp"

#include <algorithm>

#include "render_srgb.hpp"

namespace fw {

namespace {

constexpr float kStrandShine = 2.4f;  // 1 / the mean linear level of smooth hair's texture

Paint paint_of(const MipTexture &texture, const Vec3 &tint, Material material) {
    Paint out{{}, material};
    // Strands that lie in shade between others do not shine either.
    const bool hair = material == Material::hair;
    for (int level = 0; level < texture.levels(); ++level)
        out.levels.push_back(texture[level].surface(tint, hair ? kStrandShine : 0.0f, hair ? 0.0f : 1.0f));
    return out;
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
      is_seen_(stage_.triangles.size()) {}

void Painter::paint(const Shot &shot, uint8_t *image, float *landmarks_px) {
    stage_.set(sitter_, shot);
    for (int i = 0; i < kLandmarks; ++i) {
        const Projected p = stage_.view.project(stage_.positions_mm[stage_.rig.landmarks[i]]);
        landmarks_px[2 * i] = p.x_px;
        landmarks_px[2 * i + 1] = p.y_px;
    }
    stage_.draw_opaque(shot.visible, grid_);
    need_seen();
    layers_.find(shot.visible, grid_);
    stage_.light(sitter_, shot);
    canvas_.clear();
    layers_.draw(shot.light, grid_, canvas_);
    shade_opaque(shot);
    resolve(image);
}

void Painter::need_seen() {
    for (const int32_t triangle : seen_) is_seen_[triangle] = 0;
    seen_.clear();
    FourInts last{-1, -1, -1, -1};
    for (size_t pixel = 0; pixel < grid_.layout.pixels(); ++pixel) {
        const FourInts four = load<FourInts>(&grid_.triangle[pixel * 4]);
        if (!any(four != last)) continue;
        last = four;
        for (int i = 0; i < 4; ++i) {
            const int32_t triangle = four[i];
            if (triangle < 0 || is_seen_[triangle]) continue;
            is_seen_[triangle] = 1;
            seen_.push_back(triangle);
            stage_.need(triangle);
        }
    }
}

// Of a texture of the head, as a mean over what is seen of it.
float Painter::texels_per_pixel(const MipTexture &texture) const {
    double texels = 0.0, area = 0.0;
    for (const int32_t triangle : seen_) {
        if (triangle >= stage_.head_triangles()) continue;
        const Triangle &t = stage_.triangles[triangle];
        texels += stage_.rig.uv_area[triangle];
        area += static_cast<double>(doubled_area(stage_.screen[t[0]], stage_.screen[t[1]], stage_.screen[t[2]]));
    }
    constexpr double per_pixel = 0.5 / (kSubsample * kSubsample * kSamples * kSamples);
    return area > 0.0 ? static_cast<float>(texels * texture.texels() / (area * per_pixel)) : 0.0f;
}

void Painter::shade_opaque(const Shot &shot) {
    const bool every_sample = stage_.look.every_sample;
    // One look-up is a little sharper than the mean of four samples: the level that comes nearest to that mean is finer.
    const MipTexture &texture = shot.made_up ? sitter_.made_up : sitter_.texture;
    const float density = texels_per_pixel(texture) * (every_sample ? 0.25f : 0.2f);
    const Surface &skin = (shot.made_up ? made_up_ : skin_).levels[texture.level(density)];
    fragments_.clear();
    const auto pixels = static_cast<int32_t>(grid_.layout.pixels());
    for (int32_t pixel = 0; pixel < pixels; ++pixel) {
        const FourInts triangles = load<FourInts>(&grid_.triangle[size_t(pixel) * 4]);
        uint32_t left = ~sign_bits(triangles) & ~sign_bits(canvas_.through(pixel) <= 0.0f) & kAllSamples;
        while (left != 0) {
            const int32_t triangle = triangles[__builtin_ctz(left)];
            const uint32_t samples = every_sample ? left & -left : sign_bits(triangles == triangle) & left;
            left &= ~samples;
            const int32_t worn = triangle - stage_.head_triangles();
            fragments_.add(triangle, worn < 0 ? skin : worn_[stage_.kinds[triangle].item].levels[0], pixel, samples,
                           canvas_.middle(pixel, samples));
        }
    }
    fragments_.shade(shot.light);
    for (size_t i = 0; i < fragments_.count(); ++i)
        canvas_.add(fragments_.fragment(i).pixel, fragments_.fragment(i).samples, fragments_.colour(i));
}

// Mean of each pixel's samples in linear light; what no surface hides shows the background.
void Painter::resolve(uint8_t *image) const {
    const int size = stage_.crop.size_px;
    for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x, image += 3) {
            const auto pixel = static_cast<int32_t>(grid_.layout.pixel(x, y));
            const uint32_t empty = sign_bits(load<FourInts>(&grid_.triangle[size_t(pixel) * 4]));
            const FourFloats open = canvas_.through(pixel) * coverage(empty), &colour = canvas_.colour(pixel);
            const float behind = open[0] + open[1] + open[2] + open[3];
            if (behind == 4.0f && colour[0] == 0.0f && colour[1] == 0.0f && colour[2] == 0.0f) continue;
            constexpr float share = 1.0f / (kSamples * kSamples);
            for (int c = 0; c < 3; ++c) image[c] = srgb_code((colour[c] + behind * kSrgb.linear[image[c]]) * share);
        }
}

}  // namespace fw
