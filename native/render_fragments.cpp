#include "render_fragments.hpp"

#include "render_materials.hpp"

namespace fw {

namespace {

constexpr float kOpaque = 254.0f / 255.0f;  // more alpha than this lets nothing through
constexpr int32_t kSkinItem = -1, kEyeItem = -2;

}  // namespace

Fragments::Fragments(const Stage &stage) : stage_(stage) {}

void Fragments::add(int32_t triangle, const Surface &surface, int32_t pixel, uint32_t samples, const Canvas &canvas) {
    const Triangle &t = stage_.triangles[triangle];
    const ScreenVertex &a = stage_.screen[t[0]], &b = stage_.screen[t[1]], &c = stage_.screen[t[2]];
    const Place at = canvas.middle(pixel, samples);
    const int64_t area = doubled_area(a, b, c), w1 = edge(c, a, at.x, at.y), w2 = edge(a, b, at.x, at.y);
    int32_t item = stage_.is_eye(triangle) ? kEyeItem : kSkinItem, side = 0;
    if (triangle >= stage_.head_triangles()) {
        item = stage_.item_of[triangle - stage_.head_triangles()];
        if (area < 0 && stage_.wardrobe.items[item].turns_normals()) side = stage_.backs();
    }
    const float f0 = static_cast<float>(area - w1 - w2), f1 = static_cast<float>(w1), f2 = static_cast<float>(w2);
    const float near = a.inverse_depth + (f1 * (b.inverse_depth - a.inverse_depth) + f2 * (c.inverse_depth - a.inverse_depth)) /
                                             static_cast<float>(area);
    fragments_.push_back({&surface,
                          {t[0] + side, t[1] + side, t[2] + side},
                          {f0, f1, f2},
                          near,
                          pixel,
                          samples,
                          item});
}

void Fragments::shade(const Light &light) {
    colours_.resize(fragments_.size());
    kernels().shade(fragments_.data(), static_cast<int32_t>(fragments_.size()), stage_.attributes.data(), light.colour,
                    colours_.data());
    for (size_t i = 0; i < fragments_.size(); ++i) {
        const Fragment &fragment = fragments_[i];
        FourFloats colour = colours_[i];
        if (fragment.item == kEyeItem || (fragment.item >= 0 && is_shiny(stage_.wardrobe.items[fragment.item].material)))
            colour = finish(fragment, colour, light);
        const float alpha = colour[3] >= kOpaque ? 1.0f : colour[3];
        colour = shoulder(colour);
        colour[3] = alpha;
        colours_[i] = colour;
    }
}

// Highlights that are smaller than triangles, from the interpolated normal.
FourFloats Fragments::finish(const Fragment &fragment, const FourFloats &colour, const Light &light) const {
    if (!stage_.look.highlights || (fragment.item == kEyeItem && !stage_.look.eye_reflections)) return colour;
    float weight = 0.0f, u = 0.0f, v = 0.0f, arriving = 0.0f;
    Vec3 normal{0, 0, 0};
    for (int i = 0; i < 3; ++i) {
        const Attributes &at = stage_.attributes[fragment.corners[i]];
        const float share = fragment.weights[i] * at.weight;
        weight += share;
        u += fragment.weights[i] * at.u;
        v += fragment.weights[i] * at.v;
        arriving += fragment.weights[i] * at.arriving;
        normal = normal + stage_.normal(fragment.corners[i]) * share;
    }
    const float inverse = 1.0f / weight;
    normal = unit(normal * inverse);
    arriving *= inverse;
    if (fragment.item == kEyeItem) {
        const float shine = eye_highlight(normal, light) * arriving;
        return colour + FourFloats{light.colour.x, light.colour.y, light.colour.z, 0.0f} * shine;
    }
    FourFloats texel;
    kernels().sample(*fragment.surface, u * inverse, v * inverse, &texel);
    return shiny(stage_.wardrobe.items[fragment.item].material, colour, {texel[0], texel[1], texel[2]}, normal, arriving, light);
}

}  // namespace fw
