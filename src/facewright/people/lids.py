"""Keeps eyes human: lids outside their eyeballs, and open by an amount that belongs to the person."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from facewright import _native
from facewright.models.morphable import MorphableModel, Part

__all__ = ["aperture_ratios", "with_plausible_lids"]

# Height over width of the opening between the lids of neutral adults, with some margin.
_NARROWEST, _WIDEST = 0.22, 0.39
# The first iBUG point of each eye (subject's left, right), the unit that shuts it, the eyeball.
_EYES = ((42, "eyeBlinkLeft", Part.LEFT_EYE), (36, "eyeBlinkRight", Part.RIGHT_EYE))
_PROBE = 0.2
_IRIS_HEIGHT = (0.52, 0.62)
"""Where the middle of the iris is between the lower lid (0) and the upper one (1)."""
_LIFT_MM = 2.5
_RING = 24
"""Vertices around an eyeball; the first vertex of an eyeball is its front, the last ring is its border."""
_SKIN_MM, _THICK_MM, _DEPTH_MM, _REACH_MM = 0.35, 5.0, 0.6, 13.0
"""The lids' edges stay `_SKIN_MM` from the eyeball, or as near as on the mean head, skin further off up to `_THICK_MM`.
Looked after is what is from `_DEPTH_MM` inside to `_REACH_MM` outside on the mean head."""


@dataclass(frozen=True)
class _Eye:
    """Vertices of an eyeball, its front (1,) and border (24,), skin (n,) around it, how near (n,) that may come."""

    ball: Int64[np.ndarray, " ball"]
    front: int
    border: Int64[np.ndarray, " ring"]
    skin: Int64[np.ndarray, " n"]
    least_mm: Float64[np.ndarray, " n"]


def aperture_ratios(model: MorphableModel, vertices_mm: Float32[np.ndarray, "V 3"]) -> tuple[float, float]:
    """Height over width of the left and right eye's opening, from the six landmarks of each."""
    left, right = (_aperture(model, vertices_mm, first) for first, _, _ in _EYES)
    return left, right


def with_plausible_lids(
    model: MorphableModel, neutral_mm: Float32[np.ndarray, "V 3"], openness: float
) -> Float32[np.ndarray, "V 3"]:
    """Open or close the lids along the model's blink units, then push skin that sank into an eyeball back out.

    openness: 0 .. 1, how wide this person's eyes are at rest; shape moves the opening a little about that.
    """
    aim = _NARROWEST + (_WIDEST - _NARROWEST) * (0.12 + 0.76 * openness)
    low, high = max(_NARROWEST, aim - 0.035), min(_WIDEST, aim + 0.035)
    opened = neutral_mm
    for _ in range(2):  # the ratio is not quite linear in the unit
        ratios = aperture_ratios(model, opened)
        weights = [
            (min(max(ratio, low), high) - ratio) / slope
            for ratio, slope in zip(ratios, _slopes(model), strict=True)
        ]
        opened = _native.combine(opened, _units(model), np.array(weights, dtype=np.float32))
    for eye, (first, _, _) in zip(_eyes(model), _EYES, strict=True):
        opened[eye.ball, 1] += np.float32(_lift(model, opened, eye, first))
    return _outside_eyeballs(model, opened)


def _lift(model: MorphableModel, vertices_mm: Float32[np.ndarray, "V 3"], eye: _Eye, first: int) -> float:
    """How far to move an eyeball up so that the upper lid covers a little more of the iris than the lower one."""
    heights = vertices_mm[model.landmarks[first : first + 6], 1].tolist()
    upper, lower = (heights[1] + heights[2]) / 2, (heights[4] + heights[5]) / 2
    front = float(vertices_mm[eye.front, 1])
    low, high = (lower + (upper - lower) * share for share in _IRIS_HEIGHT)
    wanted: float = min(max(front, low), high) - front
    return min(max(wanted, -_LIFT_MM), _LIFT_MM)


def _outside_eyeballs(
    model: MorphableModel, vertices_mm: Float32[np.ndarray, "V 3"]
) -> Float32[np.ndarray, "V 3"]:
    out = vertices_mm.copy()
    for eye in _eyes(model):
        centre, radius = _sphere(vertices_mm, eye)
        x, y, z = (out[eye.skin, axis].astype(np.float64) - centre[axis] for axis in range(3))
        distance = np.sqrt(x * x + y * y + z * z)
        push = np.maximum((radius + eye.least_mm) / distance, 1.0)
        for axis, offset in enumerate((x, y, z)):
            out[eye.skin, axis] = centre[axis] + offset * push
    return out


def _sphere(vertices_mm: Float32[np.ndarray, "V 3"], eye: _Eye) -> tuple[list[float], float]:
    """Centre and radius of an eyeball, from its front and the middle of its border."""
    rows = vertices_mm[eye.border].tolist()
    middle = [sum(row[axis] for row in rows) / len(rows) for axis in range(3)]
    front = vertices_mm[eye.front].tolist()
    depth, width = _distance(front, middle), _distance(rows[0], middle)
    radius = (depth * depth + width * width) / (2 * depth)
    return [f + (m - f) * (radius / depth) for f, m in zip(front, middle, strict=True)], radius


@functools.lru_cache(maxsize=4)
def _eyes(model: MorphableModel) -> tuple[_Eye, ...]:
    skin = np.unique(model.triangles[model.parts == Part.SKIN]).astype(np.int64)
    out = []
    for _, _, part in _EYES:
        ball = np.unique(model.triangles[model.parts == part]).astype(np.int64)
        eye = _Eye(ball, int(ball[0]), ball[-_RING:], skin, np.zeros(len(skin)))
        centre, radius = _sphere(model.mean_mm, eye)
        x, y, z = (model.mean_mm[skin, axis].astype(np.float64) - centre[axis] for axis in range(3))
        gap = np.sqrt(x * x + y * y + z * z) - radius
        near: Bool[np.ndarray, " skin"] = (gap > -_DEPTH_MM) & (gap < _REACH_MM) & (z > 0)
        out.append(_Eye(ball, eye.front, eye.border, skin[near], _least(gap[near])))
    return tuple(out)


def _least(gap_mm: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    thick = np.minimum(_SKIN_MM + 0.85 * np.maximum(gap_mm - _SKIN_MM, 0.0), _THICK_MM)
    least: Float64[np.ndarray, " n"] = np.minimum(gap_mm, thick)
    return least


@functools.lru_cache(maxsize=4)
def _slopes(model: MorphableModel) -> tuple[float, ...]:
    """How much each eye's ratio changes with its blink unit, on the mean head (below 0)."""
    opened = [model.mean_mm - np.float32(_PROBE) * unit for unit in _units(model)]
    closed = aperture_ratios(model, model.mean_mm)
    return tuple(
        (now - _aperture(model, vertices, first)) / _PROBE
        for now, vertices, (first, _, _) in zip(closed, opened, _EYES, strict=True)
    )


@functools.lru_cache(maxsize=4)
def _units(model: MorphableModel) -> Float32[np.ndarray, "2 V 3"]:
    return np.stack([model.expression_basis_mm[model.expression_names.index(name)] for _, name, _ in _EYES])


def _aperture(model: MorphableModel, vertices_mm: Float32[np.ndarray, "V 3"], first: int) -> float:
    points = [vertices_mm[index].tolist() for index in model.landmarks[first : first + 6]]
    height = (_distance(points[1], points[5]) + _distance(points[2], points[4])) / 2
    return height / max(_distance(points[0], points[3]), 1e-6)


def _distance(a: list[float], b: list[float]) -> float:
    """Written out: `math.dist` may round differently from machine to machine."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return math.sqrt(x * x + y * y + z * z)
