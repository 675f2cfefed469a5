"""Where hair grows on the mean head."""

from __future__ import annotations

import numpy as np

__all__ = ["hairline_mm", "smoothstep"]

_AXIS_Z_MM = -60.0  # the vertical axis through the skull, round which the hairline is described
# Height of the hairline at angles from the front round the side to the back, mean head, millimetres.
_ANGLE_DEG = (0, 18, 32, 42, 52, 62, 70, 75, 82, 87, 94, 104, 114, 128, 150, 180)
_HEIGHT_MM = (60, 58, 54, 45, 32, 22, 10, -12, -14, 0, 6, -6, -36, -58, -68, -70)


def smoothstep(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth in between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def hairline_mm(points: np.ndarray) -> np.ndarray:
    """Height (n,) of points (n, 3) of the mean head above the hairline below them; negative where no hair grows."""
    angle = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] - _AXIS_Z_MM))
    return np.asarray(points[:, 1] - np.interp(angle, _ANGLE_DEG, _HEIGHT_MM))
