"""What stands behind a head."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8, UInt32

from facewright import _native

__all__ = ["draw_backgrounds"]


def draw_backgrounds(words: UInt32[np.ndarray, "n 4"], size_px: int) -> UInt8[np.ndarray, "n size size 3"]:
    """Procedural sRGB backgrounds of `size_px`, one for each row of four random words.

    Gradients, soft noise and soft-edged shapes in mostly muted colours, as surroundings look out of focus. Words of
    zeros give a plain grey.
    """
    pixels: UInt8[np.ndarray, "n size size 3"] = _native.draw_backgrounds(
        np.ascontiguousarray(words), size_px
    )
    return pixels
