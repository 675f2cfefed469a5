"""The rasteriser alone: triangles in, what is seen at every sample out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32

from facewright import _native
from facewright.errors import FacewrightError

__all__ = ["Fragments", "rasterize"]


@dataclass(frozen=True)
class Fragments:
    """What is seen at each of N x N samples, N = size times samples; sample (i, j) is at ((j, i) + 0.5) / samples px.

    triangle: (N, N) the index of the nearest triangle, -1 where there is none.
    barycentric: (N, N, 3) weights of its vertices at the surface point seen (perspective-correct), summing to 1; zeros
        where there is none.
    depth_mm: (N, N) distance along the viewing axis; 0 where there is none.
    """

    triangle: Int32[np.ndarray, "N N"]
    barycentric: Float32[np.ndarray, "N N 3"]
    depth_mm: Float32[np.ndarray, "N N"]


def rasterize(
    positions_px: Float32[np.ndarray, "V 3"],
    triangles: Int32[np.ndarray, "T 3"],
    size_px: int,
    samples: int = 2,
) -> Fragments:
    """Draw triangles given by vertices (x px, y px, depth mm) into size_px x size_px pixels of samples x samples each.

    Coordinates are snapped to 1/256 of a sample; from there on coverage is exact. Triangles that appear clockwise are
    culled, and so are those with a vertex that is not finite, nearer than 10 mm or beyond 32768 samples from the
    image's corner. A sample on an edge belongs to the triangle for which the edge is a left or a horizontal top one.
    The nearest triangle is kept; among equally near ones that with the lowest index.
    Raises FacewrightError for bad shapes or vertex indices.
    """
    try:
        return Fragments(
            *_native.rasterize(
                np.ascontiguousarray(positions_px, np.float32),
                np.ascontiguousarray(triangles, np.int32),
                size_px,
                samples,
            )
        )
    except ValueError as error:
        raise FacewrightError(f"rasterize: {error}") from error
