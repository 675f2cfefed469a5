"""Keeps the mouth in order while identities change: teeth follow the face around them, closed lips stay closed."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from facewright.models.morphable import Part
from head.hair import smoothstep
from head.raster import vertex_normals
from head.surface import Surface

__all__ = ["Mouth", "show_teeth"]

_AROUND_TEETH_MM = 11.0
_GROWS = np.array([1.0, 0.0, 1.0])  # teeth do not get longer
_CONTACT_MM = 3.0
_FADE_MM = 7.0
_ROWS = (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE)
_SIDE = 0.2  # flesh belongs to the upper or lower lip from this share on
# MakeHuman's upper teeth end where the lips meet, 5 mm behind them: a smile would not show them. (y, z)
_INTO_SIGHT_MM = {Part.UPPER_TEETH: (-3.0, 2.2), Part.LOWER_TEETH: (-1.5, 0.0)}
_NARROWER = 0.93


def show_teeth(surface: Surface, points_mm: np.ndarray) -> np.ndarray:
    """Points (P, 3) with the rows of teeth where a smile shows them."""
    out = points_mm.copy()
    for part, (up, forward) in _INTO_SIGHT_MM.items():
        row = np.unique(surface.triangles[surface.parts == part])
        front = smoothstep(points_mm[row, 2], 2, 15)  # at the sides lips do not close tightly
        out[row, 0] *= _NARROWER
        out[row, 1] += up * front
        out[row, 2] += forward * front
    return out


class _Row:
    """A row of teeth, or the tongue: its points, and the flesh that it moves with."""

    def __init__(self, points: np.ndarray, around: np.ndarray, points_mm: np.ndarray) -> None:
        self.points, self.around = points, around
        centre = points_mm[around].mean(axis=0)
        self.arms, self.around_arms = points_mm[points] - centre, points_mm[around] - centre

    def follow(self, field: np.ndarray) -> np.ndarray:
        """The row's displacement: the flesh's mean translation, its widening and its lengthening."""
        moved = field[self.around]
        growth = (moved * self.around_arms).sum(axis=0) / (self.around_arms**2).sum(axis=0)
        return np.asarray(moved.mean(axis=0) + growth * _GROWS * self.arms)


class Mouth:
    """Corrections of displacement fields (P, 3) on the neutral head `points_mm`; both are linear."""

    def __init__(self, surface: Surface, points_mm: np.ndarray) -> None:
        parts = surface.parts
        flesh = np.unique(surface.triangles[np.isin(parts, (Part.SKIN, Part.MOUTH_INTERIOR))])
        self._find_contact(surface, points_mm, flesh)
        self.rows = []
        for part in _ROWS:
            points = np.unique(surface.triangles[parts == part])
            teeth = np.unique(surface.triangles[parts == (part if part in _INTO_SIGHT_MM else _ROWS[1])])
            near = cKDTree(points_mm[teeth]).query(points_mm[flesh])[0] < _AROUND_TEETH_MM
            sign = 1 if part == Part.UPPER_TEETH else -1
            self.rows.append(_Row(points, flesh[near & (sign * self.side[flesh] > _SIDE)], points_mm))

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
        """Move the upper teeth with the upper lip and what is around it, lower teeth and tongue with the chin."""
        out = field.copy()
        for row in self.rows:
            out[row.points] = row.follow(field)
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
