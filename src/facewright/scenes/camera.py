"""The camera: where the head is before it, what it projects, and how a crop errs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64

from facewright.distributions import Constant, Distribution, Normal, TruncatedNormal, Uniform, require_within
from facewright.errors import FacewrightError
from facewright.scenes.grid import Given, quantity

__all__ = ["DRAWS", "JITTER_DRAWS", "LIMITS", "CameraConfig", "Cameras", "draw_cameras"]

DRAWS = 7
"""Uniform numbers that one camera takes."""
JITTER_DRAWS = 4

# What can be drawn: nearer than this the camera is inside the hair.
LIMITS = {
    "distance_mm": (250.0, 1e6),
    "right_mm": (-1e5, 1e5),
    "up_mm": (-1e5, 1e5),
    "focal_mm": (0.1, 1e4),
    "scale": (0.05, 20.0),
    "shift_x": (-2.0, 2.0),
    "shift_y": (-2.0, 2.0),
    "jitter_px": (-56.0, 56.0),
    "jitter_scale": (0.2, 5.0),
    "jitter_deg": (-180.0, 180.0),
}


@dataclass(frozen=True)
class CameraConfig:
    """Where the camera stands, its lens, and the error of an imagined face detector."""

    distance_mm: Distribution = Uniform(500, 2000)
    """From the camera to the head: the nearer, the stronger the perspective. At least 250."""
    right_mm: Distribution = Constant(0)
    """The head's place beside the camera's axis, to the image's right."""
    up_mm: Distribution = Constant(0)
    """The same upwards."""
    focal_mm: Distribution = Constant(50)
    """Focal length; with the sensor and the distance it gives the size of the head in crops `landmark` and `pinhole`.
    The other crops scale the face themselves."""
    sensor_mm: float = 36.0
    """Side of the square sensor: 36 is that of a full-frame camera."""
    projection: Literal["pinhole", "orthographic"] = "pinhole"
    """Orthographic: without perspective, at the scale of the given distance."""
    scale: Distribution = Constant(1)
    """Enlarges the image about its centre, after cropping."""
    shift_x: Distribution = Constant(0)
    """Shifts the image to the right, in parts of its side, after cropping: an off-centre principal point."""
    shift_y: Distribution = Constant(0)
    """The same downwards."""
    jitter_px: Distribution = Normal(0, 0.8)
    """Error of the crop's position, px of a 112-px crop; not for `pinhole`, as the next two."""
    jitter_scale: Distribution = TruncatedNormal(1, 0.02, 0.9, 1.1)
    """Error of its scale, a factor."""
    jitter_deg: Distribution = Normal(0, 1.2)
    """Error of its rotation."""

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            require_within(name, getattr(self, name), low, high)
        if not 0.1 <= self.sensor_mm <= 1e4:
            raise FacewrightError(f"sensor_mm: found {self.sensor_mm}, expected 0.1 .. 10000")


@dataclass(frozen=True)
class Cameras:
    """n cameras; fields as in `Scenes`."""

    distance_mm: Float32[np.ndarray, " n"]
    position_mm: Float32[np.ndarray, "n 2"]
    focal: Float32[np.ndarray, " n"]
    scale: Float32[np.ndarray, " n"]
    shift: Float32[np.ndarray, "n 2"]
    jitter_px: Float32[np.ndarray, "n 2"]
    jitter_scale: Float32[np.ndarray, " n"]
    jitter_deg: Float32[np.ndarray, " n"]


def draw_cameras(
    config: CameraConfig, p: Float64[np.ndarray, "n 7"], jitter: Float64[np.ndarray, "n 4"], given: Given
) -> Cameras:
    """One camera for each row of `DRAWS` and `JITTER_DRAWS` uniform numbers, except for what is `given`."""

    def of(name: str, column: int) -> Float64[np.ndarray, " n"]:
        return quantity(config, name, p[:, column], given)

    return Cameras(
        distance_mm=_float32(of("distance_mm", 0)),
        position_mm=_float32(np.stack([of("right_mm", 1), of("up_mm", 2)], axis=1)),
        focal=_float32(of("focal_mm", 3) / config.sensor_mm),
        scale=_float32(of("scale", 4)),
        shift=_float32(np.stack([of("shift_x", 5), of("shift_y", 6)], axis=1)),
        jitter_px=_float32(config.jitter_px.quantile(jitter[:, :2])),
        jitter_scale=_float32(config.jitter_scale.quantile(jitter[:, 2])),
        jitter_deg=_float32(config.jitter_deg.quantile(jitter[:, 3])),
    )


def _float32(values: Float64[np.ndarray, "*n"]) -> Float32[np.ndarray, "*n"]:
    return np.ascontiguousarray(values, dtype=np.float32)
