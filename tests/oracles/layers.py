"""Transparent layers written out slowly: every triangle against every sample, sorted, blended in float64."""

from __future__ import annotations

import numpy as np

from tests.oracles import rasterizer as oracle


def coverage(positions_px: np.ndarray, triangles: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(T, N, N) whether each triangle, seen from either side, covers each of N = 2 size samples; and 1 / depth."""
    shape = (len(triangles), 2 * size, 2 * size)
    covers, inverse = np.zeros(shape, bool), np.zeros(shape, np.float32)
    for i, triangle in enumerate(triangles):
        for corners in (triangle, triangle[[0, 2, 1]]):
            seen, _, depth = oracle.rasterize(positions_px, corners[None], size, 2)
            covers[i] |= seen == 0
            inverse[i] = np.where(seen == 0, 1 / np.where(seen == 0, depth, 1), inverse[i])
    return covers, inverse


def blend(
    covers: np.ndarray, inverse: np.ndarray, colours: np.ndarray, alphas: np.ndarray, behind: np.ndarray
) -> np.ndarray:
    """(N, N, 3) linear: layers of one colour (T, 3) and alpha (T,) each over `behind` (N, N, 3), nearest first.

    Of equally near ones that with the lower number is in front.
    """
    out = behind.copy()
    for y, x in np.ndindex(covers.shape[1:]):
        here = np.flatnonzero(covers[:, y, x])
        order = here[np.lexsort((here, -inverse[here, y, x].astype(np.float64)))]
        colour, through = np.zeros(3), 1.0
        for i in order:
            colour = colour + through * oracle.shoulder(alphas[i] * colours[i])
            through *= 1 - alphas[i]
        out[y, x] = colour + through * behind[y, x]
    return out
