#include "render_materials.hpp"

namespace fw {

namespace {

// Skin is oily; eyes, teeth and tongue are wet; lashes and the mouth's inside are left matt.
constexpr std::array<Gloss, kParts> kHeadGloss{
    {{0.018f, 4}, {0.0f, 0}, {0.0f, 0}, {0.025f, 6}, {0.025f, 6}, {0.012f, 5}, {0.0f, 0}, {0.0f, 0}}};

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

Fine fine_of(Material material) {
    switch (material) {
        case Material::glossy: return Fine::glossy;
        case Material::metal: return Fine::metal;
        case Material::glass: return Fine::glass;
        default: return Fine::none;
    }
}

}  // namespace fw
