"""Where a person's vertices fall in an image, and the camera that explains it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from facewright import _native
from facewright.people.person import Person
from facewright.scenes.scene import Scenes

__all__ = ["Seen", "see"]


@dataclass(frozen=True)
class Seen:
    """One scene of a person without jitter or turn in the image.

    positions_mm: (V, 3) vertices with expression, camera's axes about the head's origin. screen: (V, 3) x px, y px,
    depth mm. focal_px, centre_px: the pinhole that it is seen by. rotation: R_camera_head.
    """

    positions_mm: Float64[np.ndarray, "V 3"]
    screen: Float32[np.ndarray, "V 3"]
    focal_px: float
    centre_px: tuple[float, float]
    rotation: Float64[np.ndarray, "3 3"]


def see(person: Person, scenes: Scenes, row: int, landmarks_px: Float32[np.ndarray, "68 2"]) -> Seen:
    """The scene of this row, whose landmarks were drawn at `landmarks_px`."""
    vertices = person.neutral_mm.copy()
    for amount, direction in zip(scenes.expression[row], person.model.expression_basis_mm, strict=True):
        if amount:
            vertices = vertices + amount * direction
    rotation = _rotation(scenes, row)
    turned = np.stack([_times(rotation[k], vertices.astype(np.float64)) for k in range(3)], axis=1)
    distance = float(scenes.distance_mm[row])
    depth = distance - turned[:, 2]
    near = np.full_like(depth, distance) if scenes.orthographic[row] else depth
    right, up = (float(value) for value in scenes.position_mm[row])
    plane = np.stack([(turned[:, 0] + right) / near, -(turned[:, 1] + up) / near], axis=1)
    focal, centre = _explain(plane[person.model.landmarks], landmarks_px.astype(np.float64))
    screen = np.stack([plane[:, 0] * focal + centre[0], plane[:, 1] * focal + centre[1], depth], axis=1)
    return Seen(turned, screen.astype(np.float32), focal, centre, rotation)


def _rotation(scenes: Scenes, row: int) -> Float64[np.ndarray, "3 3"]:
    """Pitch, then yaw, then roll, which is clockwise in the image."""
    angles = np.array([scenes.pitch_deg[row], scenes.yaw_deg[row], -scenes.roll_deg[row]], np.float64)
    (sx, cx), (sy, cy), (sz, cz) = _native.sincos_deg(angles).tolist()
    return np.array(
        [
            [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
            [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
            [-sy, cy * sx, cy * cx],
        ]
    )


def _times(row: Float64[np.ndarray, " 3"], points: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, " V"]:
    product: Float64[np.ndarray, " V"] = row[0] * points[:, 0] + row[1] * points[:, 1] + row[2] * points[:, 2]
    return product


def _explain(
    plane: Float64[np.ndarray, "n 2"], image_px: Float64[np.ndarray, "n 2"]
) -> tuple[float, tuple[float, float]]:
    """The scale and shift between two point sets that differ by nothing else."""
    a, b = (
        (points - [math.fsum(column) / len(points) for column in points.T]) for points in (plane, image_px)
    )
    focal = math.fsum((a * b).ravel().tolist()) / math.fsum((a * a).ravel().tolist())
    x, y = (
        (math.fsum(image_px[:, k].tolist()) - focal * math.fsum(plane[:, k].tolist())) / len(plane)
        for k in (0, 1)
    )
    return focal, (x, y)
