"""The shape of a person's head from identity coefficients."""

from __future__ import annotations

import weakref

import numpy as np
from jaxtyping import Float32

from facewright import _native
from facewright.models.morphable import MorphableModel

__all__ = ["shaped"]

_spaces: weakref.WeakKeyDictionary[MorphableModel, _native.ShapeSpace] = weakref.WeakKeyDictionary()


def shaped(model: MorphableModel, coefficients: Float32[np.ndarray, " K"]) -> Float32[np.ndarray, "V 3"]:
    """mean_mm + sum_k coefficients[k] * identity_basis_mm[k], within a few micrometres."""
    if model not in _spaces:
        _spaces[model] = _native.ShapeSpace(model.mean_mm, model.identity_basis_mm)
    vertices: Float32[np.ndarray, "V 3"] = _spaces[model].shape(coefficients)
    return vertices
