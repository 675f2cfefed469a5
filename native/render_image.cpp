#include "render_image.hpp"

#include "render_shading.hpp"
#include "render_srgb.hpp"

namespace fw {

namespace {

// Skin is oily; eyes, teeth and tongue are wet; lashes and the mouth's inside are left matt.
constexpr std::array<Gloss, kParts> kGloss{
    {{0.018f, 4}, {0.025f, 8}, {0.025f, 8}, {0.025f, 6}, {0.025f, 6}, {0.012f, 5}, {0.0f, 0}, {0.0f, 0}}};

constexpr float kSkinLiftMm = 1.5f;

bool is_eye(uint8_t part) { return part == 1 || part == 2; }

}  // namespace

Painter::Painter(const Rig &rig, const Wardrobe &wardrobe, const CropTemplate &crop, bool shadows)
    : rig_(rig),
      wardrobe_(wardrobe),
      crop_(crop),
      positions_mm_(rig.vertices),
      normals_(rig.vertices),
      screen_(rig.vertices),
      attributes_(rig.vertices),
      needed_(rig.vertices),
      grid_(crop.size_px * kSamples),
      layers_(wardrobe, grid_.side),
      shadow_(shadows) {}

void Painter::paint(const Sitter &sitter, const Shot &shot, uint8_t *image, float *landmarks_px) {
    express(sitter.neutral_mm, shot.expression);
    const View view = framed_view(rig_, positions_mm_, shot.camera, crop_);
    for (int i = 0; i < kLandmarks; ++i) {
        const Projected p = view.project(positions_mm_[rig_.landmarks[i]]);
        landmarks_px[2 * i] = p.x_px;
        landmarks_px[2 * i + 1] = p.y_px;
    }
    vertex_normals(rig_, positions_mm_, normals_);
    project(view);
    layers_.place(shot.visible, sitter.neutral_mm, positions_mm_);
    if (shot.light.has_key())
        shadow_.draw(rig_, positions_mm_, wardrobe_, layers_.positions_mm(), shot.visible, view.back(shot.light.towards));
    else
        shadow_.clear();
    rasterize(screen_, rig_.triangles, grid_);
    find_needed();
    light_vertices(view, shot, sitter);
    layers_.find_seen(view, grid_);
    layers_.light(view, shot.light, shot.openness, shadow_);
    layers_.collect(grid_, shot.light);
    resolve(shot.light, shot.made_up ? sitter.made_up : sitter.texture, image);
}

void Painter::express(std::span<const Vec3> neutral_mm, std::span<const float> expression) {
    std::copy(neutral_mm.begin(), neutral_mm.end(), positions_mm_.begin());
    for (size_t e = 0; e < expression.size(); ++e) {
        const float amount = expression[e];
        if (amount == 0.0f) continue;
        for (const Move &move : rig_.expression[e]) {
            Vec3 &p = positions_mm_[move.vertex];
            p.x += amount * move.by_mm.x;
            p.y += amount * move.by_mm.y;
            p.z += amount * move.by_mm.z;
        }
    }
}

void Painter::project(const View &view) {
    for (int32_t v = 0; v < rig_.vertices; ++v) {
        const Projected p = view.project(positions_mm_[v]);
        screen_[v] = snap(p.x_px, p.y_px, p.depth_mm, kSamples);
    }
}

// The vertices of triangles that are seen.
void Painter::find_needed() {
    std::fill(needed_.begin(), needed_.end(), 0);
    int32_t last = -1;
    for (const FourInts &pixel : grid_.triangle)
        for (int i = 0; i < kSamples * kSamples; ++i) {
            if (pixel[i] == last || pixel[i] < 0) continue;
            last = pixel[i];
            for (const int32_t v : rig_.triangles[last]) needed_[v] = 1;
        }
}

// Normals to the camera frame and unit length; light at each vertex; everything times 1 / depth.
void Painter::light_vertices(const View &view, const Shot &shot, const Sitter &sitter) {
    const Light &light = shot.light;
    for (int32_t v = 0; v < rig_.vertices; ++v) {
        if (!needed_[v]) continue;
        const Vec3 in_head = unit(normals_[v]), n = view.turn(in_head);
        normals_[v] = n;
        const uint8_t part = rig_.vertex_parts[v];
        const float near = screen_[v].inverse_depth, open = shot.openness.head[v];
        const float visible = light.has_key() ? shadow_.visibility(positions_mm_[v], in_head, kSkinLiftMm) : open;
        Vec3 diffuse = ambient_light(light, n) * open + key_light(light, n, part == 0 ? kSkinSoftness : kHardSoftness) * visible;
        if (!sitter.vertex_albedo.empty()) diffuse = diffuse * sitter.vertex_albedo[v];
        const float shine = is_eye(part) ? 0.0f : highlight(kGloss[part], n, light);
        attributes_[v] = {FourFloats{1.0f, rig_.uv[v][0], rig_.uv[v][1], visible} * near,
                          FourFloats{diffuse.x, diffuse.y, diffuse.z, shine * visible} * near};
    }
}

// An eye's highlight is smaller than its triangles: from the interpolated normal.
float Painter::eye_highlight(const Triangle &corners, const std::array<float, 3> &weights, const Light &light) const {
    Vec3 n{0, 0, 0};
    for (int i = 0; i < 3; ++i) n = n + normals_[corners[i]] * weights[i];
    return highlight(kGloss[1], unit(n), light);
}

Vec3 Painter::shade(int32_t triangle, int column, int row, const Light &light, const Texels &texture) const {
    const Triangle &corners = rig_.triangles[triangle];
    const EdgeWeights w = weights_at(screen_[corners[0]], screen_[corners[1]], screen_[corners[2]], column, row);
    const Attributes &a = attributes_[corners[0]], &b = attributes_[corners[1]], &c = attributes_[corners[2]];
    FourFloats place = w.w0 * a.place + w.w1 * b.place + w.w2 * c.place;
    FourFloats lit = w.w0 * a.light + w.w1 * b.light + w.w2 * c.light;
    const float depth = 1.0f / place[0];  // up to the common factor of the weights
    place *= depth;
    lit *= depth;
    if (is_eye(rig_.parts[triangle]))
        lit[3] = place[3] * eye_highlight(corners, {w.w0 * a.place[0] * depth, w.w1 * b.place[0] * depth, w.w2 * c.place[0] * depth},
                                          light);
    const FourFloats albedo = texture.bilinear(place[1], place[2]);
    return {shoulder(albedo[0] * lit[0] + light.colour.x * lit[3]), shoulder(albedo[1] * lit[1] + light.colour.y * lit[3]),
            shoulder(albedo[2] * lit[2] + light.colour.z * lit[3])};
}

// Mean of each pixel's samples in linear light; what no surface hides shows the background.
void Painter::resolve(const Light &light, const Texels &texture, uint8_t *image) {
    const int size = crop_.size_px;
    constexpr Layer nothing{{0, 0, 0}, 1.0f};
    for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x) {
            const size_t place = size_t(y) * size + x;
            PixelLayers layers{nothing, nothing, nothing, nothing};
            bool covered = layers_.covers(place);
            if (covered) layers = layers_.blend(place);
            Vec3 sum{0, 0, 0};
            float empty = 0.0f;
            for (int i = 0; i < kSamples * kSamples; ++i) {
                const int row = y * kSamples + i / kSamples, column = x * kSamples + i % kSamples;
                const int32_t triangle = grid_.triangle[place][i];
                const float through = layers[i].through;
                sum = sum + layers[i].colour;
                if (triangle < 0)
                    empty += through;
                else if (through > 0.0f)
                    sum = sum + shade(triangle, column, row, light, texture) * through;
                covered |= triangle >= 0;
            }
            if (!covered) continue;
            uint8_t *pixel = image + place * 3;
            constexpr float share = 1.0f / (kSamples * kSamples);
            pixel[0] = srgb_code((sum.x + empty * kSrgb.linear[pixel[0]]) * share);
            pixel[1] = srgb_code((sum.y + empty * kSrgb.linear[pixel[1]]) * share);
            pixel[2] = srgb_code((sum.z + empty * kSrgb.linear[pixel[2]]) * share);
        }
}

}  // namespace fw
