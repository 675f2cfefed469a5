"""Keeps what is inside the mouth behind the skin, whatever the shape of the face."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from facewright import _native
from facewright.models.morphable import MorphableModel, Part

__all__ = ["with_hidden_mouth"]

_ROWS = (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE)
_NEIGHBOURS = 8
_REACH_MM = 16.0
"""Inner points further than this from the skin cannot come through it."""
_ROW_DEPTH_MM, _LINING_DEPTH_MM = 5.5, 2.5
"""How far teeth and tongue, and the lining, stay behind the skin, or as far as on the mean head."""
_OUTWARDS = 0.35
"""Skin whose normal points forwards, or sideways, by this much is outer skin, not the fold between the lips."""
_CHIN_MM, _WIDE_MM = -106.0, 8.0
"""Skin above this height is before the mouth; points further than this from the middle can come through the cheeks."""


@dataclass(frozen=True)
class _Inner:
    """Points (n,) inside the mouth, k points of skin (k, n) before each, their normals, least depths."""

    points: Int32[np.ndarray, " n"]
    skin: Int32[np.ndarray, "k n"]
    normals: Float64[np.ndarray, "3 k n"]
    least_mm: Float64[np.ndarray, "k n"]


@dataclass(frozen=True)
class _Row:
    """A row of teeth or the tongue: all its vertices, and those that may come through the skin in front or beside."""

    whole: Int64[np.ndarray, " m"]
    front: _Inner
    side: _Inner


def with_hidden_mouth(
    model: MorphableModel, neutral_mm: Float32[np.ndarray, "V 3"]
) -> Float32[np.ndarray, "V 3"]:
    """Push rows of teeth and the tongue back and narrow them as wholes, and push the mouth's lining point by point,
    until they are behind the skin."""
    rows, lining, copies = _mouth(model)
    out = neutral_mm.copy()
    for row in rows:
        out[row.whole, 2] -= np.float32(np.max(_missing(row.front, out), initial=0.0))
        half = np.abs(out[row.side.points, 0])
        out[row.whole, 0] *= np.float32(1 - np.max(_missing(row.side, out) / half, initial=0.0))
    missing = _missing(lining, out)
    worst = missing.argmax(axis=0)
    column = np.arange(len(worst))
    push = np.maximum(missing[worst, column], 0.0)
    for axis in range(3):
        out[lining.points, axis] -= (push * lining.normals[axis, worst, column]).astype(np.float32)
    out[copies] = out[model.weld[copies]]
    return out


def _missing(inner: _Inner, vertices_mm: Float32[np.ndarray, "V 3"]) -> Float64[np.ndarray, "k n"]:
    """How much further each point has to go behind the skin; below 0 where it is far enough."""
    missing: Float64[np.ndarray, "k n"] = inner.least_mm - _depth(inner, vertices_mm)
    return missing


def _depth(inner: _Inner, vertices_mm: Float32[np.ndarray, "V 3"]) -> Float64[np.ndarray, "k n"]:
    """How far each point is behind the planes of the skin before it."""
    depth: Float64[np.ndarray, "k n"] = _native.depths(vertices_mm, inner.points, inner.skin, inner.normals)
    return depth


@functools.lru_cache(maxsize=4)
def _mouth(model: MorphableModel) -> tuple[tuple[_Row, ...], _Inner, Int64[np.ndarray, " c"]]:
    """The rows, the lining, and the lining's vertices at seams that copy another."""
    mean = model.mean_mm.astype(np.float64)
    skin = np.unique(model.weld[model.triangles[model.parts == Part.SKIN]]).astype(np.int64)
    normals = _normals(model)
    face = skin[mean[skin, 1] > _CHIN_MM]
    outer = face[normals[face, 2] > _OUTWARDS]
    cheeks = face[normals[face, 0] * np.sign(mean[face, 0]) > _OUTWARDS]
    rows = []
    for part in _ROWS:
        whole = np.unique(model.triangles[model.parts == part]).astype(np.int64)
        front, wide = whole[mean[whole, 2] > 0], whole[np.abs(mean[whole, 0]) > _WIDE_MM]
        apart = _apart(mean, outer, front, (1.0, 1.0, 0.0))
        ahead = np.broadcast_to(np.array([0.0, 0.0, 1.0])[:, None, None], (3, *apart.shape))
        before = _inner(model, front, outer, apart, ahead, _ROW_DEPTH_MM)
        apart = _apart(mean, cheeks, wide, (0.0, 1.0, 1.0))
        apart += 1e6 * (np.sign(mean[cheeks, 0])[:, None] != np.sign(mean[wide, 0]))
        aside = np.zeros((3, *apart.shape))
        aside[0] = np.sign(mean[wide, 0])
        rows.append(_Row(whole, before, _inner(model, wide, cheeks, apart, aside, _ROW_DEPTH_MM)))
    inside = np.unique(model.triangles[model.parts == Part.MOUTH_INTERIOR]).astype(np.int64)
    lining = np.setdiff1d(np.unique(model.weld[inside]), skin).astype(np.int64)
    copies = inside[model.weld[inside] != inside]
    apart = _apart(mean, outer, lining, (1.0, 1.0, 1.0))
    out = np.broadcast_to(normals[outer].T[:, :, None], (3, *apart.shape))
    return tuple(rows), _inner(model, lining, outer, apart, out, _LINING_DEPTH_MM), copies


def _apart(
    mean_mm: Float64[np.ndarray, "V 3"],
    skin: Int64[np.ndarray, " s"],
    points: Int64[np.ndarray, " n"],
    weights: tuple[float, float, float],
) -> Float64[np.ndarray, "s n"]:
    """Squared distances on the mean head, each axis by its weight."""
    x, y, z = ((mean_mm[skin, axis][:, None] - mean_mm[points, axis]) for axis in range(3))
    apart: Float64[np.ndarray, "s n"] = weights[0] * x * x + weights[1] * y * y + weights[2] * z * z
    return apart


def _inner(
    model: MorphableModel,
    points: Int64[np.ndarray, " n"],
    skin: Int64[np.ndarray, " s"],
    apart: Float64[np.ndarray, "s n"],
    directions: Float64[np.ndarray, "3 s n"],
    depth_mm: float,
) -> _Inner:
    """The skin nearest to each point by `apart`, and how far along `directions` to stay behind it."""
    order = np.argsort(apart, axis=0, kind="stable")[:_NEIGHBOURS]
    near = np.take_along_axis(apart, order[:1], axis=0)[0] < _REACH_MM * _REACH_MM
    order = order[:, near]
    towards = np.stack([np.take_along_axis(axis[:, near], order, axis=0) for axis in directions])
    unlimited = _Inner(
        points[near].astype(np.int32), skin[order].astype(np.int32), towards, np.zeros(order.shape)
    )
    return replace(unlimited, least_mm=np.minimum(_depth(unlimited, model.mean_mm), depth_mm))


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
