"""Strand textures: grey levels and alpha of locks, shared by everybody."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float32, UInt8

from facewright import _native

__all__ = ["SHELL_U", "STRIPS", "STRIPS_U", "mean_level", "strand_atlas"]

STRIPS = 8
"""Locks side by side in the first part of an atlas: four dense (the last in shade), two loose, two wispy."""
_WIDTH, _HEIGHT = 32, 128
STRIPS_U = 0.4
"""The part of an atlas that they take up."""
SHELL_U = 0.475, 0.975
"""The part of an atlas that goes once and a quarter round the head."""
_ATLAS_WIDTH, _ROUND = 640, 256
# How much of its strip a lock covers, and its brightness.
_COVER = (1.5, 1.35, 1.35, 1.5, 0.8, 0.65, 0.45, 0.3)
_SHADE = (1.0, 0.9, 1.08, 0.78, 1.0, 1.1, 1.0, 1.05)


def mean_level(curl: float) -> float:
    """sRGB level of the strands on average; a tint is relative to it, a highlight is not: curls scatter theirs."""
    return 172.0 - 90.0 * min(max(2 * curl - 0.6, 0.0), 1.0)


@functools.cache
def strand_atlas(curl: float, grizzled: bool, fair: bool = False) -> UInt8[np.ndarray, "H W 4"]:
    """RGBA strips from root (top) to tip, and beside them what covers a head of hair.

    curl: 0 straight .. 1 tight, one of a few values; grizzled mixes dark strands with white ones; fair: light scatters
    between fair strands, so that they differ less.
    """
    strips = [_strip(i, curl, grizzled) for i in range(STRIPS)]
    return np.concatenate([*strips, _shell(curl, grizzled, fair)], axis=1)


def _shell(curl: float, grizzled: bool, fair: bool) -> UInt8[np.ndarray, "H W 4"]:
    """Strands side by side, repeating once round the head: dense from the parting (top) to frayed ends."""
    width = _ATLAS_WIDTH - STRIPS * _WIDTH
    v, x = np.meshgrid(
        (np.arange(_HEIGHT, dtype=np.float32) + np.float32(0.5)) / np.float32(_HEIGHT),
        (np.arange(width, dtype=np.float32) + np.float32(0.5 - (SHELL_U[0] - STRIPS_U) * _ATLAS_WIDTH))
        / np.float32(_ROUND),
        indexing="ij",
    )
    turn = np.asarray(_native.sincos_deg((x.ravel() * np.float32(360)).astype(np.float64))).astype(np.float32)
    around = turn.reshape(*x.shape, 2)

    def noise(count: float, along: float, seed: int) -> Float32[np.ndarray, "H W"]:
        """About `count` features round the head and `along` from top to bottom."""
        swing = np.float32((0.02 + 0.5 * curl) * count / 60)
        radius = np.float32(count / 6.28)
        sway = np.stack([around[..., 0] * 6, around[..., 1] * 6, v * np.float32(4 + 20 * curl)], axis=-1)
        wobble = np.asarray(_native.noise_at(sway.reshape(-1, 3), seed + 50)).reshape(x.shape) * swing
        points = np.stack(
            [around[..., 0] * radius + wobble, around[..., 1] * radius, v * np.float32(along)], axis=-1
        )
        return np.asarray(_native.noise_at(points.reshape(-1, 3), seed)).reshape(x.shape)

    along, fine = 2.5 + 45 * curl * curl, 4 + 75 * curl * curl
    locks = noise(40, 1.5 + 24 * curl * curl, 201)
    fibres = noise(190 - 70 * curl, fine, 203) * np.float32(0.65)
    strand = noise(90 - 25 * curl, along, 202) * np.float32(0.12 if grizzled else 0.5) + fibres
    contrast = np.float32((0.62 if grizzled else 0.44) * (0.6 if fair else 1))
    # Between the tufts of curled hair it is dark.
    gaps = np.minimum(locks + np.float32(0.15), 0) * np.float32(max(curl - 0.5, 0) * (0.8 if fair else 1.6))
    level = np.float32(1) + np.float32(0.13) * locks + contrast * strand + gaps
    flat = ((v - np.float32(0.03)) * np.float32(20)).clip(0, 1)
    level = np.float32(0.82) + (level - np.float32(0.82)) * flat
    left = np.float32(1) - v
    frayed = np.float32(0.9 - 0.5 * curl) * (strand + locks)  # curls end in tufts, not in specks
    alpha = (left * np.float32(9) + frayed).clip(0, 1) * (left * np.float32(20)).clip(0, 1)
    grey = (level * np.float32(mean_level(curl))).clip(0, 255)
    return np.stack([grey, grey, grey, alpha * np.float32(255)], axis=2).astype(np.uint8)


def _strip(index: int, curl: float, grizzled: bool) -> UInt8[np.ndarray, "H W 4"]:
    v, u = np.meshgrid(
        (np.arange(_HEIGHT, dtype=np.float32) + np.float32(0.5)) / np.float32(_HEIGHT),
        (np.arange(_WIDTH, dtype=np.float32) + np.float32(0.5)) / np.float32(_WIDTH),
        indexing="ij",
    )
    strand = _strands(u, v, curl, seed=10 * index)
    fine = _strands(u, v, curl, seed=10 * index + 5)
    edge = np.abs(u - np.float32(0.5)) * np.float32(2)
    tip = np.maximum(v - np.float32(0.45), 0) * np.float32(1 / 0.55)
    root = np.maximum(np.float32(0.1) - v, 0) * np.float32(10)
    # Locks of straight hair are strips with frayed ends, tufts of curls are round.
    edge = edge * edge
    bounds = edge * edge * np.float32(1.2 - 1.2 * curl) + edge * np.float32(1.3 * curl)
    cover = np.float32(_COVER[index]) - bounds - np.float32(1.7) * tip * tip - np.float32(1.7) * root
    cover = cover + np.float32(0.8 + 0.5 * curl) * strand
    alpha = (cover * np.float32(2)).clip(0, 1)
    contrast = np.float32(0.5 if grizzled else 0.2)
    level = np.float32(1) + contrast * fine + np.float32(0.14) * strand
    level = level * (np.float32(0.9) + np.float32(0.15) * v) * np.float32(_SHADE[index])
    grey = (level * np.float32(mean_level(curl))).clip(0, 255)
    return np.stack([grey, grey, grey, alpha * np.float32(255)], axis=2).astype(np.uint8)


def _strands(
    u: Float32[np.ndarray, "H W"], v: Float32[np.ndarray, "H W"], curl: float, seed: int
) -> Float32[np.ndarray, "H W"]:
    """Noise drawn out along v, which swings from side to side in curled hair."""
    swing = _noise(u * np.float32(2), v * np.float32(3 + 9 * curl), seed + 1) * np.float32(0.06 + 0.3 * curl)
    across = (u + swing) * np.float32(13 - 3 * curl)
    along = v * np.float32(2.5 + 20 * curl * curl)
    coarse = _noise(across, along, seed)
    return coarse * np.float32(0.65) + _noise(across * np.float32(2), along, seed + 2) * np.float32(0.5)


def _noise(
    x: Float32[np.ndarray, "H W"], y: Float32[np.ndarray, "H W"], seed: int
) -> Float32[np.ndarray, "H W"]:
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size, dtype=np.float32)], axis=1)
    values: Float32[np.ndarray, " n"] = _native.noise_at(points, seed)
    return values.reshape(x.shape)
