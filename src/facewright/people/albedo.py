"""Paints a person's albedo texture: skin with its blood and pigment, lines, mouth and eyes."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float64, Int16, UInt8

from facewright.models.embedded import ZONE_STEPS, EmbeddedHead
from facewright.people.eye_paint import brow_layers, eyeball_layers, lid_layers
from facewright.people.layers import Layer, paint
from facewright.people.palette import lip_colour, skin_colour
from facewright.people.traits import Traits

__all__ = ["paint_albedo"]

_Rgb = Float64[np.ndarray, " 3"]
# What more blood and more pigment do to a colour of skin.
_BLOOD = np.array([1.0, 0.89, 0.89])
_PIGMENT = np.array([0.9, 0.86, 0.81])
_BLOTCHES = ("blotches", "blotches2", "blotches3")
_MOLES = 4
"""At most; each is a spot of `_MOLE` over the skin, at a texel of the face's middle."""
_MOLE = np.array(
    [[0.0, 0.25, 0.35, 0.25, 0.0], [0.25, 0.7, 0.85, 0.7, 0.25], [0.35, 0.85, 1.0, 0.85, 0.35]], np.float64
)[[0, 1, 2, 1, 0]]
_MOLE_BOX = (0.26, 0.74, 0.2, 0.6)
"""Left, right, top and bottom in the texture."""
_NO_MOLES = ("lips", "brow_area", "lid_above", "lid_below", "scalp")


def paint_albedo(head: EmbeddedHead, traits: Traits) -> UInt8[np.ndarray, "S S 3"]:
    """(S, S, 3) uint8 sRGB albedo over the head's UVs."""
    skin = skin_colour(traits.melanin, traits.redness, traits.yellowness)
    layers = [
        *_skin_layers(traits, skin),
        *_line_layers(traits, skin),
        *_mouth_layers(traits, skin),
        *lid_layers(traits, skin),
        *brow_layers(traits),
        *eyeball_layers(traits),
    ]
    texture = paint(head, [layer for layer in layers if layer.strength != 0])
    _add_moles(head, traits, texture)
    _add_zones(head, texture)
    return texture


def _add_zones(head: EmbeddedHead, texture: UInt8[np.ndarray, "S S 3"]) -> None:
    """Make the zones of the face lighter, darker and redder, as they are in people of any colour."""
    for place, zones in _zones(head):
        changed = zones * texture[place]
        changed += ZONE_STEPS // 2
        changed //= ZONE_STEPS
        changed += texture[place]
        texture[place] = np.minimum(changed, 255, out=changed)


@functools.lru_cache(maxsize=2)
def _zones(head: EmbeddedHead) -> list[tuple[tuple[slice, slice], Int16[np.ndarray, "h w 3"]]]:
    """The boxes of the texture that have zones, and these: one for each run of rows."""
    changed = np.any(head.zones, axis=2)
    out = []
    rows = np.flatnonzero(np.any(changed, axis=1))
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        across = np.flatnonzero(np.any(changed[run], axis=0))
        place = slice(run[0], run[-1] + 1), slice(across[0], across[-1] + 1)
        out.append((place, head.zones[place].astype(np.int16)))
    return out


def _add_moles(head: EmbeddedHead, traits: Traits, texture: UInt8[np.ndarray, "S S 3"]) -> None:
    """Small dark spots, as many and where the digits of `traits.moles` say."""
    digits = traits.moles
    for _ in range(int(digits * digits * (_MOLES + 0.99))):
        place = []
        for low, high in (_MOLE_BOX[:2], _MOLE_BOX[2:]):
            digits = digits * 997 % 1.0
            place.append(int((low + (high - low) * digits) * len(texture)))
        x, y = place
        if any(head.mask(name)[y, x] for name in _NO_MOLES):
            continue
        patch = texture[y - 2 : y + 3, x - 2 : x + 3]
        fade = 1 - (0.35 + 0.3 * digits) * _MOLE[:, :, None] * np.array([0.8, 1.0, 1.0])
        patch[...] = (patch * fade + 0.5).astype(np.uint8)


def _skin_layers(traits: Traits, skin: _Rgb) -> list[Layer]:
    flush, tan = skin * _BLOOD, skin * _PIGMENT
    deep = skin * np.array([0.72, 0.62, 0.62])
    freckle = skin * np.array([0.74, 0.62, 0.52])
    blotches = _BLOTCHES[int(traits.moles * 999) % len(_BLOTCHES)]
    amount = 0.25 + 0.75 * traits.skin_contrast
    red = amount * (0.75 + 0.35 * traits.redness)
    return [
        Layer("all", "pores", skin, mottle=0.045),
        Layer("all", blotches, flush, 0.35 + 0.4 * traits.blotches, 0.75, 1.4, 0.7),
        Layer("forehead", blotches, tan, 0.4 * amount, 0.1, roughness=0.3),
        Layer("cheeks", blotches, flush, red, roughness=0.3),
        Layer("nose", "freckles", flush, red, roughness=0.2),
        Layer("chin", blotches, flush, 0.6 * red, roughness=0.3),
        Layer("ears", blotches, flush, 0.8, mottle=0.04),
        Layer("neck", blotches, tan, 0.35),
        Layer("lids", "pores", deep, 0.25 + 0.2 * traits.lid_shade),
        Layer("sockets", blotches, deep, 0.2 + 0.2 * amount + 0.4 * traits.dark_sockets),
        Layer("cheeks", "freckles", freckle, traits.freckles, 1.15, 6.0, 0.6),
        Layer("nose", "freckles", freckle, traits.freckles, 1.1, 6.0, 0.6),
        Layer("all", "freckles", freckle, 0.7 * max(traits.freckles, traits.age - 0.45), 1.62, 6.0, 0.75),
    ]


def _line_layers(traits: Traits, skin: _Rgb) -> list[Layer]:
    deep = skin * np.array([0.62, 0.5, 0.48])
    return [
        Layer("forehead_lines", "straight", deep, 0.55 * traits.forehead_lines, 0.25, 1.2, 0.3),
        Layer("frown_lines", "pores", deep, 0.5 * traits.forehead_lines, 0.1),
        Layer("crows_feet", "pores", deep, 0.5 * traits.crows_feet, 0.1),
        Layer("nasolabial", "blotches", deep, 0.5 * traits.nasolabial, 0.05),
        Layer("marionette", "blotches", deep, 0.4 * max(0.0, traits.nasolabial - 0.3), 0.05),
    ]


def _mouth_layers(traits: Traits, skin: _Rgb) -> list[Layer]:
    lips = lip_colour(skin, traits.melanin, traits.lip_redness)
    soft = 1.3 + 2.2 * traits.lip_edge
    return [
        Layer("lips", "straight", lips, traits.lip_strength, 0.3 - 0.2 / soft, soft, 0.12, 0.08),
        Layer("lips", "pores", lips * np.array([0.82, 0.74, 0.76]), 0.3, 0.8, 5.0, 0.1),
        Layer("mouth", "pores", np.array([86.0, 34.0, 33.0])),
        Layer("tongue", "pores", np.array([158.0, 86.0, 84.0]), mottle=0.08),
        Layer("teeth", "pores", np.array([238.0, 230.0, 214.0]), mottle=0.03),
    ]
