"""A small z-buffer rasteriser, for occlusion, visibility, UV maps and previews."""

from __future__ import annotations

import numpy as np

__all__ = ["interpolate", "rasterise", "vertex_normals"]


def rasterise(corners: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Which triangle covers each pixel centre, and where.

    corners (T, 3, 3): x, y in pixels (centres at +0.5) and height; the highest wins. Returns (size, size) triangle
    indices, -1 where there is none, and (size, size, 3) barycentric weights.
    """
    low = np.clip(np.floor(corners[..., :2].min(axis=1) - 0.5), 0, size - 1).astype(int)
    high = np.clip(np.ceil(corners[..., :2].max(axis=1)), 0, size - 1).astype(int)
    extent = high - low + 1
    count = extent.prod(axis=1)
    triangle = np.repeat(np.arange(len(corners)), count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    x = low[triangle, 0] + step % extent[triangle, 0]
    y = low[triangle, 1] + step // extent[triangle, 0]
    a, b, c = (corners[triangle, i] for i in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        second = (
            (x + 0.5 - a[:, 0]) * (c[:, 1] - a[:, 1]) - (y + 0.5 - a[:, 1]) * (c[:, 0] - a[:, 0])
        ) / area
        third = ((b[:, 0] - a[:, 0]) * (y + 0.5 - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x + 0.5 - a[:, 0])) / area
    first = 1 - second - third
    inside = (first >= -1e-9) & (second >= -1e-9) & (third >= -1e-9)
    weights = np.stack([first, second, third], axis=1)[inside]
    triangle, x, y = triangle[inside], x[inside], y[inside]
    height = (weights * corners[triangle, :, 2]).sum(axis=1)
    order = np.argsort(height, kind="stable")
    covering = np.full((size, size), -1)
    barycentric = np.zeros((size, size, 3))
    covering[y[order], x[order]] = triangle[order]
    barycentric[y[order], x[order]] = weights[order]
    return covering, barycentric


def interpolate(
    field: np.ndarray, triangles: np.ndarray, covering: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """A field (V, C) over the pixels that a triangle covers: (n, C) in the order of `covering >= 0`."""
    hit = covering >= 0
    return np.asarray((field[triangles[covering[hit]]] * weights[hit][..., None]).sum(axis=1))


def vertex_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals (P, 3)."""
    corners = points[triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(points)
    for i in range(3):
        np.add.at(normals, triangles[:, i], faces)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))
