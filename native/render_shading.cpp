#include "render_shading.hpp"

#include <cmath>

namespace fw {

namespace {

float non_negative(float x) { return x > 0.0f ? x : 0.0f; }

}  // namespace

Vec3 unit(const Vec3 &v) {
    const float squared = dot(v, v);
    return v * (squared > 1e-30f ? 1.0f / std::sqrt(squared) : 0.0f);
}

float highlight(const Gloss &gloss, const Vec3 &normal, const Light &light) {
    const float facing = dot(normal, light.towards);
    float lobe = dot(normal, light.half);
    if (!(facing > 0.0f) || !(lobe > 0.0f) || gloss.reflectance == 0.0f) return 0.0f;
    for (int i = 0; i < gloss.squarings; ++i) lobe *= lobe;
    const float exponent = static_cast<float>(1 << gloss.squarings);
    const float fresnel = gloss.reflectance + (1.0f - gloss.reflectance) * light.fresnel;
    return fresnel * (exponent + 8.0f) * 0.125f * lobe * facing;
}

Vec3 ambient_light(const Light &light, const Vec3 &n) {
    const std::array<float, 9> basis{1.0f,      n.y,       n.z,       n.x, n.x * n.y, n.y * n.z, n.z * n.z,
                                     n.z * n.x, n.x * n.x - n.y * n.y};
    Vec3 sum = light.polynomial[0];
    for (int i = 1; i < 9; ++i) sum = sum + light.polynomial[i] * basis[i];
    return {non_negative(sum.x), non_negative(sum.y), non_negative(sum.z)};
}

}  // namespace fw
