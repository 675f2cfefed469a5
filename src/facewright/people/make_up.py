"""Make-up over a finished texture."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, UInt8

from facewright.models.embedded import EmbeddedHead
from facewright.people.layers import Band, Layer, paint
from facewright.people.palette import blend, skin_colour
from facewright.people.traits import Traits

__all__ = ["DRAWS", "paint_make_up"]

DRAWS = 12
"""Uniform numbers that one style takes."""

# Nude, rose, red, wine, coral, plum.
_LIPSTICK = np.array(
    [[176, 112, 98], [186, 92, 98], [168, 30, 38], [110, 28, 42], [206, 92, 76], [124, 52, 84]], np.float64
)
# Taupe, brown, grey, gold, blue, plum.
_SHADOW = np.array(
    [[122, 98, 88], [92, 62, 48], [74, 72, 76], [166, 130, 84], [72, 88, 122], [104, 66, 92]], np.float64
)
_LINER = np.array([18.0, 14.0, 15.0])
_LID_MM = 1 / 28.0


def paint_make_up(
    head: EmbeddedHead,
    traits: Traits,
    texture: UInt8[np.ndarray, "S S 3"],
    p: Float64[np.ndarray, " draws"],
) -> UInt8[np.ndarray, "S S 3"]:
    """The texture (S, S, 3) with foundation, blush, shadow, liner, mascara, brows and lipstick as `p` (12,) says."""
    skin = skin_colour(traits.melanin, traits.redness, traits.yellowness)
    lips = _LIPSTICK[_pick(p[0], _LIPSTICK)]
    shadow = _SHADOW[_pick(p[1], _SHADOW)]
    shadow = blend(shadow, skin * np.array([0.6, 0.5, 0.5]), 0.35)
    blush = blend(skin * np.array([1.0, 0.72, 0.72]), lips, 0.15)
    worn = [p[2] < 0.85, p[3] < 0.6, p[4] < 0.65, p[5] < 0.6]
    lipstick, shade, liner, rouge = (float(flag) for flag in worn)
    wing = 1.0 + 1.6 * p[6]
    layers = [
        Layer("cheeks", "blotches", skin, 0.25 * p[7], gain=1.5),
        Layer("nose", "blotches", skin, 0.2 * p[7], gain=1.5),
        Layer("sockets", "blotches", skin, 0.25 * p[7]),
        Layer("cheeks", "blotches", blush, rouge * (0.15 + 0.35 * p[8])),
        _lid("lid_above", shadow, shade * (0.25 + 0.5 * p[9]), 2.5, 4.0 + 2.5 * p[9]),
        _lid("lid_above", _LINER, liner * (0.55 + 0.4 * p[6]), 0.2, wing),
        _lid("lid_below", _LINER, liner * 0.5 * p[6], -0.2, 0.9),
        Layer("lashes", "pores", _LINER * 0.5, 0.9),
        Layer("brows", "brow", np.array([40.0, 30.0, 25.0]), 0.4 * p[10], 0.3, 2.0, 0.3),
        Layer(
            "lips",
            "pores",
            lips * (0.7 + 0.3 * (1 - traits.melanin)),
            lipstick * (0.5 + 0.4 * p[11]),
            0.25,
            3.0,
        ),
    ]
    return paint(head, layers, texture)


def _lid(
    mask: str, colour: Float64[np.ndarray, " 3"], strength: float, height_mm: float, half_mm: float
) -> Layer:
    band = Band("lid_along", "lid_up", (0.5 + height_mm * _LID_MM, 0.0, 0.0), (half_mm * _LID_MM, 0.0))
    return Layer(mask, "pores", colour, strength, gain=1.5, band=band)


def _pick(p: float, table: Float64[np.ndarray, "rows 3"]) -> int:
    return min(int(p * len(table)), len(table) - 1)
