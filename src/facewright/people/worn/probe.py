"""Rays cast at a model's mean head, once; where they hit is found again on every person's head.

A place on a mesh is kept as a triangle's three vertices and their weights, so that clothing which is laid out on the
mean head follows each person's own shape, whatever the model's resolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Int64

from facewright import _native
from facewright.models.morphable import MorphableModel, Part

__all__ = ["Probe", "cast"]

_CHUNK = 8
"""Rays that are tried together; neighbours should be next to each other."""


@dataclass(frozen=True, eq=False)
class Probe:
    """N places on a model's surface.

    vertices, weights: (N, 3) the triangle hit by each ray. `hit` tells the rays that met the head; for the others,
    weights are 0 and `missed_mm` (N, 3) is the place to use instead.
    """

    vertices: Int32[np.ndarray, "N 3"]
    weights: Float64[np.ndarray, "N 3"]
    hit: Bool[np.ndarray, " N"]
    missed_mm: Float64[np.ndarray, "N 3"]

    def on(self, vertices_mm: Float32[np.ndarray, "V 3"]) -> Float64[np.ndarray, "N 3"]:
        """(N, 3) the places on one person's head, mm."""
        places: Float64[np.ndarray, "N 3"] = _native.places_on(
            vertices_mm, self.vertices, self.weights, self.missed_mm
        )
        return places

    @property
    def anchors(self) -> Int32[np.ndarray, " N"]:
        """The vertex nearest to each place; -1 where the ray met nothing."""
        nearest = self.vertices[np.arange(len(self.vertices)), self.weights.argmax(axis=1)]
        return np.where(self.hit, nearest, -1).astype(np.int32)


def cast(
    model: MorphableModel,
    origins_mm: Float64[np.ndarray, "N 3"],
    directions: Float64[np.ndarray, "N 3"],
    parts: tuple[Part, ...],
    otherwise_mm: Float64[np.ndarray, "N 3"],
) -> Probe:
    """The last place where each ray leaves the given parts of the mean head; `otherwise_mm` where it meets none."""
    corners = model.triangles[np.isin(model.parts, [int(part) for part in parts])]
    count = len(origins_mm)
    vertices = np.zeros((count, 3), np.int32)
    weights = np.zeros((count, 3))
    hit = np.zeros(count, np.bool_)
    places = model.mean_mm.astype(np.float64)[corners]
    centre = (places[:, 0] + places[:, 1] + places[:, 2]) / 3
    radius = _squared(places - centre[:, None]).max(axis=1) if len(places) else np.zeros(0)
    for start in range(0, count, _CHUNK):
        rays = slice(start, start + _CHUNK)
        close = _near_bundle(origins_mm[rays], directions[rays], centre, radius)
        ray, triangle = _candidates(origins_mm[rays], directions[rays], centre[close], radius[close])
        ray, triangle = ray + start, close[triangle]
        distance, shares = _intersect(origins_mm[ray], directions[ray], places[triangle])
        met = np.isfinite(distance)
        ray, triangle, distance, shares = ray[met], triangle[met], distance[met], shares[met]
        order = np.lexsort((triangle, distance, ray))
        last = order[np.append(ray[order][1:] != ray[order][:-1], True)[: len(order)]]
        vertices[ray[last]] = corners[triangle[last]]
        weights[ray[last]] = shares[last]
        hit[ray[last]] = True
    return Probe(vertices, weights, hit, np.where(hit[:, None], 0.0, otherwise_mm))


def _squared(vectors: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n"]:
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    squared: Float64[np.ndarray, "*n"] = x * x + y * y + z * z
    return squared


def _dot(a: Float64[np.ndarray, "*n 3"], b: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n"]:
    dot: Float64[np.ndarray, "*n"] = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return dot


def _near_bundle(
    origins: Float64[np.ndarray, "r 3"],
    directions: Float64[np.ndarray, "r 3"],
    centre: Float64[np.ndarray, "T 3"],
    squared_radius: Float64[np.ndarray, " T"],
) -> Int64[np.ndarray, " c"]:
    """Triangles whose spheres may be met by any of a few neighbouring rays."""
    middle = len(origins) // 2
    start, along = origins[middle], directions[middle]
    offset = centre - start
    x, y, z = offset[:, 0], offset[:, 1], offset[:, 2]
    reached = x * along[0] + y * along[1] + z * along[2]
    squared = x * x + y * y + z * z
    apart = np.sqrt(_squared(origins - start).max())
    spread = np.sqrt(_squared(directions - along).max())
    reach = apart + spread * np.sqrt(squared) + np.sqrt(squared_radius) + 1e-6
    near = (squared - reached * reached <= reach * reach) & (reached > -reach)
    return np.nonzero(near)[0]


def _candidates(
    origins: Float64[np.ndarray, "r 3"],
    directions: Float64[np.ndarray, "r 3"],
    centre: Float64[np.ndarray, "T 3"],
    squared_radius: Float64[np.ndarray, " T"],
) -> tuple[Int64[np.ndarray, " c"], Int64[np.ndarray, " c"]]:
    """Pairs of a ray and a triangle whose sphere it passes through."""
    x, y, z = (centre[None, :, k] - origins[:, None, k] for k in range(3))
    along = x * directions[:, None, 0] + y * directions[:, None, 1] + z * directions[:, None, 2]
    slack = 1.0001 * squared_radius
    ray, triangle = np.nonzero((x * x + y * y + z * z - along * along <= slack) & (along > -np.sqrt(slack)))
    return ray, triangle


def _intersect(
    origins: Float64[np.ndarray, "c 3"],
    directions: Float64[np.ndarray, "c 3"],
    places: Float64[np.ndarray, "c 3 3"],
) -> tuple[Float64[np.ndarray, " c"], Float64[np.ndarray, "c 3"]]:
    """Distance along each ray (infinite where it misses) and weights: Moeller and Trumbore (1997)."""
    a, ab, ac = places[:, 0], places[:, 1] - places[:, 0], places[:, 2] - places[:, 0]
    across = np.cross(directions, ac)
    determinant = _dot(ab, across)
    safe = np.where(np.abs(determinant) < 1e-12, 1.0, determinant)
    start = origins - a
    u = _dot(start, across) / safe
    tilted = np.cross(start, ab)
    v = _dot(directions, tilted) / safe
    distance = _dot(ac, tilted) / safe
    slack = 1e-9
    inside = (
        (u >= -slack) & (v >= -slack) & (u + v <= 1 + slack) & (distance > 0) & (np.abs(determinant) >= 1e-12)
    )
    return np.where(inside, distance, np.inf), np.stack([1 - u - v, u, v], axis=1)
