"""Paints a person's albedo texture: layers of colour through the head's masks, broken up by noise in 3D."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int8, UInt8

from facewright import _native
from facewright.models.embedded import EmbeddedHead
from facewright.people.palette import blend, hair_colour, iris_colour, lip_colour, skin_colour
from facewright.people.traits import Traits

__all__ = ["paint_albedo"]

# Cells per mm along x, y, z of each pattern; a low number stretches it that way.
_PATTERNS: dict[str, tuple[float, float, float]] = {
    "pores": (0.9, 0.9, 0.9),
    "blotches": (0.06, 0.06, 0.06),
    "freckles": (0.45, 0.45, 0.45),
    "straight": (0.8, 0.06, 0.3),
    "curled": (0.35, 0.35, 0.35),
    "brow": (1.1, 0.35, 0.5),
}


@dataclass(frozen=True)
class _Layer:
    """See `_native.AlbedoPainter.paint` for what the numbers do."""

    mask: str
    pattern: str
    colour: Float64[np.ndarray, 3]
    strength: float = 1.0
    threshold: float = 0.0
    gain: float = 1.0
    roughness: float = 0.0
    mottle: float = 0.0


def paint_albedo(head: EmbeddedHead, traits: Traits) -> UInt8[np.ndarray, "S S 3"]:
    """(S, S, 3) uint8 sRGB albedo over the head's UVs."""
    masks, patterns = list(head.mask_names), list(_PATTERNS)
    layers = [*_skin_layers(traits), *_mouth_and_eye_layers(traits), *_hair_layers(traits)]
    parameters = np.array(
        [
            (*layer.colour, layer.strength, layer.threshold, layer.gain, layer.roughness, layer.mottle)
            for layer in layers
        ],
        dtype=np.float32,
    )
    texture: UInt8[np.ndarray, "S S 3"] = _painter(head).paint(
        np.array([masks.index(layer.mask) for layer in layers], dtype=np.int32),
        np.array([patterns.index(layer.pattern) for layer in layers], dtype=np.int32),
        parameters,
    )
    return texture


@functools.lru_cache(maxsize=2)
def _painter(head: EmbeddedHead) -> _native.AlbedoPainter:
    return _native.AlbedoPainter(head.masks, _noise(head))


def _noise(head: EmbeddedHead) -> Int8[np.ndarray, "P S S"]:
    """The patterns over the head's texture, from the place of each texel on the mean head."""
    size = head.masks.shape[1]
    points: Float32[np.ndarray, "n 3"] = head.position_map_mm.reshape(-1, 3)
    out = []
    for seed, frequency in enumerate(_PATTERNS.values()):
        places = points * np.array(frequency, dtype=np.float32)
        first = _native.noise_at(places, seed)
        second = _native.noise_at(places * np.float32(2), seed + 100)
        value = (first + np.float32(0.5) * second) * np.float32(127 / 1.5)
        out.append(value.astype(np.int8).reshape(size, size))
    return np.stack(out)


def _skin_layers(traits: Traits) -> list[_Layer]:
    skin = skin_colour(traits.melanin, traits.redness, traits.yellowness)
    flush = skin * np.array([1.0, 0.84, 0.84])
    deep = skin * np.array([0.8, 0.72, 0.72])
    freckle = skin * np.array([0.74, 0.62, 0.52])
    red = 0.35 + 0.25 * traits.redness
    return [
        _Layer("all", "pores", skin, mottle=0.035),
        _Layer(
            "all", "blotches", flush, strength=0.5 * traits.blotches, threshold=0.9, roughness=0.5, gain=1.5
        ),
        _Layer("cheeks", "blotches", flush, strength=red + 0.2, roughness=0.25),
        _Layer("nose", "blotches", flush, strength=red, roughness=0.2),
        _Layer("ears", "blotches", flush, strength=0.7, mottle=0.04),
        _Layer("sockets", "blotches", deep, strength=0.15 + 0.4 * traits.dark_sockets),
        _Layer(
            "cheeks", "freckles", freckle, strength=traits.freckles, threshold=1.15, roughness=0.6, gain=6.0
        ),
        _Layer("lids", "pores", deep, strength=0.35),
        _Layer(
            "lips",
            "pores",
            lip_colour(skin, traits.melanin, traits.lip_redness),
            traits.lip_strength,
            mottle=0.07,
        ),
    ]


def _mouth_and_eye_layers(traits: Traits) -> list[_Layer]:
    iris = iris_colour(traits.iris_lightness)
    black = np.array([10.0, 8.0, 8.0])
    return [
        _Layer("mouth", "pores", np.array([92.0, 38.0, 36.0])),
        _Layer("tongue", "pores", np.array([158.0, 86.0, 84.0]), mottle=0.08),
        _Layer("teeth", "pores", np.array([214.0, 204.0, 186.0]), mottle=0.02),
        _Layer("sclera", "blotches", np.array([206.0, 196.0, 190.0]), mottle=0.04),
        _Layer("iris", "pores", iris * 0.45, gain=4.0),
        _Layer("iris", "pores", iris, threshold=0.35, gain=3.0, mottle=0.2),
        _Layer("pupil", "pores", black, gain=3.0),
        _Layer("lashes", "pores", black),
        _Layer(
            "lash_line",
            "pores",
            np.array([34.0, 24.0, 22.0]),
            strength=0.55 + 0.25 * (1 - traits.masculinity),
        ),
    ]


def _hair_layers(traits: Traits) -> list[_Layer]:
    hair = hair_colour(traits.hair_lightness, traits.hair_red, traits.grey)
    brow = blend(hair * 0.8, np.array([30.0, 24.0, 20.0]), 0.25)
    strands = "curled" if traits.hair_texture > 0.6 else "straight"
    scalp = 0.18 if traits.baldness > 0.5 else 1.0
    return [
        _Layer(
            "brows",
            "brow",
            brow,
            strength=0.85 * traits.brow_strength,
            threshold=0.5 - 0.5 * traits.brow_thickness,
            gain=1.7,
            roughness=0.3,
            mottle=0.2,
        ),
        _stubble("moustache", traits.moustache, hair),
        _stubble("beard", traits.beard, hair),
        _Layer(
            "scalp", strands, hair, scalp, 0.05 + 0.3 * traits.hairline, gain=3.0, roughness=0.15, mottle=0.4
        ),
        _Layer(
            "long_hair", strands, hair, float(traits.hair_long > 0), 0.2, gain=2.0, roughness=0.2, mottle=0.4
        ),
    ]


def _stubble(mask: str, amount: float, hair: Float64[np.ndarray, " 3"]) -> _Layer:
    """From a shadow that lets the skin through to a full beard."""
    strength = 0.0 if amount == 0 else 0.15 + 0.7 * amount
    return _Layer(
        mask, "curled", hair * 0.8, strength, 0.3 * (1 - amount), gain=1.3, roughness=0.3, mottle=0.35
    )
