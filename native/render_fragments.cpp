#include "render_fragments.hpp"

#include <algorithm>

#include "render_materials.hpp"

namespace fw {

const Surface &surface_of(const Stage &stage, std::span<const Paint> paints, int32_t triangle) {
    const int32_t number = stage.kinds[triangle].item;
    const Wardrobe::Item &item = stage.wardrobe.items[number];
    const int level = item.texture->level(stage.texels_per_pixel(triangle));
    const bool closed = triangle - stage.head_triangles() < item.first_veil && !item.texture->opaque();
    return paints[number].levels[closed ? std::min(level, MipTexture::kClosedLevel) : level];
}

Fragments::Fragments(const Stage &stage) : stage_(stage) {}

void Fragments::shade(std::span<const Fragment> fragments, const Light &light) {
    colours_.resize(fragments.size());
    near_.resize(fragments.size());
    const bool any_fine = kernels().shade(fragments.data(), static_cast<int32_t>(fragments.size()), stage_.facets.data(),
                                          light.colour, colours_.data(), near_.data());
    if (!any_fine) return;
    for (size_t i = 0; i < fragments.size(); ++i)
        if (stage_.facets[fragments[i].triangle].fine) {
            const FourFloats colour = with_highlight(fragments[i], colours_[i], light);
            colours_[i] = bent(colour);
            colours_[i][3] = closed(colour[3]);
        }
}

// Highlights that are smaller than triangles, from the interpolated normal.
FourFloats Fragments::with_highlight(const Fragment &fragment, const FourFloats &colour, const Light &light) const {
    const Facet &facet = stage_.facets[fragment.triangle];
    const Triangle &t = stage_.triangles[fragment.triangle];
    const ScreenVertex &a = stage_.screen[t[0]], &b = stage_.screen[t[1]], &c = stage_.screen[t[2]];
    const EdgeWeights at = weights_at_point(a, b, c, static_cast<int32_t>(fragment.x), static_cast<int32_t>(fragment.y));
    float weight = 0.0f, u = 0.0f, v = 0.0f, arriving = 0.0f;
    Vec3 normal{0, 0, 0};
    for (int i = 0; i < 3; ++i) {
        const int32_t row = t[i] + facet.behind;
        const Attributes &vertex = stage_.attributes[row];
        const float part = i == 0 ? at.w0 : i == 1 ? at.w1 : at.w2, share = part * vertex.weight;
        weight += share;
        u += part * vertex.u;
        v += part * vertex.v;
        arriving += share * stage_.arriving(row);
        normal = normal + stage_.normal(row) * share;
    }
    const float inverse = 1.0f / weight;
    normal = unit(normal * inverse);
    arriving *= inverse;
    const int32_t item = stage_.kinds[fragment.triangle].item;
    if (item == kEyeItem) {
        const float shine = eye_highlight(normal, light) * arriving;
        return colour + FourFloats{light.colour.x, light.colour.y, light.colour.z, 0.0f} * shine;
    }
    FourFloats texel;
    kernels().sample(*facet.surface, u * inverse, v * inverse, &texel);
    const Material material = stage_.wardrobe.items[item].material;
    return shiny(material, colour, {texel[0], texel[1], texel[2]}, normal, arriving, light);
}

}  // namespace fw
