"""Colours of skin, hair, lips and irises, in sRGB 0 .. 255, and how a person's are drawn."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

__all__ = ["blend", "hair_colour", "iris_colour", "lip_colour", "skin_colour"]

Rgb = Float64[np.ndarray, " 3"]

# From the lightest to the darkest skin, about the six Fitzpatrick types.
_SKIN = np.array(
    [[240, 212, 194], [230, 192, 168], [210, 168, 140], [182, 136, 106], [140, 97, 72], [88, 58, 46]],
    dtype=np.float64,
)
# Black, dark brown, brown, light brown, dark blond, blond.
_HAIR = np.array(
    [[24, 20, 19], [44, 31, 25], [74, 50, 36], [108, 78, 54], [146, 114, 78], [192, 160, 112]],
    dtype=np.float64,
)
_RED_HAIR = np.array([134.0, 66.0, 34.0])
_GREY_HAIR = np.array([176.0, 174.0, 172.0])
# Dark brown, brown, hazel, green, grey, blue.
_IRIS = np.array(
    [[46, 27, 17], [84, 52, 30], [112, 84, 46], [104, 112, 78], [118, 130, 138], [92, 130, 164]],
    dtype=np.float64,
)


def blend(a: Rgb, b: Rgb, t: float) -> Rgb:
    """From a (t = 0) to b (t = 1)."""
    mixed: Rgb = a + (b - a) * t
    return mixed


def _along(table: Float64[np.ndarray, "rows 3"], position: float) -> Rgb:
    """The colour at `position` 0 .. 1 along a table."""
    x = min(max(position, 0.0), 1.0) * (len(table) - 1)
    low = min(int(x), len(table) - 2)
    return blend(table[low], table[low + 1], x - low)


def skin_colour(melanin: float, redness: float, yellowness: float) -> Rgb:
    """Melanin 0 .. 1 from light to dark; redness and yellowness are about -1 .. 1 either side of usual."""
    base = _along(_SKIN, melanin)
    shift = np.array(
        [1 + 0.02 * redness, 1 - 0.03 * redness - 0.005 * yellowness, 1 - 0.03 * redness - 0.05 * yellowness]
    )
    tinted: Rgb = base * shift
    return tinted


def hair_colour(lightness: float, red: float, grey: float) -> Rgb:
    """Lightness 0 (black) .. 1 (blond); `red` and `grey` 0 .. 1 mix in those colours."""
    return blend(blend(_along(_HAIR, lightness), _RED_HAIR, red), _GREY_HAIR, grey)


def iris_colour(lightness: float) -> Rgb:
    """Dark brown (0) over hazel and green to blue (1)."""
    return _along(_IRIS, lightness)


def lip_colour(skin: Rgb, melanin: float, redness: float) -> Rgb:
    """A redder, darker skin; the darker the skin, the less red."""
    light = skin * np.array([0.86, 0.62 - 0.06 * redness, 0.65 - 0.05 * redness])
    dark = skin * np.array([0.86, 0.72 - 0.05 * redness, 0.74 - 0.04 * redness])
    return blend(light, dark, melanin)
