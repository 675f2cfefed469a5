"""Keeps what is inside the mouth behind the skin, whatever the shape of the face."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from facewright.models.morphable import MorphableModel, Part

__all__ = ["with_hidden_mouth"]

_ROWS = (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE)
_ROW_NEIGHBOURS, _LINING_NEIGHBOURS = 16, 4
_REACH_MM = 16.0
"""Inner points further than this from the skin cannot come through it."""
_ROW_DEPTH_MM, _LINING_DEPTH_MM = 5.5, 2.5
"""How far teeth and tongue, and the mouth's lining, stay behind the skin, or as far as on the mean head."""
_OUTWARDS = 0.35
"""Skin whose normal points forwards by this much is outer skin, not the fold between the lips."""


@dataclass(frozen=True)
class _Inner:
    """Points (n,) inside the mouth, k points of skin (k, n) before each, their normals, least depths."""

    points: Int64[np.ndarray, " n"]
    skin: Int64[np.ndarray, "k n"]
    normals: Float64[np.ndarray, "3 k n"]
    least_mm: Float64[np.ndarray, "k n"]


def with_hidden_mouth(
    model: MorphableModel, neutral_mm: Float32[np.ndarray, "V 3"]
) -> Float32[np.ndarray, "V 3"]:
    """Push rows of teeth and the tongue back as wholes, and the mouth's lining point by point, behind the skin."""
    rows, lining, copies = _mouth(model)
    out = neutral_mm.copy()
    for row, whole in rows:
        missing = np.max(row.least_mm - _depth(row, out), initial=0.0)
        out[whole, 2] -= np.float32(missing)
    missing = lining.least_mm - _depth(lining, out)
    worst = missing.argmax(axis=0)
    column = np.arange(len(worst))
    push = np.maximum(missing[worst, column], 0.0)
    for axis in range(3):
        out[lining.points, axis] -= (push * lining.normals[axis, worst, column]).astype(np.float32)
    out[copies] = out[model.weld[copies]]
    return out


def _depth(inner: _Inner, vertices_mm: Float32[np.ndarray, "V 3"]) -> Float64[np.ndarray, "k n"]:
    """How far each point is behind the planes of the skin before it."""
    x, y, z = (
        (vertices_mm[inner.skin, axis].astype(np.float64) - vertices_mm[inner.points, axis])
        * inner.normals[axis]
        for axis in range(3)
    )
    depth: Float64[np.ndarray, "k n"] = x + y + z
    return depth


@functools.lru_cache(maxsize=4)
def _mouth(
    model: MorphableModel,
) -> tuple[tuple[tuple[_Inner, Int64[np.ndarray, " m"]], ...], _Inner, Int64[np.ndarray, " c"]]:
    """Each row with all its points, the lining, and the lining's vertices at seams that copy another."""
    skin = np.unique(model.weld[model.triangles[model.parts == Part.SKIN]]).astype(np.int64)
    normals = _normals(model)
    outer = skin[(normals[skin, 2] > _OUTWARDS) & (model.mean_mm[skin, 1] > -106)]
    rows = []
    for part in _ROWS:
        whole = np.unique(model.triangles[model.parts == part]).astype(np.int64)
        rows.append((_inner(model, whole, outer, normals, forwards=True), whole))
    inside = np.unique(model.triangles[model.parts == Part.MOUTH_INTERIOR]).astype(np.int64)
    lining = np.setdiff1d(np.unique(model.weld[inside]), skin).astype(np.int64)
    copies = inside[model.weld[inside] != inside]
    return tuple(rows), _inner(model, lining, outer, normals, forwards=False), copies


def _inner(
    model: MorphableModel,
    points: Int64[np.ndarray, " n"],
    outer: Int64[np.ndarray, " m"],
    normals: Float64[np.ndarray, "V 3"],
    forwards: bool,
) -> _Inner:
    """Look for the skin before points: straight ahead of teeth, nearest to the lining."""
    mean = model.mean_mm.astype(np.float64)
    x, y, z = (mean[outer, axis][:, None] - mean[points, axis] for axis in range(3))
    apart = x * x + y * y + (0.0 if forwards else z * z)
    order = np.argsort(apart, axis=0, kind="stable")[: _ROW_NEIGHBOURS if forwards else _LINING_NEIGHBOURS]
    near = np.take_along_axis(apart, order[:1], axis=0)[0] < _REACH_MM * _REACH_MM
    if forwards:
        near &= mean[points, 2] > 0
    points, before = points[near], outer[order[:, near]]
    directions = np.stack([normals[before, axis] for axis in range(3)])
    if forwards:
        directions = np.zeros_like(directions)
        directions[2] = 1.0
    unlimited = _Inner(points, before, directions, np.zeros(before.shape))
    limit = _ROW_DEPTH_MM if forwards else _LINING_DEPTH_MM
    least = np.minimum(_depth(unlimited, model.mean_mm), limit)
    return _Inner(points, before, directions, least)


def _normals(model: MorphableModel) -> Float64[np.ndarray, "V 3"]:
    """Of the mean head's welded vertices, weighted by area."""
    triangles = model.weld[model.triangles]
    a, b, c = (model.mean_mm[triangles[:, corner]].astype(np.float64) for corner in range(3))
    u, v = b - a, c - a
    out = np.zeros((len(model.mean_mm), 3))
    for axis, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        face = u[:, i] * v[:, j] - u[:, j] * v[:, i]
        for corner in range(3):
            np.add.at(out[:, axis], triangles[:, corner], face)
    x, y, z = out[:, 0], out[:, 1], out[:, 2]
    length = np.sqrt(x * x + y * y + z * z)
    return out / np.maximum(length, 1e-12)[:, None]
