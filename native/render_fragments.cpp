#include "render_fragments.hpp"

#include "render_materials.hpp"

namespace fw {

Fragments::Fragments(const Stage &stage) : stage_(stage) {}

void Fragments::shade(const Light &light) {
    colours_.resize(fragments_.size());
    near_.resize(fragments_.size());
    kernels().shade(fragments_.data(), static_cast<int32_t>(fragments_.size()), stage_.facets.data(), stage_.attributes.data(),
                    light.colour, colours_.data(), near_.data());
    for (size_t i = 0; i < fragments_.size(); ++i)
        if (stage_.facets[fragments_[i].triangle].fine) {
            const FourFloats colour = with_highlight(fragments_[i], colours_[i], light);
            colours_[i] = bent(colour);
            colours_[i][3] = closed(colour[3]);
        }
}

// Highlights that are smaller than triangles, from the interpolated normal.
FourFloats Fragments::with_highlight(const Fragment &fragment, const FourFloats &colour, const Light &light) const {
    const Facet &facet = stage_.facets[fragment.triangle];
    const float right = fragment.x - facet.x, down = fragment.y - facet.y;
    const float second = right * facet.second[0] + down * facet.second[1], third = right * facet.third[0] + down * facet.third[1];
    const std::array<float, 3> weights{1.0f - (second + third), second, third};
    float weight = 0.0f, u = 0.0f, v = 0.0f, arriving = 0.0f;
    Vec3 normal{0, 0, 0};
    for (int i = 0; i < 3; ++i) {
        const Attributes &at = stage_.attributes[facet.corners[i]];
        const float share = weights[i] * at.weight;
        weight += share;
        u += weights[i] * at.u;
        v += weights[i] * at.v;
        arriving += weights[i] * at.arriving;
        normal = normal + stage_.normal(facet.corners[i]) * share;
    }
    const float inverse = 1.0f / weight;
    normal = unit(normal * inverse);
    arriving *= inverse;
    if (facet.item == kEyeItem) {
        const float shine = eye_highlight(normal, light) * arriving;
        return colour + FourFloats{light.colour.x, light.colour.y, light.colour.z, 0.0f} * shine;
    }
    FourFloats texel;
    kernels().sample(*facet.surface, u * inverse, v * inverse, &texel);
    return shiny(stage_.wardrobe.items[facet.item].material, colour, {texel[0], texel[1], texel[2]}, normal, arriving, light);
}

}  // namespace fw
