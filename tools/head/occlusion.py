"""How much of the sky each point of the mean head sees."""

from __future__ import annotations

import numpy as np

from head.raster import rasterise, vertex_normals

__all__ = ["ambient_occlusion", "seen_from"]

_SIZE = 320
_PIXEL_MM = 1.25
_LIFT_MM = 0.6  # points are tested this far off their surface
_SLACK_MM = 0.7


def seen_from(
    points: np.ndarray, triangles: np.ndarray, lifted: np.ndarray, direction: np.ndarray
) -> np.ndarray:
    """Which of the `lifted` points (P, 3) are visible from infinitely far along `direction`."""
    side = np.cross(direction, [0.0, 1.0, 0.01])
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(direction, side), direction])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2

    def project(x: np.ndarray) -> np.ndarray:
        view = (x - middle) @ frame.T
        view[..., :2] = view[..., :2] / _PIXEL_MM + _SIZE / 2
        return np.asarray(view)

    view = project(points)
    covering, weights = rasterise(view[triangles], _SIZE)
    height = np.full((_SIZE, _SIZE), -np.inf)
    hit = covering >= 0
    height[hit] = (view[triangles[covering[hit]], 2] * weights[hit]).sum(axis=1)
    own = project(lifted)
    at = np.clip(own[:, :2].astype(int), 0, _SIZE - 1)
    return np.asarray(own[:, 2] + _SLACK_MM >= height[at[:, 1], at[:, 0]])


def ambient_occlusion(points: np.ndarray, triangles: np.ndarray, directions: int = 208) -> np.ndarray:
    """Cosine-weighted visible fraction of each point's own hemisphere, (P,) in 0 .. 1, smoothed once over edges."""
    normals = vertex_normals(points, triangles)
    lifted = points + _LIFT_MM * normals
    seen, total = np.zeros(len(points)), np.zeros(len(points))
    for direction in _fibonacci_sphere(directions):
        cosine = np.maximum(normals @ direction, 0)
        total += cosine
        seen += cosine * seen_from(points, triangles, lifted, direction)
    return _smooth(seen / np.maximum(total, 1e-9), triangles)


def _fibonacci_sphere(count: int) -> np.ndarray:
    height = 1 - (2 * np.arange(count) + 1) / count
    turn = np.pi * (3 - 5**0.5) * np.arange(count)
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(turn), height, ring * np.sin(turn)], axis=1)


def _smooth(field: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    total, count = np.zeros_like(field), np.zeros_like(field)
    for i in range(3):
        for j in (1, 2):
            np.add.at(total, triangles[:, i], field[triangles[:, (i + j) % 3]])
            np.add.at(count, triangles[:, i], 1.0)
    return np.asarray(0.6 * field + 0.4 * total / np.maximum(count, 1))
