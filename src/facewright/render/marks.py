"""The points of a head that are annotated: iBUG's 68, the five of alignment, and 19 by their names."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from facewright.models.morphable import MorphableModel, Part

__all__ = ["ALIGNMENT_NAMES", "NAMED", "MarkedPoints", "marked_points"]

ALIGNMENT_NAMES = ("right_eye", "left_eye", "nose_tip", "right_mouth_corner", "left_mouth_corner")

# The landmark tags of the parametric-face-image-generator's example configuration, in its order (and spelling), by the
# iBUG point that they are or come nearest to; pupils are found on the eyeballs.
_IBUG = {
    "center.chin.tip": 8,
    "center.lips.lower.inner": 66,
    "center.nose.tip": 30,
    "left.ear.lobule.attachement": 15,
    "right.ear.lobule.attachement": 1,
    "left.eye.corner_outer": 45,
    "left.eye.corner_inner": 42,
    "left.eye.pupil.center": -1,
    "right.eye.corner_outer": 36,
    "right.eye.corner_inner": 39,
    "right.eye.pupil.center": -1,
    "left.eyebrow.bend.lower": 24,
    "left.eyebrow.inner_lower": 22,
    "right.eyebrow.bend.lower": 19,
    "right.eyebrow.inner_lower": 21,
    "left.lips.corner": 54,
    "right.lips.corner": 48,
    "left.nose.wing.tip": 35,
    "right.nose.wing.tip": 31,
}
NAMED = tuple(_IBUG)


@dataclass(frozen=True)
class MarkedPoints:
    """Vertices to look for: rows 0 .. 67 are iBUG's points, the next 30 the five alignment points as six vertices each
    (their mean is the point), the last 19 those of `NAMED`."""

    vertices: Int32[np.ndarray, " 117"]


_points: weakref.WeakKeyDictionary[MorphableModel, MarkedPoints] = weakref.WeakKeyDictionary()


def marked_points(model: MorphableModel) -> MarkedPoints:
    """The annotated points of `model`, found once."""
    if model not in _points:
        named = [
            model.landmarks[point] if point >= 0 else _pupil(model, name.startswith("left"))
            for name, point in _IBUG.items()
        ]
        everything = [model.landmarks, model.alignment_landmarks.ravel(), np.array(named)]
        _points[model] = MarkedPoints(np.concatenate(everything).astype(np.int32))
    return _points[model]


def _pupil(model: MorphableModel, left: bool) -> int:
    """The foremost vertex of an eyeball, or the middle of the lower lid on models without eyeballs."""
    part = Part.LEFT_EYE if left else Part.RIGHT_EYE
    vertices = np.unique(model.triangles[model.parts == part])
    if len(vertices) == 0:
        return int(model.landmarks[46 if left else 41])
    return int(vertices[model.mean_mm[vertices, 2].argmax()])
