"""Where hair grows on the mean head, and displacement fields that puff it out."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

__all__ = ["HAIR", "hair_basis", "hairline_mm", "long_hair", "smoothstep"]

HAIR = ("cropped", "top", "sides", "back", "long")
_AXIS_Z_MM = -60.0  # the vertical axis through the skull, round which the hairline is described
_NECK_AXIS_Z_MM = -72.0
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


def long_hair(points: np.ndarray) -> np.ndarray:
    """Weight (n,) of skin that shoulder-length hair hangs in front of: behind the ears and the neck's back."""
    angle = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] - _NECK_AXIS_Z_MM))
    behind = smoothstep(angle, 72, 100) * smoothstep(-points[:, 2], 30, 55)
    return np.asarray(
        behind * smoothstep(points[:, 1], -170, -150) * smoothstep(-np.abs(points[:, 0]), -105, -80)
    )


def hair_basis(points: np.ndarray, normals: np.ndarray, hairless: np.ndarray) -> np.ndarray:
    """Displacements (len(HAIR), P, 3) in millimetres for coefficients 0 .. 1.

    hairless (P,) is 1 where hair cannot grow whatever the place: ears, eyes, everything but the outer skin. The
    fields start some way inside the hairline, so that the step is covered with hair, and stay clear of the ears.
    """
    clear = smoothstep(cKDTree(points[hairless > 0.5]).query(points)[0], 1, 20) * (hairless < 0.5)
    height = hairline_mm(points)
    grows, far_in = (smoothstep(height, *edge) * clear for edge in ((0, 16), (9, 36)))
    up, front = points[:, 1], points[:, 2]
    top = smoothstep(up, 25, 90)
    back = smoothstep(-front, 60, 130)
    side = smoothstep(np.abs(points[:, 0]), 35, 65) * (1 - 0.7 * top)
    low = smoothstep(long_hair(points), 0.45, 1.0) * smoothstep(-front, 60, 95) * clear
    hanging = np.maximum(0.5 * far_in * (1 - top) * (1 - 0.5 * smoothstep(front, -60, -20)), low)
    away = np.stack([points[:, 0], np.zeros(len(points)), np.minimum(points[:, 2] - _AXIS_Z_MM, 0.0)], axis=1)
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    skull = points - np.array([0.0, 20.0, _AXIS_Z_MM])
    skull /= np.linalg.norm(skull, axis=1, keepdims=True)
    return np.stack(
        [
            (5.0 * grows)[:, None] * normals,
            (26.0 * far_in * top)[:, None] * (0.5 * skull + np.array([0.0, 0.5, 0.05])),
            (18.0 * far_in * side)[:, None] * (0.7 * away + 0.3 * skull),
            (22.0 * far_in * back)[:, None] * (0.5 * away + 0.5 * skull),
            (24.0 * hanging)[:, None] * away,
        ]
    )
