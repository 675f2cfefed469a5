"""Keeps the mouth in order while identities change: teeth follow the face around them, closed lips stay closed."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from facewright.models.morphable import Part
from head.raster import vertex_normals
from head.surface import Surface

__all__ = ["Mouth"]

_AROUND_TEETH_MM = 9.0
_CONTACT_MM = 3.0
_FADE_MM = 7.0
_TEETH = (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE)


class Mouth:
    """Corrections of displacement fields (P, 3) on the neutral head `points_mm`; both are linear."""

    def __init__(self, surface: Surface, points_mm: np.ndarray) -> None:
        parts = surface.parts
        self.teeth = np.unique(surface.triangles[np.isin(parts, _TEETH)])
        flesh = np.unique(surface.triangles[np.isin(parts, (Part.SKIN, Part.MOUTH_INTERIOR))])
        rows = np.unique(surface.triangles[np.isin(parts, _TEETH[:2])])
        self.around = flesh[cKDTree(points_mm[rows]).query(points_mm[flesh])[0] < _AROUND_TEETH_MM]
        centre = points_mm[self.teeth].mean(axis=0)
        self.around_arms = points_mm[self.around] - centre
        self.teeth_arms = points_mm[self.teeth] - centre
        self._find_contact(surface, points_mm, flesh)

    def _find_contact(self, surface: Surface, points_mm: np.ndarray, flesh: np.ndarray) -> None:
        """Pairs of points where the lips touch, and how much every point belongs to the upper or the lower lip."""
        normals = vertex_normals(points_mm, surface.triangles)
        places = points_mm[flesh]
        near = (np.abs(places[:, 0]) < 22) & (np.abs(places[:, 1] + 67) < 8) & (places[:, 2] > 15)
        lips = flesh[near]
        above, below = (lips[sign * normals[lips, 1] > 0.3] for sign in (-1, 1))
        gap, partner = cKDTree(points_mm[below]).query(points_mm[above])
        touching = (gap < _CONTACT_MM) & (points_mm[above, 1] > points_mm[below[partner], 1] - 0.5)
        self.upper, self.lower = above[touching], below[partner[touching]]
        self.side = _harmonic(surface, len(points_mm), self.upper, self.lower)
        middle = (points_mm[self.upper] + points_mm[self.lower]) / 2
        distance, self.pairs = cKDTree(middle).query(points_mm, k=3)
        share = 1 / (distance + 0.3)
        self.share = share / share.sum(axis=1, keepdims=True)
        self.weight = np.exp(-((distance[:, 0] / _FADE_MM) ** 2)) * self.side / 2

    def seat_teeth(self, field: np.ndarray) -> np.ndarray:
        """Move teeth and tongue by the translation and uniform scale of the flesh around them."""
        moved = field[self.around]
        shift = moved.mean(axis=0)
        arms = self.around_arms - self.around_arms.mean(axis=0)
        growth = (moved * arms).sum() / (arms**2).sum()
        out = field.copy()
        out[self.teeth] = shift + growth * (self.teeth_arms - self.around_arms.mean(axis=0))
        return out

    def close_lips(self, field: np.ndarray) -> np.ndarray:
        """Take out what would part the lips or press them into each other."""
        parting = field[self.upper, 1] - field[self.lower, 1]
        correction = (parting[self.pairs] * self.share).sum(axis=1) * self.weight
        out = field.copy()
        out[:, 1] -= correction
        return out


def _harmonic(surface: Surface, size: int, high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """+1 on `high`, -1 on `low`, as smooth as possible over the mesh in between, (size,)."""
    outer = surface.triangles[np.isin(surface.parts, (Part.SKIN, Part.MOUTH_INTERIOR))]
    edges = np.concatenate([outer[:, [0, 1]], outer[:, [1, 2]], outer[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size)).tocsr()
    fixed = np.zeros(size)
    fixed[np.concatenate([high, low])] = 1e6
    value = np.zeros(size)
    value[high], value[low] = 1, -1
    system = diags(np.asarray(graph.sum(axis=1)).ravel() + fixed + 1e-3) - graph
    return np.asarray(spsolve(system.tocsc(), fixed * value))
