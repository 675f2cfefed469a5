"""Layers of paint over a head's texture: through masks and bands, broken up by noise in 3D."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int8, UInt8

from facewright import _native
from facewright.models.embedded import EmbeddedHead

__all__ = ["Band", "Layer", "paint"]

# Rows of a map from mm to the noise's cells; a low number stretches the pattern that way.
_PATTERNS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "pores": ((0.9, 0.0, 0.0), (0.0, 0.9, 0.0), (0.0, 0.0, 0.9)),
    "blotches": ((0.06, 0.0, 0.0), (0.0, 0.06, 0.0), (0.0, 0.0, 0.06)),
    "blotches2": ((0.075, 0.0, 0.0), (0.0, 0.05, 0.0), (0.0, 0.0, 0.06)),
    "blotches3": ((0.05, 0.0, 0.0), (0.0, 0.085, 0.0), (0.0, 0.0, 0.06)),
    "freckles": ((0.45, 0.0, 0.0), (0.0, 0.45, 0.0), (0.0, 0.0, 0.45)),
    "straight": ((0.8, 0.0, 0.0), (0.0, 0.06, 0.0), (0.0, 0.0, 0.3)),
    "curled": ((0.35, 0.0, 0.0), (0.0, 0.35, 0.0), (0.0, 0.0, 0.35)),
    "brow": ((0.85, -0.62, 0.0), (0.16, 0.22, 0.0), (0.0, 0.0, 0.3)),
    "stubble": ((0.85, 0.0, 0.0), (0.0, 0.32, 0.0), (0.0, 0.0, 0.6)),
}
_FIBRES = "fibres"
"""Radial, round the irises."""
_FIBRES_AROUND, _FIBRES_OUTWARDS_PER_MM = 7.0, 0.18


@dataclass(frozen=True)
class Band:
    """A stroke along a curve: v = c0 + c1 u + c2 u^2 is its middle, w0 + w1 u its half width, in the planes' units."""

    u: str
    v: str
    middle: tuple[float, float, float]
    half_width: tuple[float, float]


@dataclass(frozen=True)
class Layer:
    """See `_native.AlbedoPainter.paint` for what the numbers do."""

    mask: str
    pattern: str
    colour: Float64[np.ndarray, 3]
    strength: float = 1.0
    threshold: float = 0.0
    gain: float = 1.0
    roughness: float = 0.0
    mottle: float = 0.0
    band: Band | None = None


def paint(
    head: EmbeddedHead, layers: Sequence[Layer], base: UInt8[np.ndarray, "S S 3"] | None = None
) -> UInt8[np.ndarray, "S S 3"]:
    """(S, S, 3) uint8 sRGB: the layers over `base`, or over nothing, in order."""
    planes = {name: index for index, name in enumerate(head.mask_names)}
    patterns = {name: index for index, name in enumerate((*_PATTERNS, _FIBRES))}
    chosen = np.full((len(layers), 4), -1, np.int32)
    parameters = np.zeros((len(layers), 13), np.float32)
    for row, layer in enumerate(layers):
        chosen[row, :2] = planes[layer.mask], patterns[layer.pattern]
        parameters[row, :3] = layer.colour
        parameters[row, 3:8] = layer.strength, layer.threshold, layer.gain, layer.roughness, layer.mottle
        if layer.band:
            chosen[row, 2:] = planes[layer.band.u], planes[layer.band.v]
            parameters[row, 8:] = (*layer.band.middle, *layer.band.half_width)
    texture: UInt8[np.ndarray, "S S 3"] = _painter(head).paint(chosen, parameters, base)
    return texture


@functools.lru_cache(maxsize=2)
def _painter(head: EmbeddedHead) -> _native.AlbedoPainter:
    return _native.AlbedoPainter(head.masks, _noise(head))


def _noise(head: EmbeddedHead) -> Int8[np.ndarray, "P S S"]:
    """The patterns over the head's texture, from the place of each texel on the mean head."""
    size = head.masks.shape[1]
    points: Float32[np.ndarray, "n 3"] = head.position_map_mm.reshape(-1, 3)
    fibres = _native.noise_at(_round_irises(points), 99)
    out: list[np.ndarray] = []
    for seed, rows in enumerate(_PATTERNS.values()):
        x = np.abs(points[:, 0]) if rows[0][1] else points[:, 0]  # slanted strands mirror each other
        places = np.stack(
            [
                np.float32(a) * x + np.float32(b) * points[:, 1] + np.float32(c) * points[:, 2]
                for a, b, c in rows
            ],
            axis=1,
        )
        first = _native.noise_at(places, seed)
        second = _native.noise_at(places * np.float32(2), seed + 100)
        out.append((first + np.float32(0.5) * second) / np.float32(1.5))
    out.append(fibres)
    return np.stack([(value * np.float32(127)).astype(np.int8).reshape(size, size) for value in out])


def _round_irises(points: Float32[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
    """Places whose noise is fibres that run from the pupil outwards; eyes look along +z through (+-28.5, 0.4)."""
    x = np.abs(points[:, 0]) - np.float32(28.5)
    y = points[:, 1] - np.float32(0.4)
    radius = np.sqrt(x * x + y * y) + np.float32(0.05)
    around = np.float32(_FIBRES_AROUND)
    return np.stack(
        [x / radius * around, y / radius * around, radius * np.float32(_FIBRES_OUTWARDS_PER_MM)], axis=1
    )
