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

// How far past the terminator the key light creeps, per colour channel: cosines within +-width of 0 bend smoothly to 0, as
// light that has been scattered under the skin does, red the farthest.
constexpr Vec3 kSkinSoftness{0.30f, 0.16f, 0.10f}, kHardSoftness{0.04f, 0.04f, 0.04f}, kHairSoftness{0.45f, 0.45f, 0.45f};

// Teeth take the shadow of the lips' front: theirs alone would leave a smile grey.
constexpr float kSkinLiftMm = 1.5f, kTeethLiftMm = 9.0f, kHairLiftMm = 6.0f, kWornLiftMm = 2.0f;

Finish finish(const Vec3 &softness, float lift_mm, const Gloss &gloss, const Look &look) {
    const Vec3 &soft = look.scattering ? softness : kHardSoftness;
    return {soft.x, soft.y, soft.z, lift_mm, look.highlights ? gloss : Gloss{}};
}

}  // namespace

Finish finish_of(uint8_t part, const Look &look) {
    const bool teeth = part == kUpperTeeth || part == kLowerTeeth;
    return finish(part == kSkin ? kSkinSoftness : kHardSoftness, teeth ? kTeethLiftMm : kSkinLiftMm, kHeadGloss[part], look);
}

Finish finish_of(Material material, const Look &look) {
    return material == Material::hair ? finish(kHairSoftness, kHairLiftMm, {}, look) : finish(kHardSoftness, kWornLiftMm, {}, look);
}

float eye_highlight(const Vec3 &normal, const Light &light) { return highlight(kEyeGloss, normal, light); }

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
