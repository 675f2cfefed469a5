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
    return lobe_of(gloss.reflectance, gloss.squarings, gloss.peak, dot(normal, light.towards), dot(normal, light.half), light.fresnel);
}

Vec3 ambient_light(const Light &light, const Vec3 &n) {
    const std::array<float, 9> basis{1.0f,      n.y,       n.z,       n.x, n.x * n.y, n.y * n.z, n.z * n.z,
                                     n.z * n.x, n.x * n.x - n.y * n.y};
    Vec3 sum = light.polynomial[0];
    for (int i = 1; i < 9; ++i) sum = sum + light.polynomial[i] * basis[i];
    return {non_negative(sum.x), non_negative(sum.y), non_negative(sum.z)};
}

}  // namespace fw
