#include "render_fragments.hpp"

#include "render_materials.hpp"

namespace fw {

Fragments::Fragments(const Stage &stage) : stage_(stage) {}

void Fragments::shade(const Light &light) {
    colours_.resize(fragments_.size());
    const Attributes *vertices = stage_.attributes.data();
    kernels().shade(fragments_.data(), static_cast<int32_t>(count_), vertices, light.colour, true, colours_.data());
    for (const int32_t i : fine_) {
        FourFloats colour;
        kernels().shade(&fragments_[i], 1, vertices, light.colour, false, &colour);
        colours_[i] = finished(with_highlight(fragments_[i], colour, light));
    }
}

// Highlights that are smaller than triangles, from the interpolated normal.
FourFloats Fragments::with_highlight(const Fragment &fragment, const FourFloats &colour, const Light &light) const {
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
