"""The shape of a person's head from identity coefficients."""

from __future__ import annotations

import weakref

import numpy as np
from jaxtyping import Float32, Int16

from facewright import _native
from facewright.models.morphable import MorphableModel

__all__ = ["shaped"]

_Steps = tuple[Int16[np.ndarray, "K V 3"], Float32[np.ndarray, " K"]]
_bases: weakref.WeakKeyDictionary[MorphableModel, _Steps] = weakref.WeakKeyDictionary()
_LARGEST = np.float32(32767)


def shaped(model: MorphableModel, coefficients: Float32[np.ndarray, " K"]) -> Float32[np.ndarray, "V 3"]:
    """mean_mm + sum_k coefficients[k] * identity_basis_mm[k], within a few micrometres.

    Going through the basis is all the work there is, so it is kept in 16-bit steps of each direction's own size.
    """
    if model not in _bases:
        _bases[model] = _in_steps(model.identity_basis_mm)
    basis, step_mm = _bases[model]
    vertices: Float32[np.ndarray, "V 3"] = _native.combine(model.mean_mm, basis, coefficients * step_mm)
    return vertices


def _in_steps(basis_mm: Float32[np.ndarray, "K V 3"]) -> _Steps:
    step_mm = np.abs(basis_mm).max(axis=(1, 2), initial=0.0) / _LARGEST
    step_mm = np.maximum(step_mm, np.float32(1e-12))
    steps = basis_mm / step_mm[:, None, None]
    return np.floor(steps + np.float32(0.5)).astype(np.int16), step_mm.astype(np.float32)
