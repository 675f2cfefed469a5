#include "render_materials.hpp"

namespace fw {

namespace {

// Skin is oily; eyes, teeth and tongue are wet; lashes and the mouth's inside are left matt.
constexpr std::array<Gloss, kParts> kHeadGloss{
    {{0.018f, 4}, {0.0f, 0}, {0.0f, 0}, {0.025f, 6}, {0.025f, 6}, {0.012f, 5}, {0.0f, 0}, {0.0f, 0}}};
constexpr Gloss kEyeGloss{0.025f, 8};
constexpr std::array<Gloss, kMaterials> kGloss{{{0.0f, 0}, {0.03f, 6}, {0.6f, 6}, {0.04f, 9}, {0.0f, 0}}};

// The part of the environment that a metal mirrors, and a pane's reflectance head-on.
constexpr float kMetalMirror = 0.9f, kGlassReflectance = 0.04f;

// Schlick's (1 - v.n)^5.
float grazing(const Vec3 &normal) {
    const float away = 1.0f - (normal.z > 0.0f ? normal.z : 0.0f), squared = away * away;
    return squared * squared * away;
}

// Where a viewer on the camera's axis looks when mirrored.
Vec3 mirrored(const Vec3 &n) { return {2.0f * n.z * n.x, 2.0f * n.z * n.y, 2.0f * n.z * n.z - 1.0f}; }

float strand_lobe(const Vec3 &strand, const Vec3 &half, int squarings) {
    const float along = dot(strand, half);
    float lobe = 1.0f - along * along;
    for (int i = 0; i < squarings; ++i) lobe *= lobe;
    return lobe > 0.0f ? lobe : 0.0f;
}

}  // namespace

float head_highlight(uint8_t part, const Vec3 &normal, const Light &light) { return highlight(kHeadGloss[part], normal, light); }

float eye_highlight(const Vec3 &normal, const Light &light) { return highlight(kEyeGloss, normal, light); }

StrandLobes strand_lobes(const Vec3 &strand, const Vec3 &normal, const Light &light) {
    constexpr float shift = 0.09f, white = 0.036f, coloured = 0.35f;
    const float facing = dot(normal, light.towards) + 0.25f;
    if (!(facing > 0.0f)) return {0, 0};
    const float lit = facing < 1.0f ? facing : 1.0f;
    return {white * lit * strand_lobe(unit(strand + normal * shift), light.half, 5),
            coloured * lit * strand_lobe(unit(strand - normal * (1.5f * shift)), light.half, 3)};
}

FourFloats shiny(Material material, const FourFloats &diffuse, const Vec3 &albedo, const Vec3 &normal, float arriving,
                 const Light &light) {
    const float alpha = diffuse[3];
    const Vec3 shine = light.colour * (highlight(kGloss[static_cast<int>(material)], normal, light) * arriving);
    Vec3 colour{diffuse[0], diffuse[1], diffuse[2]};
    if (material == Material::glossy) {
        colour = colour + shine * alpha;
    } else if (material == Material::metal) {
        const Vec3 mirror = ambient_light(light, mirrored(normal)) * kMetalMirror;
        colour = colour * (1.0f - kMetalMirror) + albedo * (mirror + shine * 0.4f);
    } else {
        const float reflected = kGlassReflectance + (1.0f - kGlassReflectance) * grazing(normal);
        const Vec3 mirror = ambient_light(light, mirrored(normal)) * reflected;
        colour = colour * (1.0f - reflected) + mirror + shine;
        return FourFloats{colour.x, colour.y, colour.z, 1.0f - (1.0f - alpha) * (1.0f - reflected)};
    }
    return FourFloats{colour.x, colour.y, colour.z, alpha};
}

}  // namespace fw
