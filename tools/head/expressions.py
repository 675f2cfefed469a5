"""The expression directions: Face Units cleaned up, with eyeballs that turn and lids that slide over them."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, diags

from facewright.models.morphable import Part
from head.clean import Seat, remove_rigid
from head.source import Mesh
from head.surface import Surface

__all__ = ["DROPPED", "close_lids", "expression_basis"]

DROPPED = (
    "mouthClose",  # only undoes a fully open jaw; alone it folds the chin over the mouth
    "tongueOut",  # moves the tongue through closed lips
)

# MakeHuman's smiles draw the corners out to the cheeks at full strength.
_CALMER = {"mouthSmileLeft": 0.74, "mouthSmileRight": 0.74, "mouthFrownLeft": 0.75, "mouthFrownRight": 0.75}
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
    soft = _Softener(surface, seats)
    for name, rows in units.items():
        if name in DROPPED:
            continue
        dense = np.zeros_like(mesh.positions_mm)
        dense[rows[:, 0].astype(int)] = rows[:, 1:] * _CALMER.get(name, 1.0)
        own = surface.follow(dense)
        own = remove_rigid(own, points_mm[: len(own)], stable)
        own[np.linalg.norm(surface.follow(dense), axis=1) == 0] = 0
        field = np.concatenate([soft(own), np.zeros((len(points_mm) - len(own), 3))])
        for side, seat in zip(("Left", "Right"), seats, strict=True):
            field = _keep_lids_outside(field, points_mm, seat)
            field[seat.eye.points] = _eye_motion(name, side, seat)
        names.append(name)
        fields.append(field)
    return names, np.stack(fields)


class _Softener:
    """Evens out the displacement of neighbouring points of the skin, but not of lids and mouth."""

    def __init__(self, surface: Surface, seats: tuple[Seat, Seat]) -> None:
        size = len(surface.source_ids)
        outer = surface.triangles[surface.parts == Part.SKIN]
        edges = np.concatenate([outer[:, [0, 1]], outer[:, [1, 2]], outer[:, [2, 0]]])
        edges = np.concatenate([edges, edges[:, ::-1]])
        graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size)).tocsr()
        graph.data[:] = 1
        self.mean = diags(1 / np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1)) @ graph
        self.pull = np.zeros((size, 1))
        self.pull[surface.skin] = 0.5
        inner = np.unique(surface.triangles[surface.parts == Part.MOUTH_INTERIOR])
        self.pull[inner] = 0
        reach = np.zeros(size)
        reach[inner] = 1
        for _ in range(4):
            reach = np.maximum(reach, self.mean @ reach)
        self.pull[reach > 0] = 0
        for seat in seats:
            self.pull[seat.around.points] *= 1 - seat.around.weight[:, None]

    def __call__(self, field: np.ndarray) -> np.ndarray:
        for _ in range(6):
            field = field + self.pull * (self.mean @ field - field)
        return field


def close_lids(
    names: list[str], fields: np.ndarray, points_mm: np.ndarray, landmarks: np.ndarray, overlap: float
) -> None:
    """Scale the blinks in place so that at full strength the lids of the mean head just meet, and `overlap` more.

    landmarks (68,) are iBUG points; overlap is a share of the opening.
    """
    for side, upper, lower in (("Right", (37, 38), (40, 41)), ("Left", (43, 44), (46, 47))):
        field = fields[names.index(f"eyeBlink{side}")]
        top, bottom = landmarks[list(upper)], landmarks[list(lower)]
        opening = (points_mm[top] - points_mm[bottom])[:, 1].mean()
        closing = (field[bottom] - field[top])[:, 1].mean()
        field *= (1 + overlap) * opening / closing


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
    near = seat.around.points
    moved = points_mm[near] + field[near] - seat.centre
    out = field.copy()
    out[near] += seat.around.spread(sunk)[:, None] * moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return out
