"""Its other images: depth, correspondence, normals, albedo, illumination, regions, from what the renderer knows of each
pixel. They show what the image shows; correspondence and regions, where that is the head."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from facewright import _native
from facewright.errors import FacewrightError
from facewright.models.morphable import MorphableModel
from facewright.pfig.parameters import UNTOUCHED, ColourTransform
from facewright.render.annotations import Annotations

__all__ = ["colour_transformed", "draw_modality", "read_mapping", "read_region_map", "region_image"]

_LUMINANCE = np.array([0.3, 0.59, 0.11])


def draw_modality(
    name: str,
    model: MorphableModel,
    annotations: Annotations,
    row: int,
    window_px: tuple[int, int, int, int],
) -> UInt8[np.ndarray, "H W 3"]:
    """The image that `name`, a rendering method, asks for; black where nothing is seen.

    window_px: left, top, width, height of what is kept of it.
    """
    left, top, width, height = window_px
    seen = np.zeros(annotations.triangle[row].shape, bool)
    kept = np.s_[top : top + height, left : left + width]
    seen[kept] = annotations.triangle[row][kept] >= 0
    out = _METHODS[name](model, annotations, row, seen)
    out[~seen] = 0
    return out


def _depth(
    model: MorphableModel, annotations: Annotations, row: int, seen: Bool[np.ndarray, "H W"]
) -> UInt8[np.ndarray, "H W 3"]:
    """1 - (d - min) / (max - min) of the window depth, which is linear in 1 / depth but for parallel rays."""
    depth = annotations.depth[row].astype(np.float64)
    window = depth if annotations.orthographic[row] else -1 / np.where(seen, depth, 1.0)
    low, high = (float(window[seen].min()), float(window[seen].max())) if seen.any() else (0.0, 1.0)
    shade = 1 - (window - low) / max(high - low, 1e-12)
    return np.repeat(_codes(shade)[..., None], 3, axis=2)


def _correspondence(
    model: MorphableModel, annotations: Annotations, row: int, seen: Bool[np.ndarray, "H W"]
) -> UInt8[np.ndarray, "H W 3"]:
    """Place on the mean head, its bounding box stretched to the cube of colours."""
    mean = model.mean_mm.astype(np.float64)
    low, high = mean.min(axis=0), mean.max(axis=0)
    out = _codes((annotations.reference[row] - low) / (high - low))
    out[annotations.triangle[row] >= len(model.triangles)] = 0
    return out


def _normals(
    model: MorphableModel, annotations: Annotations, row: int, seen: Bool[np.ndarray, "H W"]
) -> UInt8[np.ndarray, "H W 3"]:
    """0.5 - 0.5 n: its sign is flipped."""
    return _codes(0.5 - 0.5 * annotations.normals[row].astype(np.float64))


def _albedo(
    model: MorphableModel, annotations: Annotations, row: int, seen: Bool[np.ndarray, "H W"]
) -> UInt8[np.ndarray, "H W 3"]:
    return _srgb(annotations.albedo[row])


def _illumination(
    model: MorphableModel, annotations: Annotations, row: int, seen: Bool[np.ndarray, "H W"]
) -> UInt8[np.ndarray, "H W 3"]:
    """What a white matt head would show."""
    return _srgb(annotations.irradiance[row])


_METHODS = {
    "render-depth": _depth,
    "render-color-correspondence-image": _correspondence,
    "render-normals": _normals,
    "render-albedo": _albedo,
    "render-illumination": _illumination,
}


def _codes(values: Float64[np.ndarray, "*s"]) -> UInt8[np.ndarray, "*s"]:
    return np.asarray(values.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _srgb(linear: Float32[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W 3"]:
    codes: UInt8[np.ndarray, "H W 3"] = _native.linear_to_srgb(np.ascontiguousarray(linear).ravel())
    return codes.reshape(linear.shape)


def colour_transformed(
    image: UInt8[np.ndarray, "H W 3"], annotations: Annotations, row: int, colours: ColourTransform
) -> UInt8[np.ndarray, "H W 3"]:
    """The image with the colours of what stands before the background changed."""
    if colours == UNTOUCHED:
        return image
    seen = annotations.triangle[row] >= 0
    c = image[seen] / 255
    grey = c[:, :1] * _LUMINANCE[0] + c[:, 1:2] * _LUMINANCE[1] + c[:, 2:] * _LUMINANCE[2]
    out = image.copy()
    out[seen] = _codes(
        np.array(colours.gain) * (colours.contrast * c + (1 - colours.contrast) * grey)
        + np.array(colours.offset)
    )
    return out


@functools.lru_cache(maxsize=16)
def read_region_map(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """A picture of regions over the model's UVs. Raises FacewrightError naming it when it cannot be read."""
    found = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) if path.exists() else None
    if found is None:
        raise FacewrightError(f"{path}: cannot be read, expected the picture of a region map")
    return np.asarray(found, np.uint8)


@functools.lru_cache(maxsize=16)
def read_mapping(path: Path) -> Float32[np.ndarray, "V 2"]:
    """Where each vertex of a model lies in a region map, u right and v down, from a texture mapping of scalismo-faces.

    That is JSON with `pointData`, [u, v] for each vertex of the model's file, v upwards. Raises FacewrightError naming
    the file.
    """
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        points = np.array(fields.get("textureMapping", fields)["pointData"], np.float32)
    except OSError as error:
        raise FacewrightError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FacewrightError(
            f"{path}: {error!r}, expected a mapping with pointData, [u, v] a vertex"
        ) from error
    if points.ndim != 2 or points.shape[1] != 2:
        raise FacewrightError(
            f"{path}: found pointData of shape {points.shape}, expected [u, v] for each vertex"
        )
    return np.stack([points[:, 0], 1 - points[:, 1]], axis=1)


def region_image(
    regions: UInt8[np.ndarray, "H W 3"],
    uv: Float32[np.ndarray, "V 2"],
    model: MorphableModel,
    annotations: Annotations,
    row: int,
) -> UInt8[np.ndarray, "h w 3"]:
    """The regions' colours, never mixed, where the head is seen.

    uv: of the model's vertices in the picture; there is none of the last ones, the inside of the mouth that readers
    add.
    """
    triangle = annotations.triangle[row]
    mapped = np.append((model.triangles < len(uv)).all(axis=1), False)
    head = mapped[np.where(triangle < len(model.triangles), triangle, -1)]
    corners, weights = model.triangles[triangle[head]], annotations.barycentric[row][head]
    at = sum(uv[corners[:, i]] * weights[:, i : i + 1] for i in range(3))
    height, width = regions.shape[:2]
    column = np.clip((at[:, 0] * width).astype(int), 0, width - 1)
    line = np.clip((at[:, 1] * height).astype(int), 0, height - 1)
    out = np.zeros((*triangle.shape, 3), np.uint8)
    out[head] = regions[line, column]
    return out
