"""Its other images of a head: depth, correspondence, normals, albedo, illumination, regions."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8

from facewright.errors import FacewrightError
from facewright.people.person import Person
from facewright.pfig.projection import Seen
from facewright.render.rasterizer import Fragments
from facewright.scenes.spherical import directional_light

__all__ = ["draw_modality", "read_region_map", "region_image"]

_KERNEL = np.array([np.pi, *[2 * np.pi / 3] * 3, *[np.pi / 4] * 5])


def draw_modality(
    name: str, person: Person, seen: Seen, fragments: Fragments, light: Float64[np.ndarray, "9 3"]
) -> UInt8[np.ndarray, "H W 3"]:
    """The image that `name`, a rendering method, asks for; black where there is no head."""
    covered = fragments.triangle >= 0
    out = np.zeros((*covered.shape, 3))
    if covered.any():
        out[covered] = _METHODS[name](person, seen, fragments, covered, light)
    return (out.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _interpolated(
    values: Float64[np.ndarray, "V k"], person: Person, fragments: Fragments, covered: Bool[np.ndarray, "H W"]
) -> Float64[np.ndarray, "n k"]:
    corners = person.model.triangles[fragments.triangle[covered]]
    weights = fragments.barycentric[covered].astype(np.float64)
    mixed: Float64[np.ndarray, "n k"] = sum(weights[:, i : i + 1] * values[corners[:, i]] for i in range(3))
    return mixed


def _depth(
    person: Person, seen: Seen, fragments: Fragments, covered: np.ndarray, light: np.ndarray
) -> Float64[np.ndarray, "n 3"]:
    """1 - (d - min) / (max - min) of the window depth, which is linear in 1 / depth: near is bright."""
    window = -1 / fragments.depth_mm[covered].astype(np.float64)
    low, high = float(window.min()), float(window.max())
    shade = 1 - (window - low) / max(high - low, 1e-12)
    return np.repeat(shade[:, None], 3, axis=1)


def _correspondence(
    person: Person, seen: Seen, fragments: Fragments, covered: np.ndarray, light: np.ndarray
) -> Float64[np.ndarray, "n 3"]:
    """Place on the mean head, its bounding box stretched to the cube of colours."""
    mean = person.model.mean_mm.astype(np.float64)
    low, high = mean.min(axis=0), mean.max(axis=0)
    return _interpolated((mean - low) / (high - low), person, fragments, covered)


def _vertex_normals(person: Person, seen: Seen) -> Float64[np.ndarray, "V 3"]:
    """Unit normals in the camera frame, the same on both sides of a seam."""
    corners = seen.positions_mm[person.model.triangles]
    across, along = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    each = np.cross(across, along)
    normals = np.zeros_like(seen.positions_mm)
    for i in range(3):
        np.add.at(normals, person.model.weld[person.model.triangles[:, i]], each)
    normals = normals[person.model.weld]
    length = np.sqrt((normals * normals)[:, :1] + (normals * normals)[:, 1:2] + (normals * normals)[:, 2:])
    unit: Float64[np.ndarray, "V 3"] = normals / length.clip(1e-12, None)
    return unit


def _normals(
    person: Person, seen: Seen, fragments: Fragments, covered: np.ndarray, light: np.ndarray
) -> Float64[np.ndarray, "n 3"]:
    """0.5 - 0.5 n: its sign is flipped."""
    return 0.5 - 0.5 * _interpolated(_vertex_normals(person, seen), person, fragments, covered)


def _albedo(
    person: Person, seen: Seen, fragments: Fragments, covered: np.ndarray, light: np.ndarray
) -> Float64[np.ndarray, "n 3"]:
    if person.vertex_colours is not None:
        return _interpolated(person.vertex_colours.astype(np.float64) / 255, person, fragments, covered)
    uv = _interpolated(person.model.uv.astype(np.float64), person, fragments, covered)
    side = len(person.texture)
    column, row = (np.clip((uv[:, k] * side).astype(int), 0, side - 1) for k in (0, 1))
    texels: Float64[np.ndarray, "n 3"] = person.texture[row, column].astype(np.float64) / 255
    return texels


def _illumination(
    person: Person, seen: Seen, fragments: Fragments, covered: np.ndarray, light: np.ndarray
) -> Float64[np.ndarray, "n 3"]:
    """What a white Lambertian head would show."""
    normals = _vertex_normals(person, seen)
    basis = directional_light(normals, np.ones(len(normals))) * _KERNEL
    shade = sum(basis[:, i : i + 1] * light[i] for i in range(9))
    return _interpolated(shade, person, fragments, covered)


_METHODS = {
    "render-depth": _depth,
    "render-color-correspondence-image": _correspondence,
    "render-normals": _normals,
    "render-albedo": _albedo,
    "render-illumination": _illumination,
}


def read_region_map(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """A picture of regions over the model's UVs. Raises FacewrightError naming it when it cannot be read."""
    found = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) if path.exists() else None
    if found is None:
        raise FacewrightError(f"{path}: cannot be read, expected the picture of a region map")
    return np.asarray(found, np.uint8)


def region_image(
    regions: UInt8[np.ndarray, "H W 3"], person: Person, fragments: Fragments
) -> UInt8[np.ndarray, "h w 3"]:
    """The regions' colours, never mixed, where the head is seen."""
    covered = fragments.triangle >= 0
    out = np.zeros((*covered.shape, 3), np.uint8)
    if covered.any():
        uv = _interpolated(person.model.uv.astype(np.float64), person, fragments, covered)
        height, width = regions.shape[:2]
        column = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
        row = np.clip((uv[:, 1] * height).astype(int), 0, height - 1)
        out[covered] = regions[row, column]
    return out
