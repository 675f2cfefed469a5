"""What stands behind a head."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8, UInt32

from facewright import _native

__all__ = ["draw_backgrounds"]


def draw_backgrounds(words: UInt32[np.ndarray, "n 4"], size_px: int) -> UInt8[np.ndarray, "n size size 3"]:
    """Procedural sRGB backgrounds of `size_px`, one for each row of four random words.

    Rooms, streets, greenery, lights at night and backdrops as they look out of focus, or a patterned surface in focus
    where the last two bits are set. Words of zeros give a plain grey.
    """
    pixels: UInt8[np.ndarray, "n size size 3"] = _native.draw_backgrounds(
        np.ascontiguousarray(words), size_px
    )
    return pixels
