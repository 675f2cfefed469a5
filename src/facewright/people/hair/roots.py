"""Where cards of hair start on the mean head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from facewright.models.embedded import EmbeddedHead
from facewright.models.morphable import Part
from facewright.streams import Factor, Streams

__all__ = ["Roots", "height_mm", "mask_at", "place_roots", "skin_triangles"]


@dataclass(frozen=True, eq=False)
class Roots:
    """Places on the mean head's skin in an order of which every beginning is evenly spread.

    places_mm, normals: (R, 3). mask: (R,) 0 .. 1, the mask's value there. anchors: (R,) the nearest vertex.
    """

    places_mm: Float32[np.ndarray, "R 3"]
    normals: Float32[np.ndarray, "R 3"]
    mask: Float32[np.ndarray, " R"]
    anchors: Int32[np.ndarray, " R"]


def skin_triangles(head: EmbeddedHead) -> Int32[np.ndarray, "T 3"]:
    """The outer skin's triangles."""
    triangles: Int32[np.ndarray, "T 3"] = head.model.triangles[head.model.parts == Part.SKIN]
    return np.ascontiguousarray(triangles)


def place_roots(head: EmbeddedHead, mask: str, count: int, candidates: int) -> Roots:
    """Spread `count` roots over where a mask is above 0: each is the one of many random candidates that is farthest
    from those before it. The scalp's front edge gets more, because it is seen."""
    mean = head.model.mean_mm.astype(np.float64)
    triangles = skin_triangles(head)
    value_at_vertex = mask_at(head, mask, head.model.uv)
    triangles = triangles[value_at_vertex[triangles].max(axis=1) > 0]
    a, b, c = (mean[triangles[:, i]] for i in range(3))
    crossed = _cross(b - a, c - a)
    doubled = _length(crossed)
    face, weights = _scatter(doubled, candidates)
    corners = triangles[face]
    places = sum(mean[corners[:, i]] * weights[:, i : i + 1] for i in range(3))
    uvs = sum(head.model.uv[corners[:, i]] * weights[:, i : i + 1].astype(np.float32) for i in range(3))
    value = mask_at(head, mask, uvs)
    smooth = _vertex_normals(head)
    normals = sum(smooth[corners[:, i]] * weights[:, i : i + 1] for i in range(3))
    normals = normals / _length(normals)[:, None]
    nearest = corners[np.arange(len(corners)), weights.argmax(axis=1)]
    spacing = (
        np.where((value < 0.75) & (places[:, 2] > -60), 0.62, 1.0) if mask == "scalp" else np.ones(len(value))
    )
    chosen = _spread(places, spacing, value > 0.02, count)
    return Roots(
        places[chosen].astype(np.float32),
        normals[chosen].astype(np.float32),
        value[chosen].astype(np.float32),
        nearest[chosen].astype(np.int32),
    )


def height_mm(mask: Float32[np.ndarray, " R"]) -> Float32[np.ndarray, " R"]:
    """Height above the lowest hairline from the scalp mask, which rises over 50 mm from 6 mm below."""
    grid = np.arange(257, dtype=np.float32) / np.float32(256)
    eased = grid * grid * (np.float32(3) - np.float32(2) * grid)
    position = np.searchsorted(eased, mask * np.sqrt(np.sqrt(mask))).astype(np.float32) / np.float32(256)
    height: Float32[np.ndarray, " R"] = position * np.float32(50) - np.float32(6)
    return height


def _scatter(area: Float64[np.ndarray, " T"], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random triangles in proportion to their area and barycentric weights (count, 3)."""
    chance = Streams(0, 0).uniform(Factor.HAIR, 0, count, 3)
    total = np.cumsum(area)
    face = np.minimum(np.searchsorted(total, chance[:, 0] * total[-1]), len(area) - 1)
    u, w = chance[:, 1], chance[:, 2]
    over = u + w > 1
    u, w = np.where(over, 1 - u, u), np.where(over, 1 - w, w)
    return face, np.stack([1 - u - w, u, w], axis=1)


def _spread(
    places: Float64[np.ndarray, "n 3"],
    spacing: Float64[np.ndarray, " n"],
    allowed: Bool[np.ndarray, " n"],
    count: int,
) -> Int32[np.ndarray, " count"]:
    """Farthest-point order; `spacing` is how far apart roots should be there, relatively."""
    distance = np.where(allowed, 1e9, -1.0)
    chosen = np.empty(min(count, int(allowed.sum())), dtype=np.int32)
    for i in range(len(chosen)):
        chosen[i] = np.argmax(distance)
        apart = places - places[chosen[i]]
        squared = apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1] + apart[:, 2] * apart[:, 2]
        distance = np.minimum(distance, np.where(allowed, squared / (spacing * spacing), -1.0))
        distance[chosen[i]] = -1.0
    return chosen


def mask_at(head: EmbeddedHead, name: str, uv: Float32[np.ndarray, "n 2"]) -> Float32[np.ndarray, " n"]:
    """A mask's value at UVs, 0 .. 1, from the nearest texel."""
    mask = head.mask(name)
    size = mask.shape[0]
    texel = (uv * np.float32(size)).astype(np.int32).clip(0, size - 1)
    value: Float32[np.ndarray, " n"] = mask[texel[:, 1], texel[:, 0]].astype(np.float32) / np.float32(255)
    return value


def _vertex_normals(head: EmbeddedHead) -> Float64[np.ndarray, "V 3"]:
    mean = head.model.mean_mm.astype(np.float64)
    triangles = head.model.weld[skin_triangles(head)]
    a, b, c = (mean[triangles[:, i]] for i in range(3))
    faces = _cross(b - a, c - a)
    total = np.zeros_like(mean)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], faces)
    total = total[head.model.weld]
    normals: Float64[np.ndarray, "V 3"] = total / np.maximum(_length(total), 1e-12)[:, None]
    return normals


def _cross(a: Float64[np.ndarray, "n 3"], b: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
    return np.stack(
        [
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ],
        axis=1,
    )


def _length(a: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
    length: Float64[np.ndarray, " n"] = np.sqrt(a[:, 0] * a[:, 0] + a[:, 1] * a[:, 1] + a[:, 2] * a[:, 2])
    return length
