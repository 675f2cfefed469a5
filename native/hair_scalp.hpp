// Where hair grows on the mean head, and how far it stands off, as a style says.
#pragma once

#include <algorithm>
#include <cmath>

#include "hair_field.hpp"
#include "hair_style.hpp"

namespace fw::hair {

inline const Vec3 kBaldCrown{0.0f, 103.0f, -92.0f};
inline constexpr float kNowhere = 150.0f;  // heights of bald places from which there are none

// How far hair stands off the skull, by the direction from the skull's middle.
inline float volume(const Style &s, Vec3 p) {
    const Vec3 q = unit(p - kCentre);
    const float x = q.x * q.x, y = q.y * q.y, z = q.z * q.z;
    const float above = q.y > 0.0f ? y : 0.0f, below = y - above;
    return s.volume_top * above + s.volume_sides * (x + below) + (q.z > 0.0f ? s.volume_front : s.volume_back) * z;
}

// The height above the lowest hairline where this head's begins, at a place on the mean head.
inline float hairline(const Style &s, Vec3 p) {
    const float z = p.z + 60.0f, cosine = z / std::max(std::sqrt(p.x * p.x + z * z), 1e-6f);
    const float front = ease((cosine - 0.35f) * 4.0f);
    const float temple = ease(1.0f - std::fabs(cosine - 0.68f) * 4.2f);
    const float peak = cosine > 0.0f ? ease(1.0f - std::fabs(p.x) * (1.0f / 20.0f)) : 0.0f;
    return s.hairline_mm * front + s.temples_mm * temple - s.peak_mm * peak;
}

// How far inside the hairline and away from bald spots a place is, in millimetres; below 0 where nothing grows.
// `height`: above the lowest hairline.
inline float inside_hairline(const Style &s, Vec3 place, float height) {
    const float spot = s.crown_mm > 0.0f ? length(place - kBaldCrown) - s.crown_mm : 99.0f;
    // What is left of a bald head's hair: a wreath from ear to ear, a little lower behind.
    const bool wreath = s.horseshoe_mm < kNowhere;
    float under = 99.0f;
    if (wreath) {
        constexpr float corner = 34.0f;
        const float below = s.horseshoe_mm - 0.15f * std::max(0.0f, -80.0f - place.z) - place.y;
        const float behind = -40.0f - place.z - 0.3f * std::max(0.0f, place.y - 10.0f);
        const float a = std::max(0.0f, corner - below), b = std::max(0.0f, corner - behind);
        under = corner - std::sqrt(a * a + b * b);
    }
    return std::min({under, height - hairline(s, place), spot});
}

// The same for hair that stands off the skin: above where it is clipped to it.
inline float inside_standing(const Style &s, Vec3 place, float height) {
    const float clipped = place.y - s.fade_mm + 0.25f * (place.z + 75.0f);
    const float thin = s.horseshoe_mm < kNowhere ? 6.0f : 0.0f;
    return std::min(inside_hairline(s, place, height) - thin, clipped);
}

// A fringe that is worn: combed forwards as a whole.
inline bool has_fringe(const Style &s) { return s.fringe > 0.4f; }

// Height at which it ends.
inline float fringe_end(const Style &s, Vec3 p) {
    return std::clamp(82.0f - s.length_fringe, 20.0f, 56.0f) + 0.16f * s.fringe_side * p.x + 0.0022f * p.x * p.x;
}

// How far inside its sides a place below the hairline is.
inline float inside_fringe(const Style &s, Vec3 p) {
    if (!has_fringe(s)) return -99.0f;
    return std::min(66.0f - std::fabs(p.x), p.z + 30.0f);
}

}  // namespace fw::hair
