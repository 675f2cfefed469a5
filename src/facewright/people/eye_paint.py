"""Paints what is around the eyes: brows, creases, bags, lash lines, and the eyeballs themselves."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from facewright.people.layers import Band, Layer
from facewright.people.palette import blend, hair_colour, iris_colour, skin_colour
from facewright.people.traits import Traits

__all__ = ["brow_layers", "eyeball_layers", "lid_layers"]

_Rgb = Float64[np.ndarray, " 3"]
_IRIS_REACH = 1.35
"""The iris mask is 1 - r / (this times the usual radius)."""
_PUPIL = 0.34
"""Usual radius of the pupil, of the iris's."""
_LID_MM = 1 / 28.0
"""One millimetre in the plane lid_up, whose 0.5 is the lid's edge."""
_BROW_MM = 1 / 32.0
"""The same for brow_up, whose 0.5 is the usual brow's middle."""
_BROW_DROP_MM = 2.6
"""Brows lie lower on the bone than the plane's line."""
_BROW_SHADOW = np.array([0.62, 0.55, 0.52])
"""Brows are at least this much darker than the skin."""
_BLACK = np.array([16.0, 12.0, 11.0])


def eyeball_layers(traits: Traits) -> list[Layer]:
    """Sclera, shaded towards the corners and under the upper lid; iris with a limbal ring and fibres; pupil."""
    tone = traits.sclera_tone
    white = blend(np.array([186.0, 176.0, 168.0]), np.array([150.0, 130.0, 116.0]), tone)
    pink = np.array([168.0, 108.0, 98.0])
    iris = iris_colour(traits.iris_lightness)
    size = traits.iris_size
    return [
        Layer("sclera", "blotches", white, mottle=0.04),
        Layer("sclera", "fibres", blend(white, pink, 0.5), 0.25 + 0.35 * tone, 0.62, 3.0, 1.4),
        Layer("eye_corners", "blotches", white * np.array([0.5, 0.42, 0.4]), 0.92, gain=1.2),
        Layer("eye_inner", "pores", pink, 0.9, gain=1.5),
        Layer("eye_top", "pores", white * np.array([0.4, 0.36, 0.37]), 0.85),
        _disc("pores", iris * (0.5 - 0.28 * traits.iris_ring), size, 9.0),
        _disc("fibres", iris * 0.85, 0.9 * size, 6.0, mottle=0.3),
        _disc("fibres", _around_pupil(iris), 0.62 * size, 2.4, mottle=0.35, strength=0.8),
        _disc("pores", _BLACK * 0.6, _PUPIL * traits.pupil_size, 14.0),
        Layer("eye_top", "pores", _BLACK, 0.55),
    ]


def _around_pupil(iris: _Rgb) -> _Rgb:
    """Light irises are warmer and lighter near the pupil, brown ones a little lighter."""
    ring: _Rgb = iris * np.array([1.32, 1.16, 0.92])
    return ring


def _disc(
    pattern: str, colour: _Rgb, size: float, gain: float, mottle: float = 0.0, strength: float = 1.0
) -> Layer:
    """A round spot on the iris of `size` times its usual radius."""
    edge = 1 - size / _IRIS_REACH
    return Layer("iris", pattern, colour, strength, edge - 0.5 / gain, gain, mottle=mottle)


def lid_layers(traits: Traits, skin: _Rgb) -> list[Layer]:
    """The lid's own tone, the crease above it, bags below, and the dark line of the lashes' roots."""
    deep = skin * np.array([0.58, 0.47, 0.45])
    dull = skin * np.array([0.78, 0.68, 0.68])
    light = blend(skin, np.array([255.0, 240.0, 228.0]), 0.16)
    lash = blend(_BLACK, deep, 0.35 - 0.3 * traits.lashes)
    height = 3.0 + 3.2 * traits.crease_height
    bag = 7.0 + 3.0 * traits.crease_height
    line = 0.9 + 1.1 * traits.lashes
    return [
        _stroke("lid_above", dull, 0.35 * traits.lid_shade, 0.5 * height, 0.7 * height, 0.0),
        _stroke("lid_above", deep, 0.75 * traits.crease, height, 1.4, 1.2),
        _stroke("lid_above", light, 0.3 * traits.crease, height + 2.6, 1.9, 1.2),
        _stroke("lid_below", dull, 0.65 * traits.dark_sockets, -4.0, 4.5, -0.5),
        _stroke("lid_below", deep, 0.45 * traits.bags, -bag, 1.7, -1.6),
        _stroke("lid_below", light, 0.35 * traits.bags, -bag + 3.2, 2.2, -1.2),
        _stroke("lid_below", deep, 0.12 + 0.3 * traits.lid_shade, -0.5, 2.6, 0.0),
        _stroke("lid_below", np.array([150.0, 88.0, 78.0]) * skin / 200, 0.55, -0.3, 1.0, 0.0),
        _stroke("lid_above", deep, 0.35 + 0.3 * traits.lid_shade, 0.8, 4.2, 0.0),
        _stroke("lid_above", lash, 0.4 + 0.45 * traits.lashes, 0.0, line, 0.0),
        _stroke("lid_below", lash, 0.06 + 0.22 * traits.lashes, -0.1, 1.0, 0.0),
        Layer("lashes", "pores", lash * 0.8),
    ]


def _stroke(
    mask: str, colour: _Rgb, strength: float, height_mm: float, half_mm: float, bow_mm: float
) -> Layer:
    """A line along the lid at a height above its edge; `bow_mm` higher in the middle than at its ends."""
    c0 = 0.5 + (height_mm - bow_mm) * _LID_MM
    bow = 4 * bow_mm * _LID_MM
    band = Band("lid_along", "lid_up", (c0, bow, -bow), (half_mm * _LID_MM, 0.0))
    return Layer(mask, "pores", colour, strength, gain=1.6, band=band)


def brow_layers(traits: Traits) -> list[Layer]:
    """Two coats: a soft base and strands; height, arch, slope, thickness and taper are the person's own."""
    hair = hair_colour(traits.hair_lightness * 0.6, traits.hair_red, 0.6 * traits.grey)
    shadow = skin_colour(traits.melanin, traits.redness, traits.yellowness) * _BROW_SHADOW
    brow = np.minimum(blend(hair * 0.82, np.array([30.0, 24.0, 20.0]), 0.2), shadow)
    half = 5.2 + 4.0 * traits.brow_thickness
    taper = half * (0.15 + 0.35 * traits.brow_taper)
    arch, slope = 1.9 * traits.brow_arch - 0.6, 3.2 * traits.brow_slope
    # Up by `arch` in the middle, by `slope` more at the outer end than at the inner one.
    middle = (
        0.5 + (2.6 * traits.brow_height - _BROW_DROP_MM - 0.5 * slope - 0.4 * arch) * _BROW_MM,
        (slope + 4 * arch) * _BROW_MM,
        -4 * arch * _BROW_MM,
    )
    start = 0.05 + 0.36 * (1 - traits.brow_inner)
    full = Band("brow_along", "brow_up", middle, (half * _BROW_MM, -taper * _BROW_MM))
    strength = 0.3 + 0.65 * traits.brow_strength
    thin = 0.3 - 0.2 * traits.brow_bushy + start
    # What the threshold takes from the middle of the brow, the gain gives back.
    gain = 1 / (1 - start)
    return [
        Layer("brow_area", "brow", brow, 0.75 * strength, start, 1.1 * gain, 0.2, 0.08, full),
        Layer("brow_area", "brow", brow * 0.85, 0.65 * strength, thin, 1.4 * gain, 0.4, 0.1, full),
    ]
