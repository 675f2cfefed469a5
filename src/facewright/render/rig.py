"""A head model prepared for drawing, made once per model."""

from __future__ import annotations

import weakref

import numpy as np

from facewright import _native
from facewright.errors import FacewrightError
from facewright.models.morphable import MorphableModel

__all__ = ["rig_of"]

_rigs: weakref.WeakKeyDictionary[MorphableModel, _native.HeadRig] = weakref.WeakKeyDictionary()


def rig_of(model: MorphableModel) -> _native.HeadRig:
    """The native rig of `model`: indices checked, expression directions stored by the vertices that they move.

    Raises FacewrightError when an array's size does not fit the others or an index points outside, and when
    FACEWRIGHT_ISA names kernels that this machine does not have.
    """
    if model not in _rigs:
        _require_kernels()
        _rigs[model] = _build(model)
    return _rigs[model]


def _require_kernels() -> None:
    try:
        _native.instruction_set()
    except ValueError as error:
        raise FacewrightError(str(error)) from error


def _build(model: MorphableModel) -> _native.HeadRig:
    try:
        return _native.HeadRig(
            triangles=np.ascontiguousarray(model.triangles, np.int32),
            parts=np.ascontiguousarray(model.parts, np.uint8),
            weld=np.ascontiguousarray(model.weld, np.int32),
            uv=np.ascontiguousarray(model.uv, np.float32),
            occlusion=np.ascontiguousarray(model.occlusion, np.float32),
            mean_mm=np.ascontiguousarray(model.mean_mm, np.float32),
            expression=np.ascontiguousarray(model.expression_basis_mm, np.float32),
            landmarks=np.ascontiguousarray(model.landmarks, np.int32),
            alignment=np.ascontiguousarray(model.alignment_landmarks, np.int32),
        )
    except ValueError as error:
        raise FacewrightError(f"head model {model.name!r}: {error}") from error
