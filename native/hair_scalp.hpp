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

// What of a place on the mean head hairlines depend on; the same for every style.
struct Spot {
    float height;               // above the lowest hairline, mm
    float front, temple, peak, sideburn;  // how much the hairline there moves with each
    float from_crown;           // distance from the middle of a bald crown, mm
    float x, y, z;
};

inline Spot spot_of(Vec3 p, float height) {
    const float z = p.z + 60.0f, cosine = z / std::max(std::sqrt(p.x * p.x + z * z), 1e-6f);
    return {height,
            ease((cosine - 0.35f) * 4.0f),
            ease(1.0f - std::fabs(cosine - 0.68f) * 4.2f),
            cosine > 0.0f ? ease(1.0f - std::fabs(p.x) * (1.0f / 20.0f)) : 0.0f,
            ease(1.0f - std::fabs(cosine - 0.26f) * 4.5f),
            length(p - kBaldCrown),
            p.x, p.y, p.z};
}

inline bool has_wreath(const Style &s) { return s.horseshoe_mm < kNowhere; }

// What is left of a bald head's hair: a wreath from ear to ear, a little lower behind, round at its front corners.
inline float inside_wreath(const Style &s, const Spot &at) {
    constexpr float corner = 34.0f;
    const float below = s.horseshoe_mm - 0.15f * std::max(0.0f, -80.0f - at.z) - at.y;
    const float behind = -32.0f - at.z - 0.3f * std::max(0.0f, at.y - 10.0f);
    const float a = std::max(0.0f, corner - below), b = std::max(0.0f, corner - behind);
    return corner - std::sqrt(a * a + b * b);
}

// How far inside the hairline and away from bald spots a place is, in millimetres; below 0 where nothing grows.
inline float inside_hairline(const Style &s, const Spot &at) {
    const float line = s.hairline_mm * at.front + s.temples_mm * at.temple - s.peak_mm * at.peak +
                       s.sideburn_mm * at.sideburn;
    const float grown = at.height - line, crown = s.crown_mm > 0.0f ? at.from_crown - s.crown_mm : 99.0f;
    const float inside = grown < crown ? grown : crown;
    return has_wreath(s) ? std::min(inside, inside_wreath(s, at)) : inside;
}

// How far above the line below which hair is clipped to the skin.
inline float above_clipped(const Style &s, const Spot &at) { return at.y - s.fade_mm + 0.25f * (at.z + 75.0f); }

// As inside_hairline, for hair that stands off the skin.
inline float inside_standing(const Style &s, const Spot &at) {
    return std::min(inside_hairline(s, at) - (has_wreath(s) ? 6.0f : 0.0f), above_clipped(s, at));
}

// A fringe that is worn: combed forwards as a whole.
inline bool has_fringe(const Style &s) { return s.fringe > 0.4f && s.tied < 0.5f; }

// Height at which it ends.
inline float fringe_end(const Style &s, Vec3 p) {
    return std::clamp(82.0f - s.length_fringe, 20.0f, 56.0f) + 0.28f * s.fringe_side * p.x + 0.0022f * p.x * p.x;
}

// How far inside its sides a place below the hairline is.
inline float inside_fringe(const Style &s, Vec3 p) {
    if (!has_fringe(s)) return -99.0f;
    return std::min(66.0f - std::fabs(p.x), p.z + 30.0f);
}

}  // namespace fw::hair
