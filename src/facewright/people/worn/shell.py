"""The outline of a head around its middle: what hats are cut from and hair is tucked under.

The shell is a grid of rows and columns. Columns go round the head from the face (+z) over the subject's left. The first
`DOME` rows are directions from the middle of the skull, from straight up to level; below that rows go straight down
and the columns are level. Both are spaced evenly in the taxicab angle (a / (a + b) instead of atan2), which needs no
trigonometry, so that a point's place in the grid is found with a division.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32

from facewright import _native
from facewright.models.morphable import MorphableModel, Part
from facewright.people.worn.mesh import unit
from facewright.people.worn.probe import Probe, cast

__all__ = [
    "COLUMNS",
    "DOME",
    "ROWS",
    "Shell",
    "between",
    "direction_of",
    "measure_shell",
    "outward",
    "scaled_about",
]

COLUMNS = 48
DOME = 9
ROWS = DOME + 22
_STEP_MM = 11.0
_SMOOTHING = 10
"""Passes that fill the dents (temples, below the ears) as a tight hat does."""


@dataclass(frozen=True, eq=False)
class _Layout:
    """level_mm: the middle between the extremes of the level row; top_mm: height of the crown."""

    probe: Probe
    anchors: Int32[np.ndarray, "R C"]
    centre_mm: Float64[np.ndarray, " 3"]
    level_mm: Float64[np.ndarray, " 3"]
    top_mm: float
    scale: float


_layouts: weakref.WeakKeyDictionary[MorphableModel, _Layout] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Shell:
    """A person's head around `centre_mm`.

    radius_mm: (ROWS, COLUMNS) from the centre, or from the vertical axis through it in the rows below the dome, to the
        outermost skin in each direction; ears included.
    hull_mm: the same with dents filled.
    step_mm: height of one row below the dome.
    anchors: (ROWS, COLUMNS) the vertices of the head that are met there.
    """

    centre_mm: Float64[np.ndarray, " 3"]
    radius_mm: Float64[np.ndarray, "R C"]
    hull_mm: Float64[np.ndarray, "R C"]
    step_mm: float
    anchors: Int32[np.ndarray, "R C"]

    def rows_at(
        self, height_mm: Float64[np.ndarray, "*n"], across_mm: Float64[np.ndarray, "*n"]
    ) -> Float64[np.ndarray, "*n"]:
        """The row of points so high above the centre and so far from the vertical axis."""
        above = height_mm.clip(0, None)
        dome = DOME * across_mm / (above + across_mm + 1e-9)
        row: Float64[np.ndarray, "*n"] = np.where(height_mm > 0, dome, DOME - height_mm / self.step_mm)
        return row

    def locate(
        self, points_mm: Float64[np.ndarray, "n 3"]
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Row, column and radius of points."""
        x, y, z = (points_mm[:, k] - self.centre_mm[k] for k in range(3))
        across = np.sqrt(x * x + z * z)
        row = self.rows_at(y, across)
        turn = x / (np.abs(x) + np.abs(z) + 1e-9)
        quarters = np.where(z >= 0, np.where(x >= 0, turn, 4 + turn), 2 - turn)
        above = y.clip(0, None)
        return row, quarters * (COLUMNS / 4), np.sqrt(across * across + above * above)

    def row_of_height(
        self, height_mm: Float64[np.ndarray, "*n"], column: Float64[np.ndarray, "*n"]
    ) -> Float64[np.ndarray, "*n"]:
        """The row in which the hull is so high above the centre, at each column."""
        rise = height_mm.clip(0, None)
        row = np.full(height_mm.shape, float(DOME))
        for _ in range(2):
            radius = between(self.hull_mm, row, column)
            row = self.rows_at(height_mm, np.sqrt((radius * radius - rise * rise).clip(1.0, None)))
        return row

    def place(
        self,
        row: Float64[np.ndarray, "*n"],
        column: Float64[np.ndarray, "*n"],
        radius_mm: Float64[np.ndarray, "*n"],
    ) -> Float64[np.ndarray, "*n 3"]:
        """Places in the head frame; the inverse of `locate`."""
        part = (row / DOME).clip(0, 1)
        length = np.sqrt(part * part + (1 - part) * (1 - part))
        height = np.where(row > DOME, (DOME - row) * self.step_mm, radius_mm * ((1 - part) / length))
        side = direction_of(column)
        across = radius_mm * (part / length)
        place: Float64[np.ndarray, "*n 3"] = self.centre_mm + np.stack(
            [across * side[..., 0], height, across * side[..., 1]], axis=-1
        )
        return place


def between(
    grid: Float64[np.ndarray, "R C"], row: Float64[np.ndarray, "*n"], column: Float64[np.ndarray, "*n"]
) -> Float64[np.ndarray, "*n"]:
    """Values of a grid at rows and columns between its points; columns go round."""
    values: Float64[np.ndarray, "*n"] = _native.between(grid, row.ravel(), column.ravel()).reshape(row.shape)
    return values


def outward(
    shell: Shell, grid_mm: Float64[np.ndarray, "R C"], points_mm: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n 3"]:
    """Points moved out from the middle to at least the radius that the grid has there."""
    row, column, radius = shell.locate(points_mm)
    factor = np.maximum(1.0, between(grid_mm, row, column) / radius.clip(1.0, None))
    return scaled_about(shell, points_mm, factor)


def scaled_about(
    shell: Shell, points_mm: Float64[np.ndarray, "n 3"], factor: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n 3"]:
    """Points nearer to or farther from the centre, or from the axis below it."""
    moved = points_mm - shell.centre_mm
    moved[:, 0] *= factor
    moved[:, 2] *= factor
    moved[:, 1] *= np.where(moved[:, 1] > 0, factor, 1.0)
    placed: Float64[np.ndarray, "n 3"] = moved + shell.centre_mm
    return placed


def direction_of(column: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n 2"]:
    """(x, z) of columns, unit length; columns go round."""
    quarters = column * (4 / COLUMNS) % 4
    turn = quarters.astype(np.int64)
    part = quarters - turn
    length = np.sqrt(part * part + (1 - part) * (1 - part))
    a, b = part / length, (1 - part) / length
    x = np.choose(turn, [a, b, -a, -b])
    z = np.choose(turn, [b, -a, -b, a])
    return np.stack([x, z], axis=-1)


def measure_shell(model: MorphableModel, neutral_mm: Float32[np.ndarray, "V 3"]) -> Shell:
    """The shell of one person."""
    if model not in _layouts:
        _layouts[model] = _lay_out(model)
    layout = _layouts[model]
    places = layout.probe.on(neutral_mm).reshape(ROWS, COLUMNS, 3)
    # The middle between extremes moves with the person's own proportions.
    level, up = places[DOME], places[0, 0, 1]
    change = (level.min(axis=0) + level.max(axis=0)) / 2 - layout.level_mm
    change[1] = (up - layout.top_mm) * 0.3
    centre = layout.centre_mm + change
    offset = places - centre
    x, y, z = offset[..., 0], offset[..., 1], offset[..., 2]
    y = np.where(np.arange(ROWS)[:, None] <= DOME, y.clip(0, None), 0.0)
    radius = np.sqrt(x * x + y * y + z * z)
    return Shell(centre, radius, _filled(radius), _STEP_MM * layout.scale, layout.anchors)


def _filled(radius: Float64[np.ndarray, "R C"]) -> Float64[np.ndarray, "R C"]:
    hull = radius.copy()
    for first in (COLUMNS // 4 - 3, 3 * COLUMNS // 4 - 3):  # the tip of an ear lies between the rays
        ear = radius[DOME - 2 : DOME + 10, first - 1 : first + 8]
        tall = np.maximum(np.maximum(ear[:-2], ear[2:]), ear[1:-1])
        hull[DOME - 1 : DOME + 9, first : first + 7] = np.maximum(
            np.maximum(tall[:, :-2], tall[:, 2:]), tall[:, 1:-1]
        )
    for _ in range(_SMOOTHING):
        wide = np.concatenate([hull[:, -1:], hull, hull[:, :1]], axis=1)
        hull = np.maximum(hull, (wide[:, :-2] + wide[:, 2:]) / 2)
        hull = np.concatenate([hull[:1], np.maximum(hull[1:-1], (hull[:-2] + hull[2:]) / 2), hull[-1:]])
    return hull


def _lay_out(model: MorphableModel) -> _Layout:
    marks = model.mean_mm[model.landmarks].astype(np.float64)
    scale = float(marks[16, 0] - marks[0, 0]) / 134
    middle = (marks[0, 0] + marks[16, 0]) / 2
    depth = (marks[0, 2] + marks[16, 2]) / 2 - 22 * scale
    centre = np.array([middle, marks[27, 1] + 25 * scale, depth])
    side = np.broadcast_to(direction_of(np.arange(COLUMNS, dtype=np.float64)), (ROWS, COLUMNS, 2))
    part = (np.arange(ROWS) / DOME).clip(0, 1)[:, None, None]
    rays = unit(
        np.concatenate([side[..., :1] * part, (1 - part) + 0 * side[..., :1], side[..., 1:] * part], axis=2)
    )
    below = (np.arange(ROWS) - DOME).clip(0, None) * _STEP_MM * scale
    origins = np.broadcast_to(centre, (ROWS, COLUMNS, 3)).copy()
    origins[..., 1] -= below[:, None]
    # Where a model has no back of the head or no neck: an egg, narrowing below the jaw.
    size = np.array([72.0, 86.0, 92.0]) * scale
    inverse = rays / size
    x, y, z = inverse[..., 0], inverse[..., 1], inverse[..., 2]
    egg = 1 / np.sqrt(x * x + y * y + z * z)
    egg *= np.where(np.arange(ROWS) > DOME + 11, 0.75, 1.0)[:, None]
    otherwise = origins + rays * egg[..., None]
    probe = cast(model, origins.reshape(-1, 3), rays.reshape(-1, 3), (Part.SKIN,), otherwise.reshape(-1, 3))
    places = probe.on(model.mean_mm).reshape(ROWS, COLUMNS, 3)
    level = (places[DOME].min(axis=0) + places[DOME].max(axis=0)) / 2
    anchors = probe.anchors.reshape(ROWS, COLUMNS)
    return _Layout(probe, anchors, centre, level, float(places[0, 0, 1]), scale)
