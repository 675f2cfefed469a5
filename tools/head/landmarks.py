"""Places the 68 iBUG points and the five alignment landmarks on the mean head."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from head.clean import Seat
from head.source import Mesh
from head.surface import Surface

__all__ = ["alignment_rows", "ibug_points", "mirror_points"]

# Where the points of the subject's right half belong on the mean head, millimetres; read off a drawing with a grid.
_RIGHT_MM: dict[int, tuple[float, float, float]] = {
    0: (-69, -2, -48), 1: (-69, -20, -46), 2: (-66, -37, -42), 3: (-62, -54, -36), 4: (-54, -73, -22),
    5: (-43, -88, -8), 6: (-29, -99, 5), 7: (-15, -105, 14), 8: (0, -106, 17),
    17: (-48, 9, 8), 18: (-41, 14.5, 16), 19: (-32, 17.5, 21), 20: (-22, 16.5, 24), 21: (-12, 14, 25),
    27: (0, 1, 25), 28: (0, -12, 30), 29: (0, -25, 36), 30: (0, -37, 42),
    31: (-13, -44, 24), 32: (-7, -46, 28), 33: (0, -48, 31),
    48: (-23, -69, 20), 49: (-15, -63, 29), 50: (-6, -59.5, 33), 51: (0, -60.5, 33.5),
    57: (0, -81, 25), 58: (-7, -80, 26), 59: (-15, -76, 24),
    60: (-20, -68.5, 21), 61: (-8, -64.6, 29), 62: (0, -65, 30), 66: (0, -67.2, 29.5), 67: (-8, -67.4, 28.8),
}  # fmt: skip
_MIDLINE = (8, 27, 28, 29, 30, 33, 51, 57, 62, 66)
_MIRRORED = {
    **{i: 16 - i for i in range(8)}, **{17 + i: 26 - i for i in range(5)}, 31: 35, 32: 34,
    36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46, 48: 54, 49: 53, 50: 52, 59: 55, 58: 56, 60: 64, 61: 63,
    67: 65,
}  # fmt: skip
_EYE_POINTS = range(36, 42)


def mirror_points(surface: Surface, mesh: Mesh) -> np.ndarray:
    """For each point that comes from MakeHuman, the point at its mirror image."""
    return np.asarray(np.searchsorted(surface.source_ids, mesh.mirror[surface.source_ids]))


def ibug_points(
    surface: Surface, mesh: Mesh, points_mm: np.ndarray, visible: np.ndarray, right: Seat
) -> np.ndarray:
    """Point indices (68,); `visible` (P,) marks the points that a camera in front can see."""
    mirrored = mirror_points(surface, mesh)
    skin = surface.skin
    skin = skin[visible[skin]]
    midline = skin[mirrored[skin] == skin]
    found = dict(zip(_EYE_POINTS, _lid_points(points_mm, visible, right), strict=True))
    for index, place in _RIGHT_MM.items():
        among = midline if index in _MIDLINE else skin
        found[index] = int(among[cKDTree(points_mm[among]).query(place)[1]])
    found.update({other: int(mirrored[found[index]]) for index, other in _MIRRORED.items()})
    return np.array([found[index] for index in range(68)])


def _lid_points(points_mm: np.ndarray, visible: np.ndarray, seat: Seat) -> list[int]:
    """Outer corner, two upper, inner corner, two lower points of the subject's right eye's opening."""
    rim = seat.lids[visible[seat.lids]]
    offset = points_mm[rim] - seat.centre
    near = np.linalg.norm(offset, axis=1) - seat.radius < 2.0
    rim, across, up = rim[near], offset[near, 0], offset[near, 1] + 1.5
    scores = {
        "outer": np.abs(across + 15.0) + 2 * np.abs(up - 1.9),
        "upper outer": np.where(up > 0, 3 * np.abs(across + 6.0) + up, np.inf),
        "upper inner": np.where(up > 0, 3 * np.abs(across - 5.2) + up, np.inf),
        "inner": -across + 3 * np.abs(up),
        "lower inner": np.where(up < 0, 3 * np.abs(across - 5.2) - up, np.inf),
        "lower outer": np.where(up < 0, 3 * np.abs(across + 6.0) - up, np.inf),
    }
    return [int(rim[score.argmin()]) for score in scores.values()]


def alignment_rows(landmarks: np.ndarray) -> np.ndarray:
    """(5, 6): right eye, left eye (six lid points each), nose tip, right and left mouth corner (repeated)."""
    single = [np.repeat(landmarks[i], 6) for i in (30, 48, 54)]
    return np.stack([landmarks[36:42], landmarks[42:48], *single])
