"""Makes displacement fields fit for a head model: no rigid motion, round eyeballs that stay behind their lids."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from head.source import Mesh
from head.surface import Eye, Surface

__all__ = ["Seat", "lower_hem", "place_points", "remove_rigid", "seat_eyes"]

_LID_REACH_MM = 2.5  # skin this near the eyeball slides on it
_LID_BLEND_MM = 5.0  # and the correction fades out over this distance
_TOUCH_MM = 1.0  # skin this near lies on the eyeball: whatever a target does, it stays there
_RIM_BLEND_MM = 2.0
_HEM_BELOW_MM, _HEM_DROP_MM = -140.0, 45.0
_HELPER_TRUST = 0.15  # how strongly an eyeball follows MakeHuman's eye rather than its lids
_GROWTH_TRUST = 1.0  # eyeballs differ by a few percent between people, lids by much more


class Seat:
    """How one eyeball sits in the neutral head: centre, radius, and the lid points that slide on it."""

    def __init__(
        self, surface: Surface, mesh: Mesh, points_mm: np.ndarray, eye: Eye, neutral: np.ndarray
    ) -> None:
        ids = mesh.groups[eye.helper]
        self.eye = eye
        self.helper_ids = ids
        self.centre = neutral[ids].mean(axis=0)
        self.radius = float(np.linalg.norm(neutral[ids] - self.centre, axis=1).mean())
        self.helper_directions = (neutral[ids] - self.centre) / self.radius
        skin = surface.skin
        offset = points_mm[skin] - self.centre
        distance = np.linalg.norm(offset, axis=1)
        lid = (np.abs(distance - self.radius) < _LID_REACH_MM) & (offset[:, 2] > 0.1 * self.radius)
        self.lids = skin[lid]
        self.lid_normals = offset[lid] / distance[lid, None]
        own = points_mm[: len(surface.source_ids)]
        self.around = Reach(self.lids, own, _LID_BLEND_MM)
        touching = (
            np.abs(np.linalg.norm(points_mm[self.lids] - self.centre, axis=1) - self.radius) < _TOUCH_MM
        )
        self.rim = self.lids[touching]
        self.rim_normals = self.lid_normals[touching]
        self.around_rim = Reach(self.rim, own, _RIM_BLEND_MM)
        self.normals = own - self.centre
        self.normals /= np.linalg.norm(self.normals, axis=1, keepdims=True)


class Reach:
    """How values at some points spread to those around: to `points`, with a `weight` that falls off with distance."""

    def __init__(self, sources: np.ndarray, points_mm: np.ndarray, fall_off_mm: float) -> None:
        gap, nearest = cKDTree(points_mm[sources]).query(points_mm, k=4)
        weight = np.exp(-((gap[:, 0] / fall_off_mm) ** 2))
        self.points = np.nonzero(weight > 0.01)[0]
        self.weight = weight[self.points]
        share = 1 / (gap[self.points] + 0.05)
        self._share = share / share.sum(axis=1, keepdims=True)
        self._nearest = nearest[self.points]

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values (sources,) at each of `points`."""
        return np.asarray((values[self._nearest] * self._share).sum(axis=1) * self.weight)


def place_points(surface: Surface, mesh: Mesh, neutral: np.ndarray) -> np.ndarray:
    """All points (P, 3) of a body (N, 3), eyeballs as spheres that fit MakeHuman's helper eyes."""
    parts = [surface.follow(neutral)]
    for eye in surface.eyes:
        helper = neutral[mesh.groups[eye.helper]]
        centre = helper.mean(axis=0)
        parts.append(centre + eye.directions * np.linalg.norm(helper - centre, axis=1).mean())
    return np.concatenate(parts)


def lower_hem(surface: Surface, points_mm: np.ndarray) -> np.ndarray:
    """Points (P, 3) with the bust's ragged lower edge drawn down to one height, out of the widest framings."""
    skin = surface.triangles
    edges = np.sort(np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]]), axis=1)
    edges, uses = np.unique(edges, axis=0, return_counts=True)
    rim = np.intersect1d(np.unique(edges[uses == 1]), surface.skin)
    hem = rim[points_mm[rim, 1] < _HEM_BELOW_MM]
    out = points_mm.copy()
    out[hem, 1] = points_mm[hem, 1].min() - _HEM_DROP_MM
    return out


def remove_rigid(fields: np.ndarray, points_mm: np.ndarray, stable: np.ndarray) -> np.ndarray:
    """Take the best small rigid motion on `stable` (indices into points) out of fields (..., N, 3)."""
    centre = points_mm[stable].mean(axis=0)
    arms = points_mm - centre
    rotations = np.stack([np.cross(axis, arms) for axis in np.eye(3)])
    shifts = np.broadcast_to(np.eye(3)[:, None], (3, *points_mm.shape))
    motions = np.concatenate([shifts, rotations])
    design = motions[:, stable].reshape(6, -1).T
    solved = np.linalg.lstsq(design, fields[..., stable, :].reshape(-1, design.shape[0]).T, rcond=None)[0]
    rigid = (solved.T @ motions.reshape(6, -1)).reshape(*fields.shape[:-2], *points_mm.shape)
    return np.asarray(fields - rigid)


def seat_eyes(field: np.ndarray, helper_field: np.ndarray, seat: Seat) -> tuple[np.ndarray, np.ndarray]:
    """Let an eyeball follow its lids by translation and uniform scale, and let the lids slide on it.

    field (P, 3) and helper_field (len(helper_ids), 3) are displacements. Returns the eyeball points' displacement
    and the corrected field. Linear in both inputs.
    """
    shift = helper_field.mean(axis=0)
    growth = float((helper_field * seat.helper_directions).sum(axis=1).mean())
    design = np.concatenate([seat.rim_normals, np.ones((len(seat.rim), 1))], axis=1) / len(seat.rim) ** 0.5
    wanted = (seat.rim_normals * field[seat.rim]).sum(axis=1) / len(seat.rim) ** 0.5
    trust = np.diag([_HELPER_TRUST, _HELPER_TRUST, _HELPER_TRUST, _GROWTH_TRUST])
    prior = np.append(shift, growth)
    motion = np.linalg.lstsq(
        np.concatenate([design, trust]), np.concatenate([wanted, trust @ prior]), rcond=None
    )[0]
    residual = (seat.rim_normals * (field[seat.rim] - motion[:3])).sum(axis=1) - motion[3]
    near = seat.around_rim.points
    out = field.copy()
    out[near] -= seat.around_rim.spread(residual)[:, None] * seat.normals[near]
    eye_field = motion[:3] + seat.eye.directions * motion[3]
    return eye_field, out
