"""Its three text files of an image: render parameters (.rps, JSON, version 4.0), a row of numbers (.csv), landmarks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from facewright.errors import FacewrightError
from facewright.people.person import Person
from facewright.pfig.projection import Seen
from facewright.render.rasterizer import Fragments

__all__ = ["LANDMARKS", "Parameters", "csv_row", "landmark_lines", "rps_text"]

# Landmarks by name: a row of the 68 iBUG points, or of the alignment landmarks (pupils).
LANDMARKS: dict[str, int | tuple[int, ...]] = {
    "center.chin.tip": 8, "center.lips.lower.inner": 66, "center.nose.tip": 30,
    "left.ear.lobule.attachement": 16, "right.ear.lobule.attachement": 0,
    "left.eye.corner_outer": 45, "left.eye.corner_inner": 42, "left.eye.pupil.center": (1,),
    "right.eye.corner_outer": 36, "right.eye.corner_inner": 39, "right.eye.pupil.center": (0,),
    "left.eyebrow.bend.lower": 24, "left.eyebrow.inner_lower": 22,
    "right.eyebrow.bend.lower": 19, "right.eyebrow.inner_lower": 21,
    "left.lips.corner": 54, "right.lips.corner": 48, "left.nose.wing.tip": 35, "right.nose.wing.tip": 31,
}  # fmt: skip
_BEHIND_MM = 2.0
"""A landmark this far behind what is seen there still counts as visible."""
_NEAR_MM, _FAR_MM = 10.0, 1_000_000.0


@dataclass(frozen=True)
class Parameters:
    """Everything about one image; angles in radians, signs and units of its files."""

    yaw: float
    pitch: float
    roll: float
    translation: tuple[float, float, float]
    focal_mm: float
    principal_point: tuple[float, float]
    sensor_mm: tuple[float, float]
    orthographic: bool
    shape: list[float]
    colour: list[float]
    expression: list[float]
    model: str
    light: Float64[np.ndarray, "9 3"]
    width_px: int
    height_px: int
    own: dict[str, Any]
    """What only this project knows: who it is, what stands behind."""


def rps_text(parameters: Parameters) -> str:
    """Version 4.0; `facewright` is an object of our own, which other readers pass over."""
    p = parameters
    view = {"translation": [0.0, 0.0, 0.0], "pitch": 0.0, "yaw": 0.0, "roll": 0.0}
    off = {"ambient": [0.0] * 3, "diffuse": [0.0] * 3, "direction": [0.0, 0.0, 1.0], "specular": [0.0] * 3}
    fields = {
        "pose": {
            "scaling": 1.0, "translation": list(p.translation), "roll": p.roll, "yaw": p.yaw, "pitch": p.pitch,
        },
        "view": view,
        "camera": {
            "focalLength": p.focal_mm, "principalPoint": list(p.principal_point), "sensorSize": list(p.sensor_mm),
            "near": _NEAR_MM, "far": _FAR_MM, "orthographic": p.orthographic,
        },
        "environmentMap": {"coefficients": p.light.tolist()},
        "directionalLight": off | {"shininess": 10.0},
        "momo": {"shape": p.shape, "color": p.colour, "expression": p.expression, "modelURI": p.model},
        "imageSize": {"width": p.width_px, "height": p.height_px},
        "colorTransform": {"gain": [1.0] * 3, "colorContrast": 1.0, "offset": [0.0] * 3},
        "version": "V4.0",
        "facewright": p.own,
    }  # fmt: skip
    return json.dumps(fields) + "\n"


def csv_row(parameters: Parameters) -> str:
    """Yaw, pitch, roll, translation, principal point, focal length, sensor, shape, colour, expression, light."""
    p = parameters
    numbers = [
        p.yaw, p.pitch, p.roll, *p.translation, *p.principal_point, p.focal_mm, *p.sensor_mm,
        *p.shape, *p.colour, *p.expression, *p.light.ravel().tolist(),
    ]  # fmt: skip
    return ",".join(map(repr, numbers)) + "\n"


def landmark_lines(
    tags: Sequence[str],
    person: Person,
    seen: Seen,
    fragments: Fragments,
    offset_px: tuple[int, int],
    size: tuple[int, int],
) -> str:
    """`name visible x y` for each tag. Raises FacewrightError for a tag that has no counterpart here.

    offset_px: of the written image within the drawn one; size: its width and height.
    """
    lines = []
    for tag in tags:
        if tag not in LANDMARKS:
            raise FacewrightError(f"landmark-tags: found '{tag}', expected some of {', '.join(LANDMARKS)}")
        which = LANDMARKS[tag]
        if isinstance(which, int):
            x, y, depth = seen.screen[person.model.landmarks[which]].astype(float)
        else:
            x, y, depth = seen.screen[person.model.alignment_landmarks[which[0]]].astype(float).mean(axis=0)
        visible = _visible(x, y, depth, fragments)
        x, y = x - offset_px[0], y - offset_px[1]
        visible = visible and 0 <= round(x) < size[0] and 0 <= round(y) < size[1]
        lines.append(f"{tag} {int(visible)} {x:.17g} {y:.17g}\n")
    return "".join(lines)


def _visible(x: float, y: float, depth: float, fragments: Fragments) -> bool:
    column, row = round(x), round(y)
    size = len(fragments.triangle)
    if not (0 <= column < size and 0 <= row < size) or fragments.triangle[row, column] < 0:
        return False
    return bool(depth <= fragments.depth_mm[row, column] + _BEHIND_MM)
