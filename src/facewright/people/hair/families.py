"""Ranges of the growth parameters for each family of hair styles, and who wears which."""

from __future__ import annotations

from facewright.people.traits import Traits

__all__ = ["FACIAL_HAIR", "FAMILIES", "USUAL", "Ranges", "family_weights"]

Ranges = dict[str, tuple[float, float]]

_NOWHERE_MM = 200.0

# What a family does not say otherwise.
USUAL: Ranges = {
    "length_top": (40, 60),
    "length_sides": (20, 30),
    "length_back": (25, 35),
    "length_fringe": (40, 60),
    "cut_mm": (-1000, -1000),
    "volume_top": (8, 16),
    "volume_sides": (4, 8),
    "volume_back": (6, 10),
    "volume_front": (4, 10),
    "part_mm": (0, 0),
    "parted": (0, 0),
    "swept": (0, 0),
    "fringe": (0, 0),
    "fringe_side": (-1, 1),
    "lift": (0.15, 0.35),
    "fall": (-0.3, 0.3),
    "frame_mm": (0, 0),
    "gravity": (0.4, 0.6),
    "cling": (0.3, 0.6),
    "puff": (0, 0),
    "frizz": (0.1, 0.3),
    "wave_mm": (0, 0),
    "wave_length_mm": (50, 90),
    "tied": (0, 0),
    "knot_rise": (-0.5, 0.9),
    "tail_mm": (0, 0),
    "bun_mm": (0, 0),
    "hairline_mm": (0, 6),
    "temples_mm": (0, 8),
    "peak_mm": (-3, 5),
    "crown_mm": (0, 0),
    "horseshoe_mm": (_NOWHERE_MM, _NOWHERE_MM),
    "fade_mm": (-_NOWHERE_MM, -_NOWHERE_MM),
    "front_mm": (-45, 0),
    "ground": (1, 1),
    "cards": (140, 140),
    "width_mm": (18, 21),
    "curl": (0, 0.3),
    "beard_mm": (0, 0),
    "moustache_mm": (0, 0),
    "beard_cover": (0.6, 1),
    "cheek_mm": (0, 0),
    "beard_width": (10, 13),
    "strands": (0, 2**24 - 1),
}

_LONG: Ranges = {
    "length_top": (420, 420),
    "length_sides": (420, 420),
    "length_back": (420, 420),
    "length_fringe": (420, 420),
    "cut_mm": (-260, -130),
    "volume_top": (9, 20),
    "volume_sides": (9, 24),
    "volume_back": (12, 24),
    "volume_front": (6, 13),
    "part_mm": (0, 34),
    "parted": (0.9, 1),
    "gravity": (0.9, 1.3),
    "cling": (0.05, 0.3),
    "fall": (-0.8, 0.7),
    "frame_mm": (48, 72),
    "frizz": (0.02, 0.15),
    "width_mm": (27, 31),
    "cards": (90, 90),
    "peak_mm": (-4, 3),
    "temples_mm": (-4, 2),
    "hairline_mm": (0, 5),
}
_TIED: Ranges = _LONG | {
    "tied": (1, 1),
    "volume_top": (4, 12),
    "volume_sides": (3, 6),
    "volume_back": (4, 9),
    "volume_front": (3, 7),
    "lift": (0.1, 0.3),
    "width_mm": (19, 22),
    "cards": (110, 110),
}
_SHORT_BACK_AND_SIDES: Ranges = {
    "length_sides": (20, 32),
    "length_back": (22, 34),
    "volume_sides": (2.5, 6),
    "volume_back": (3, 8),
}

FAMILIES: dict[str, Ranges] = {
    "bald": {"cards": (0, 0), "ground": (0.02, 0.4)},
    "tonsure": _SHORT_BACK_AND_SIDES
    | {"horseshoe_mm": (28, 62), "volume_sides": (2, 6), "ground": (0.9, 1), "cards": (40, 40)},
    "receding": _SHORT_BACK_AND_SIDES
    | {
        "hairline_mm": (8, 18),
        "temples_mm": (12, 26),
        "peak_mm": (-2, 5),
        "crown_mm": (0, 34),
        "length_top": (32, 48),
        "length_fringe": (32, 55),
        "volume_top": (4, 10),
        "cards": (150, 150),
        "swept": (0, 1),
        "parted": (0, 1),
        "part_mm": (20, 36),
    },
    "buzz": {
        "length_top": (14, 15),
        "length_sides": (13, 15),
        "length_back": (13, 15),
        "length_fringe": (13, 15),
        "volume_top": (1.5, 4),
        "volume_sides": (0.8, 2),
        "volume_back": (0.8, 2.5),
        "volume_front": (1, 2.5),
        "ground": (0.85, 1),
        "fade_mm": (-60, 30),
        "cards": (1, 1),
        "curl": (0.85, 1),
    },
    "cropped": _SHORT_BACK_AND_SIDES
    | {
        "length_top": (18, 34),
        "length_fringe": (16, 32),
        "volume_top": (5, 14),
        "volume_front": (3, 8),
        "lift": (0.3, 0.7),
        "frizz": (0.3, 0.8),
        "fringe": (0, 0.6),
        "curl": (0.45, 0.6),
        "fade_mm": (-60, 40),
        "width_mm": (12, 15),
        "cards": (170, 170),
    },
    "short": _SHORT_BACK_AND_SIDES
    | {
        "length_top": (35, 60),
        "length_fringe": (30, 52),
        "volume_top": (9, 22),
        "volume_front": (5, 14),
        "fringe": (0, 0.9),
        "curl": (0.2, 0.4),
        "lift": (0.2, 0.6),
        "frizz": (0.2, 0.5),
    },
    "side_parted": _SHORT_BACK_AND_SIDES
    | {
        "length_top": (55, 85),
        "length_fringe": (60, 90),
        "volume_top": (9, 22),
        "volume_front": (7, 16),
        "volume_sides": (3, 8),
        "parted": (0.9, 1),
        "part_mm": (24, 42),
        "swept": (0.1, 0.6),
        "frizz": (0.05, 0.2),
    },
    "centre_parted": {
        "frame_mm": (44, 66),
        "length_top": (80, 120),
        "length_fringe": (80, 120),
        "length_sides": (40, 80),
        "length_back": (40, 80),
        "volume_top": (9, 16),
        "volume_front": (8, 16),
        "volume_sides": (8, 16),
        "part_mm": (0, 12),
        "parted": (1, 1),
        "frizz": (0.05, 0.2),
        "gravity": (0.6, 0.9),
    },
    "swept_back": _SHORT_BACK_AND_SIDES
    | {
        "length_top": (60, 100),
        "length_fringe": (60, 100),
        "length_sides": (30, 60),
        "length_back": (25, 60),
        "volume_top": (8, 24),
        "volume_front": (8, 22),
        "swept": (0.9, 1),
        "lift": (0.3, 0.7),
        "frizz": (0.02, 0.2),
        "gravity": (0.1, 0.3),
    },
    "curly": {
        "length_top": (40, 60),
        "length_sides": (25, 45),
        "length_back": (25, 45),
        "length_fringe": (35, 50),
        "volume_top": (18, 34),
        "volume_sides": (9, 20),
        "volume_back": (10, 22),
        "volume_front": (10, 20),
        "fringe": (0, 0.6),
        "puff": (0.2, 0.5),
        "frizz": (0.5, 0.9),
        "wave_mm": (3, 6),
        "wave_length_mm": (28, 40),
        "curl": (0.5, 0.9),
        "lift": (0.4, 0.7),
        "cards": (220, 220),
        "width_mm": (15, 18),
    },
    "afro": {
        "length_top": (13, 20),
        "length_sides": (13, 20),
        "length_back": (13, 20),
        "length_fringe": (13, 20),
        "volume_top": (10, 85),
        "volume_sides": (8, 80),
        "volume_back": (10, 80),
        "volume_front": (8, 60),
        "puff": (0.85, 0.95),
        "frizz": (0.1, 0.4),
        "lift": (0.2, 0.4),
        "gravity": (0, 0.1),
        "curl": (0.9, 1),
        "cards": (1, 1),
    },
    "bob": _LONG
    | {"cut_mm": (-125, -66), "volume_sides": (14, 28), "volume_back": (14, 28), "cling": (0.2, 0.5)},
    "bangs": _LONG
    | {
        "cut_mm": (-230, -60),
        "fringe": (0.8, 1),
        "fringe_side": (-0.7, 0.7),
        "length_fringe": (48, 66),
        "part_mm": (0, 8),
    },
    "long_straight": _LONG,
    "long_wavy": _LONG
    | {"wave_mm": (4, 8), "wave_length_mm": (55, 90), "frizz": (0.1, 0.3), "curl": (0.3, 0.6)},
    "long_curly": _LONG
    | {
        "wave_mm": (5, 9),
        "wave_length_mm": (36, 52),
        "cards": (120, 120),
        "width_mm": (22, 25),
        "cut_mm": (-190, -90),
        "volume_top": (12, 22),
        "lift": (0.08, 0.2),
        "volume_sides": (20, 38),
        "volume_back": (20, 36),
        "frizz": (0.4, 0.7),
        "curl": (0.6, 0.95),
    },
    "ponytail": _TIED | {"tail_mm": (120, 220), "knot_rise": (-0.4, 0.9)},
    "bun": _TIED | {"bun_mm": (24, 40), "knot_rise": (-0.4, 2.2)},
    "pixie": {
        "length_top": (45, 70),
        "length_sides": (35, 55),
        "length_back": (30, 45),
        "length_fringe": (50, 75),
        "volume_top": (12, 24),
        "volume_sides": (7, 12),
        "fringe": (0.2, 1),
        "parted": (0.3, 0.8),
        "part_mm": (20, 38),
    },
}

FACIAL_HAIR: dict[str, Ranges] = {
    "none": {},
    "moustache": {"moustache_mm": (6, 11)},
    "full": {"beard_mm": (7, 16), "moustache_mm": (5, 9), "cheek_mm": (-12, 14)},
    "goatee": {"beard_mm": (8, 20), "moustache_mm": (5, 9), "beard_cover": (0, 0.1)},
    "long": {"beard_mm": (22, 55), "moustache_mm": (7, 12)},
}


def family_weights(traits: Traits) -> dict[str, float]:
    """How likely each family is for a person."""
    if traits.baldness > 0.5:
        return {"bald": 0.5, "tonsure": 0.5}
    tight = min(max((traits.hair_texture - 0.35) * 2.5, 0.0), 1.0)
    loose = 1.0 - tight
    if traits.masculinity > 0.5:
        return {
            "buzz": 0.1 + 0.2 * tight,
            "cropped": 0.18,
            "short": 0.2 * loose,
            "side_parted": 0.2 * loose,
            "centre_parted": 0.05 * loose,
            "swept_back": 0.12 * loose,
            "receding": 0.05 + 0.25 * traits.age,
            "curly": 0.05 + 0.15 * tight,
            "afro": 0.35 * tight,
            "long_straight": 0.03 * loose,
            "long_wavy": 0.03 * loose,
            "ponytail": 0.02,
        }
    return {
        "long_straight": 0.24 * loose,
        "long_wavy": 0.22 * loose + 0.05,
        "long_curly": 0.04 + 0.25 * tight,
        "bob": 0.15 * loose + 0.02,
        "bangs": 0.12 * loose + 0.02,
        "ponytail": 0.08,
        "bun": 0.09,
        "afro": 0.25 * tight,
        "pixie": 0.09 * loose + 0.01,
        "cropped": 0.03,
    }
