// What facewright.people.hair.HairStyle says, read by name; see there for what each number means.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>

namespace fw::hair {

struct Style {
    float length_top, length_sides, length_back, length_fringe, cut_mm;
    float volume_top, volume_sides, volume_back, volume_front;
    float part_mm, parted, swept, fringe, fringe_side, lift, fall, frame_mm, gravity, cling, puff, frizz;
    float wave_mm, wave_length_mm;
    float tied, knot_rise, tail_mm, bun_mm;
    float hairline_mm, temples_mm, peak_mm, sideburn_mm, crown_mm, horseshoe_mm, fade_mm, front_mm;
    float ground, beard_cover, cheek_mm;
    float cards, width_mm;
    uint32_t seed;
};

inline Style read_style(const nanobind::object &style) {
    const auto get = [&](const char *name) { return nanobind::cast<float>(style.attr(name)); };
    return {get("length_top"), get("length_sides"), get("length_back"), get("length_fringe"), get("cut_mm"),
            get("volume_top"), get("volume_sides"), get("volume_back"), get("volume_front"),
            get("part_mm"), get("parted"), get("swept"), get("fringe"), get("fringe_side"), get("lift"),
            get("fall"), get("frame_mm"),
            get("gravity"), get("cling"), get("puff"), get("frizz"),
            get("wave_mm"), get("wave_length_mm"),
            get("tied"), get("knot_rise"), get("tail_mm"), get("bun_mm"),
            get("hairline_mm"), get("temples_mm"), get("peak_mm"), get("sideburn_mm"), get("crown_mm"), get("horseshoe_mm"),
            get("fade_mm"), get("front_mm"),
            get("ground"), get("beard_cover"), get("cheek_mm"),
            get("cards"), get("width_mm"),
            static_cast<uint32_t>(get("strands"))};
}

}  // namespace fw::hair
