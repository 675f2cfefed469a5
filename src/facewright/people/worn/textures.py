"""Small textures, made once and shared by everybody; `Attachment.tint` gives them their colours."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float64, UInt8

from facewright import _native

__all__ = ["knit", "linear", "mask_pleats", "pane", "panels", "plain", "tortoiseshell", "weave"]

_SEED = 20


def linear(code: int) -> tuple[float, float, float]:
    """Linear RGB of an sRGB colour written as 0xRRGGBB."""
    table = _native.srgb_to_linear()
    red, green, blue = (float(table[(code >> shift) & 255]) for shift in (16, 8, 0))
    return red, green, blue


@functools.cache
def plain() -> UInt8[np.ndarray, "H W 4"]:
    """White."""
    return _texture(np.ones((4, 4)))


@functools.cache
def pane(top: int, bottom: int) -> UInt8[np.ndarray, "H W 4"]:
    """White glass whose alpha goes from `top` to `bottom` (0 .. 255)."""
    height = 2 if top == bottom else 16
    alpha = top + (bottom - top) * (np.arange(height)[:, None] / (height - 1)) + np.zeros((height, 2))
    return _texture(np.ones((height, 2)), alpha)


@functools.cache
def tortoiseshell() -> UInt8[np.ndarray, "H W 4"]:
    """Amber with dark patches; u runs along a frame."""
    patches = _noise(64, 128, 9.0, 0) + 0.5 * _noise(64, 128, 22.0, 1)
    dark = (0.62 + 1.8 * patches).clip(0, 1)[..., None]
    amber, brown = np.array([146.0, 88, 42]) / 255, np.array([36.0, 20, 12]) / 255
    return _texture(amber * (1 - dark) + brown * dark)


@functools.cache
def weave() -> UInt8[np.ndarray, "H W 4"]:
    """Cloth: fine threads and soft folds."""
    row, column = np.mgrid[0:128, 0:128]
    threads = ((row % 3 == 0) * 0.05 + (column % 3 == 0) * 0.05).astype(np.float64)
    return _texture(0.94 - threads + 0.05 * _noise(128, 128, 6.0, 2) + 0.03 * _noise(128, 128, 60.0, 3))


@functools.cache
def panels() -> UInt8[np.ndarray, "H W 4"]:
    """A cap's crown: six panels with seams, u once round the head, v from the top down to the sweatband's seam."""
    column = np.arange(192) % 32
    seam = np.where((column == 0) | (column == 31), 0.62, np.where((column == 3) | (column == 28), 0.86, 1.0))
    rows = np.ones(64)
    rows[58], rows[59] = 0.78, 0.92
    return _texture(0.95 * seam[None, :] * rows[:, None] + 0.03 * _noise(64, 192, 40.0, 4))


@functools.cache
def knit() -> UInt8[np.ndarray, "H W 4"]:
    """Ribs of stitches; u once round the head."""
    row, column = np.mgrid[0:96, 0:256]
    across = (column % 8) / 8 - 0.5
    rib = 1 - 2.4 * across * across
    slant = (row + 6 * np.abs(across)) % 4
    stitch = 0.9 + 0.1 * (slant < 2.6)
    return _texture((0.98 * rib * stitch + 0.04 * _noise(96, 256, 30.0, 5)).clip(0, 1))


@functools.cache
def mask_pleats() -> UInt8[np.ndarray, "H W 4"]:
    """A surgical mask: three folds across, and a hem all round; v down the face."""
    shade = np.ones((96, 96))
    for middle in (30, 48, 66):
        shade[middle - 1 : middle + 1, 6:90] = 0.72
        shade[middle + 1 : middle + 4, 6:90] = 0.88
        shade[middle - 4 : middle - 1, 6:90] = 1.04
    hem = np.zeros((96, 96), np.bool_)
    hem[6], hem[-7], hem[:, 5], hem[:, -6] = True, True, True, True
    shade[hem] *= 0.88
    return _texture((0.93 * shade + 0.02 * _noise(96, 96, 40.0, 6)).clip(0, 1))


@functools.cache
def respirator() -> UInt8[np.ndarray, "H W 4"]:
    """A folded respirator: welded hems and a seam down the middle."""
    row, column = np.mgrid[0:96, 0:96]
    edge = np.minimum(np.minimum(row, 95 - row), np.minimum(column, 95 - column))
    shade = np.where((edge == 5) | (edge == 7), 0.84, 1.0)
    shade = np.where(np.abs(column - 47.5) < 1, 0.86, shade)
    return _texture((0.97 * shade + 0.015 * _noise(96, 96, 40.0, 7)).clip(0, 1))


def _noise(rows: int, columns: int, features: float, layer: int) -> Float64[np.ndarray, "R C"]:
    """-1 .. 1, about so many features along the longer side."""
    row, column = np.mgrid[0:rows, 0:columns]
    size = features / max(rows, columns)
    points = np.stack([row.ravel() * size, column.ravel() * size, np.full(row.size, 7.5 * layer)], axis=1)
    return _native.noise_at(points.astype(np.float32), _SEED).astype(np.float64).reshape(rows, columns)


def _texture(
    shade: Float64[np.ndarray, "*shape"], alpha: Float64[np.ndarray, "H W"] | None = None
) -> UInt8[np.ndarray, "H W 4"]:
    """From linear grey (H, W), or sRGB colours (H, W, 3), 0 .. 1."""
    if shade.ndim == 2:
        codes = np.asarray(_native.linear_to_srgb(shade.ravel().astype(np.float32))).reshape(shade.shape)
        colour = np.repeat(codes[..., None], 3, axis=2)
    else:
        colour = (shade * 255 + 0.5).astype(np.uint8)
    opaque = np.full(colour.shape[:2], 255.0) if alpha is None else alpha
    texture: UInt8[np.ndarray, "H W 4"] = np.concatenate(
        [colour, (opaque + 0.5).astype(np.uint8)[..., None]], axis=2
    )
    texture.setflags(write=False)
    return texture
