"""The expression directions: Face Units cleaned up, with eyeballs that turn and lids that slide over them."""

from __future__ import annotations

import numpy as np

from head.clean import Seat, remove_rigid
from head.source import Mesh
from head.surface import Surface

__all__ = ["expression_basis"]

_LOOK_DEG = {"In": (0, 27), "Out": (0, 27), "Up": (-20, 0), "Down": (24, 0)}  # pitch down, yaw
_BLINK_RETREAT_MM = 1.1  # a half-shut lid is a chord of the eyeball: the eye gives way by its height


def expression_basis(
    surface: Surface,
    mesh: Mesh,
    units: dict[str, np.ndarray],
    points_mm: np.ndarray,
    seats: tuple[Seat, Seat],
    stable: np.ndarray,
) -> tuple[list[str], np.ndarray]:
    """Names and displacements (E, P, 3) of the units at full strength on the neutral head `points_mm` (P, 3)."""
    names, fields = [], []
    for name, rows in units.items():
        dense = np.zeros_like(mesh.positions_mm)
        dense[rows[:, 0].astype(int)] = rows[:, 1:]
        own = surface.follow(dense)
        own = remove_rigid(own, points_mm[: len(own)], stable)
        own[np.linalg.norm(surface.follow(dense), axis=1) == 0] = 0
        field = np.concatenate([own, np.zeros((len(points_mm) - len(own), 3))])
        for side, seat in zip(("Left", "Right"), seats, strict=True):
            field = _keep_lids_outside(field, points_mm, seat)
            field[seat.eye.points] = _eye_motion(name, side, seat)
        names.append(name)
        fields.append(field)
    return names, np.stack(fields)


def _eye_motion(name: str, side: str, seat: Seat) -> np.ndarray:
    if name == f"eyeBlink{side}":
        return np.broadcast_to([0.0, 0.0, -_BLINK_RETREAT_MM], seat.eye.directions.shape)
    if not (name.startswith("eyeLook") and name.endswith(side)):
        return np.zeros_like(seat.eye.directions)
    where = name[len("eyeLook") : -len(side)]
    pitch, yaw = np.radians(_LOOK_DEG[where])
    if (where == "In") == (side == "Left"):
        yaw = -yaw  # towards the subject's right
    turn_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    turned = seat.eye.directions @ (turn_y @ turn_x).T
    return np.asarray((turned - seat.eye.directions) * seat.radius)


def _keep_lids_outside(field: np.ndarray, points_mm: np.ndarray, seat: Seat) -> np.ndarray:
    """Push lids that would sink into the eyeball at full strength back out, neighbours with them."""
    lids = points_mm[seat.lids]
    before = np.linalg.norm(lids - seat.centre, axis=1)
    after = np.linalg.norm(lids + field[seat.lids] - seat.centre, axis=1)
    sunk = np.maximum(before - after, 0)
    push = (sunk[seat.near_lids] * seat.near_share).sum(axis=1) * seat.near_weight
    moved = points_mm[seat.near] + field[seat.near] - seat.centre
    out = field.copy()
    out[seat.near] += push[:, None] * moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return out
