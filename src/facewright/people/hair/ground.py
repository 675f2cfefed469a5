"""What hair looks like where it leaves the skin: painted roots, stubble and the shadow of shaved hair."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float64, UInt8

from facewright import _native
from facewright.models.embedded import EmbeddedHead
from facewright.people.hair.roots import height_mm
from facewright.people.hair.style import HairStyle
from facewright.people.palette import blend

__all__ = ["paint_roots"]

Rgb = Float64[np.ndarray, " 3"]


def paint_roots(
    head: EmbeddedHead,
    texture: UInt8[np.ndarray, "S S 3"],
    style: HairStyle,
    colours: tuple[Rgb, Rgb],
    beard: float,
    moustache: float,
) -> None:
    """Paint over a person's skin, in place. colours: hair and skin, sRGB 0 .. 255.

    beard, moustache: how much grows, 0 shaved over .3 (stubble) to 1.
    """
    hair, skin = colours
    root = blend(hair * 0.8, skin * 0.6, 0.15)
    scalp = blend(root, skin * np.array([0.62, 0.62, 0.66]), 1 - style.ground)
    shadow = blend(skin * np.array([0.7, 0.7, 0.74]), root, 0.35)
    _painter(head).paint(texture, style, np.stack([scalp, root, shadow]).astype(np.float32), beard, moustache)


@functools.lru_cache(maxsize=2)
def _painter(head: EmbeddedHead) -> _native.RootPainter:
    masks = np.stack([head.mask(name) for name in ("scalp", "beard", "moustache")])
    scalp = masks[0].astype(np.float32) / np.float32(255)
    return _native.RootPainter(masks, height_mm(scalp.ravel()).reshape(scalp.shape), head.position_map_mm)
