"""Everything about one image in the terms of its files, and two of these: numbers (.csv) and landmarks (.tlms)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from facewright.errors import FacewrightError
from facewright.models.morphable import MorphableModel
from facewright.render.annotations import Annotations
from facewright.render.marks import NAMED
from facewright.scenes.scene import Scenes

__all__ = [
    "UNTOUCHED",
    "ColourTransform",
    "Lens",
    "Parameters",
    "Pose",
    "csv_row",
    "landmark_lines",
    "require_tags",
    "seen_by",
]


@dataclass(frozen=True)
class Pose:
    """Head to camera: scaling, pitch, yaw and roll (radians, counter-clockwise), then translation (mm, -z is away)."""

    yaw: float
    pitch: float
    roll: float
    translation: tuple[float, float, float]
    scaling: float = 1.0


@dataclass(frozen=True)
class Lens:
    """Focal length and sensor in mm; the principal point in halves of the image, right and up from its middle."""

    focal_mm: float
    principal_point: tuple[float, float]
    sensor_mm: tuple[float, float]
    orthographic: bool


@dataclass(frozen=True)
class ColourTransform:
    """c' = gain (contrast c + (1 - contrast) luminance) + offset, of displayed colours 0 .. 1."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)


UNTOUCHED = ColourTransform()


@dataclass(frozen=True)
class Parameters:
    """Everything about one image. The pose is that of the model in the frame of its own file.

    light: radiance in spherical harmonics, as in `Scenes`. key_direction, key_irradiance: a directional light instead.
    """

    pose: Pose
    lens: Lens
    shape: tuple[float, ...]
    colour: tuple[float, ...]
    expression: tuple[float, ...]
    model: str
    light: Float64[np.ndarray, "9 3"]
    width_px: int
    height_px: int
    colours: ColourTransform = UNTOUCHED
    key_direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    key_irradiance: tuple[float, float, float] = (0.0, 0.0, 0.0)


def seen_by(
    model: MorphableModel,
    scenes: Scenes,
    annotations: Annotations,
    row: int,
    focal_mm: float,
    window_px: tuple[int, int, int, int],
) -> tuple[Pose, Lens]:
    """The pose and the lens that a scene was drawn with. window_px: left, top, width, height of what is kept.

    A lens cannot be turned, so where a crop has turned the image the head is rolled instead.
    """
    left, top, width, height = window_px
    T, K = annotations.T_camera_head[row], annotations.K_image_camera[row]
    a, b = float(K[0, 0]), float(K[1, 0])
    focal_px = math.hypot(a, b)
    turn = np.array([[a, b, 0], [-b, a, 0], [0, 0, focal_px]]) / focal_px
    place = turn @ (T[:3, 3] - T[:3, :3] @ np.array(model.origin_mm))
    radians = math.pi / 180
    pose = Pose(
        yaw=float(scenes.yaw_deg[row]) * radians,
        pitch=float(scenes.pitch_deg[row]) * radians,
        roll=-float(scenes.roll_deg[row]) * radians - math.atan2(b, a),
        translation=(float(place[0]), float(place[1]), float(place[2])),
    )
    x, y = float(K[0, 2]) - left, float(K[1, 2]) - top
    lens = Lens(
        focal_mm=focal_mm,
        principal_point=(2 * x / width - 1, 1 - 2 * y / height),
        sensor_mm=(focal_mm * width / focal_px, focal_mm * height / focal_px),
        orthographic=bool(scenes.orthographic[row]),
    )
    return pose, lens


def csv_row(parameters: Parameters) -> str:
    """Yaw, pitch, roll, translation, principal point, focal length, sensor, shape, colour, expression, light."""
    p = parameters
    numbers = [
        p.pose.yaw, p.pose.pitch, p.pose.roll, *p.pose.translation,
        *p.lens.principal_point, p.lens.focal_mm, *p.lens.sensor_mm,
        *p.shape, *p.colour, *p.expression, *p.light.ravel().tolist(),
    ]  # fmt: skip
    return ",".join(map(repr, numbers)) + "\n"


def require_tags(tags: Sequence[str]) -> None:
    """Raise FacewrightError for a landmark that has no counterpart here."""
    for tag in tags:
        if tag not in NAMED:
            raise FacewrightError(f"landmark-tags: found '{tag}', expected some of {', '.join(NAMED)}")


def landmark_lines(
    tags: Sequence[str], annotations: Annotations, row: int, window_px: tuple[int, int, int, int]
) -> str:
    """`name visible x y` for each tag, one of `NAMED`; what lies outside the window is not visible."""
    left, top, width, height = window_px
    points, lines = annotations.landmarks["19"], []
    for tag in tags:
        which = NAMED.index(tag)
        x, y = (float(value) for value in points.px[row, which] - np.array([left, top]))
        visible = bool(points.visible[row, which]) and 0 <= x < width and 0 <= y < height
        lines.append(f"{tag} {int(visible)} {x:.17g} {y:.17g}\n")
    return "".join(lines)
