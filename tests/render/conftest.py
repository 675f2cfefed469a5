"""A synthetic head: an ellipsoid with a nose, enough to draw without any head model's data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from facewright.models.morphable import MorphableModel, Part
from facewright.people.attachment import Attachment, Material
from facewright.people.person import Person
from facewright.scenes.scene import Scenes

_CENTRE = np.array([0.0, -20.0, -85.0])
_RADII = np.array([75.0, 110.0, 95.0])


def _surface(polar: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    """(..., 3) points by the angle from +y and the angle from +z towards +x, with a nose at the front."""
    unit = np.stack(
        [np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], axis=-1
    )
    points = _CENTRE + _RADII * unit
    x, y, z = np.moveaxis(points, -1, 0)
    nose = 28.0 * np.exp(-(x**2) / 150.0 - (y + 30.0) ** 2 / 500.0) * (z > -85)
    return points + nose[..., None] * np.array([0.0, 0.0, 1.0])


def _set_apart(chosen: np.ndarray, triangles: np.ndarray, vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """Gives the chosen triangles vertices of their own: the new triangles, and the old vertex of each added one."""
    old, position = np.unique(triangles[chosen], return_inverse=True)
    apart = triangles.copy()
    apart[chosen] = vertices + position.reshape(-1, 3)
    return apart, old


def synthetic_model(rings: int, columns: int) -> MorphableModel:
    """About 2 * rings * columns triangles; the texture's seam is at the back, where vertices are doubled."""
    polar = np.linspace(0.0, np.pi, rings + 1)
    azimuth = np.linspace(-np.pi, np.pi, columns + 1)
    grid_polar, grid_azimuth = np.meshgrid(polar, azimuth, indexing="ij")
    mean = _surface(grid_polar, grid_azimuth).reshape(-1, 3).astype(np.float32)
    uv = np.stack([(grid_azimuth / np.pi + 1) / 2, grid_polar / np.pi], axis=-1).reshape(-1, 2)

    index = np.arange(mean.shape[0]).reshape(rings + 1, columns + 1)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    lower, upper = np.stack([a, b, c], -1)[:-1], np.stack([a, c, d], -1)[1:]  # none degenerate at the poles
    triangles = np.concatenate([lower.reshape(-1, 3), upper.reshape(-1, 3)]).astype(np.int32)

    weld = index.copy()
    weld[:, -1] = index[:, 0]
    weld[0, :], weld[-1, :] = index[0, 0], index[-1, 0]
    mean = mean[weld.ravel()]

    def nearest(x: float, y: float, count: int = 1) -> np.ndarray:
        distance = (mean[:, 0] - x) ** 2 + (mean[:, 1] - y) ** 2 + 1e6 * (mean[:, 2] < -85)
        return np.argsort(distance, kind="stable")[:count]

    eyes = [nearest(-32, 0, 6), nearest(32, 0, 6)]
    mouth = [nearest(0, -30, 6), nearest(-25, -68, 6), nearest(25, -68, 6)]
    weld, parts = weld.ravel(), np.zeros(len(triangles), np.uint8)
    centres = mean[triangles].mean(axis=1)
    for part, x in ((Part.RIGHT_EYE, -32), (Part.LEFT_EYE, 32)):
        parts[(np.hypot(centres[:, 0] - x, centres[:, 1]) < 14) & (centres[:, 2] > -85)] = part
    landmarks = np.arange(68, dtype=np.int32)
    landmarks[30], landmarks[36], landmarks[45], landmarks[8] = (
        nearest(x, y)[0] for x, y in ((0, -30), (-32, 0), (32, 0), (0, -100))
    )
    triangles, added = _set_apart(parts != Part.SKIN, triangles, len(mean))
    mean, uv, weld = (np.concatenate([array, array[added]]) for array in (mean, uv, weld))

    mouth_open = np.zeros_like(mean)
    low = (mean[:, 1] < -60) & (mean[:, 2] > -85)
    mouth_open[low] = (0, -12, -4)
    smile = np.zeros_like(mean)
    smile[low, 0] = 0.2 * mean[low, 0]
    return MorphableModel(
        name="synthetic",
        mean_mm=mean,
        identity_basis_mm=np.zeros((0, len(mean), 3), np.float32),
        identity_names=(),
        expression_basis_mm=np.stack([mouth_open, smile, np.zeros_like(mean)]).astype(np.float32),
        expression_names=("open", "smile", "nothing"),
        triangles=triangles.astype(np.int32),
        parts=parts,
        weld=weld.astype(np.int32),
        uv=uv.astype(np.float32),
        occlusion=np.linspace(1, 0.6, len(mean), dtype=np.float32)[weld],
        landmarks=landmarks,
        alignment_landmarks=np.stack(eyes + mouth).astype(np.int32),
    )


def synthetic_person(model: MorphableModel, side: int = 256) -> Person:
    """Skin-coloured with a slow pattern, so that interpolation has something to get wrong."""
    v, u = np.meshgrid((np.arange(side) + 0.5) / side, (np.arange(side) + 0.5) / side, indexing="ij")
    pattern = np.stack(
        [170 + 40 * np.sin(20 * u) * np.cos(17 * v), 120 + 30 * np.cos(31 * u), 95 + 25 * np.sin(25 * v)], -1
    )
    texture = pattern.astype(np.uint8)
    return Person(
        index=0,
        seed=1,
        model=model,
        neutral_mm=model.mean_mm,
        texture=texture,
        hair=(),
        traits={},
        make_up=lambda bare: 255 - bare,
    )


def plain_scenes(count: int = 1, **changes: np.ndarray) -> Scenes:
    """Frontal, 1 m away, under the ambient light that shows albedo as it is; `changes` replace fields."""
    zero = np.zeros(count, np.float32)
    light = np.zeros((count, 9, 3), np.float32)
    light[:, 0] = 1 / (np.pi * 0.28209479177387814)
    fields: dict[str, np.ndarray] = {
        "samples": np.arange(count, dtype=np.uint32),
        "expression": np.zeros((count, 3), np.float32),
        "yaw_deg": zero,
        "pitch_deg": zero,
        "roll_deg": zero,
        "distance_mm": np.full(count, 1000, np.float32),
        "light": light,
        "key_direction": np.tile(np.float32([0, 0, 1]), (count, 1)),
        "key_irradiance": np.zeros((count, 3), np.float32),
        "worn": np.zeros((count, 5), np.uint32),
        "position_mm": np.zeros((count, 2), np.float32),
        "focal": np.ones(count, np.float32),
        "orthographic": np.zeros(count, bool),
        "scale": np.ones(count, np.float32),
        "shift": np.zeros((count, 2), np.float32),
        "jitter_px": np.zeros((count, 2), np.float32),
        "jitter_scale": np.ones(count, np.float32),
        "jitter_deg": zero,
        "background": np.zeros((count, 4), np.uint32),
    }
    fields.update({name: np.asarray(value, fields[name].dtype) for name, value in changes.items()})
    return Scenes(**fields)


def quad(corners_mm: list[list[float]], rgba: tuple[int, int, int, int], **changes: Any) -> Attachment:
    """A flat piece of cloth in one colour: corners counter-clockwise from the top left; `changes` replace fields."""
    corners = np.float32(corners_mm)
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    fields: dict[str, Any] = {
        "name": "quad",
        "material": Material.MATT,
        "vertices_mm": corners,
        "normals": np.tile(np.float32(normal / np.linalg.norm(normal)), (4, 1)),
        "triangles": np.int32([[0, 1, 2], [0, 2, 3]]),
        "uv": np.float32([[0, 0], [0, 1], [1, 1], [1, 0]]),
        "texture": np.tile(np.uint8(rgba), (4, 4, 1)),
        "tint": (1.0, 1.0, 1.0),
        "anchors": np.full(4, -1, np.int32),
    }
    fields.update(changes)
    return Attachment(**fields)


def pane(z: float, rgba: tuple[int, int, int, int], **changes: Any) -> Attachment:
    """A 60 mm square before the face, facing the camera."""
    corners = [[-30.0, 0.0, z], [-30.0, -60.0, z], [30.0, -60.0, z], [30.0, 0.0, z]]
    return quad(corners, rgba, **changes)


@pytest.fixture(scope="session")
def model() -> MorphableModel:
    return synthetic_model(50, 100)


@pytest.fixture(scope="session")
def coarse_model() -> MorphableModel:
    return synthetic_model(14, 20)


@pytest.fixture(scope="session")
def person(model: MorphableModel) -> Person:
    return synthetic_person(model)
