"""Keeps eyes open a human amount: chance and shape together may otherwise leave them shut or staring."""

from __future__ import annotations

import functools
import math

import numpy as np
from jaxtyping import Float32

from facewright import _native
from facewright.models.morphable import MorphableModel

__all__ = ["aperture_ratios", "with_plausible_lids"]

# Height over width of the opening between the lids of neutral adults, with some margin.
_NARROWEST, _WIDEST = 0.25, 0.42
# The first iBUG point of each eye (subject's left, right) and the unit that shuts it.
_EYES = ((42, "eyeBlinkLeft"), (36, "eyeBlinkRight"))
_PROBE = 0.2


def aperture_ratios(model: MorphableModel, vertices_mm: Float32[np.ndarray, "V 3"]) -> tuple[float, float]:
    """Height over width of the left and right eye's opening, from the six landmarks of each."""
    left, right = (_aperture(model, vertices_mm, first) for first, _ in _EYES)
    return left, right


def with_plausible_lids(
    model: MorphableModel, neutral_mm: Float32[np.ndarray, "V 3"]
) -> Float32[np.ndarray, "V 3"]:
    """Open or close the lids along the model's blink units until the opening is within human limits."""
    ratios = aperture_ratios(model, neutral_mm)
    weights = [
        (min(max(ratio, _NARROWEST), _WIDEST) - ratio) / slope
        for ratio, slope in zip(ratios, _slopes(model), strict=True)
    ]
    units = np.stack([_unit(model, name) for _, name in _EYES])
    opened: Float32[np.ndarray, "V 3"] = _native.combine(
        neutral_mm, units, np.array(weights, dtype=np.float32)
    )
    return opened


@functools.lru_cache(maxsize=4)
def _slopes(model: MorphableModel) -> tuple[float, ...]:
    """How much each eye's ratio changes with its blink unit, on the mean head (below 0)."""
    opened = [model.mean_mm - np.float32(_PROBE) * _unit(model, name) for _, name in _EYES]
    closed = aperture_ratios(model, model.mean_mm)
    return tuple(
        (now - _aperture(model, vertices, first)) / _PROBE
        for now, vertices, (first, _) in zip(closed, opened, _EYES, strict=True)
    )


def _unit(model: MorphableModel, name: str) -> Float32[np.ndarray, "V 3"]:
    unit: Float32[np.ndarray, "V 3"] = model.expression_basis_mm[model.expression_names.index(name)]
    return unit


def _aperture(model: MorphableModel, vertices_mm: Float32[np.ndarray, "V 3"], first: int) -> float:
    points = [vertices_mm[index].tolist() for index in model.landmarks[first : first + 6]]
    height = (_distance(points[1], points[5]) + _distance(points[2], points[4])) / 2
    return height / max(_distance(points[0], points[3]), 1e-6)


def _distance(a: list[float], b: list[float]) -> float:
    """Written out: `math.dist` may round differently from machine to machine."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return math.sqrt(x * x + y * y + z * z)
