"""Planes over the atlas in which finer things are painted: brows, lids, wrinkles, eyeballs."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from head.clean import Seat
from head.hair import smoothstep

__all__ = ["BROW_MM", "brow_planes", "eyeball_planes", "lid_planes", "wrinkle_masks"]

# The middle of the left eyebrow on the mean head from the nose to the temple: x and y in millimetres.
BROW_MM = ((10.5, 13.0), (18, 15.0), (27, 16.8), (36, 16.6), (43, 13.8), (49, 9.8))
_BROW_ENDS_MM = (7.0, 53.0)
_BROW_START_MM = 12.0  # brow_area rises over this, so that a threshold moves the brow's inner end
_BROW_HEIGHT_MM = 32.0  # brow_up covers this, half of it below the line
_LID_HEIGHT_MM = 28.0  # and lid_up this, zero at 0.5
_LID_WIDTH_MM = 34.0
_FOREHEAD_LINES_MM = (33.0, 40.5, 48.0, 55.5)
_CROWS_FEET_DEG = (-38.0, -14.0, 9.0, 32.0)
_OUTER_CORNER_MM = (44.0, 0.5)
_NASOLABIAL_MM = ((15.5, -38.0), (20.0, -47.0), (25.0, -57.0), (29.0, -67.0), (30.5, -75.0))
_MARIONETTE_MM = ((25.0, -73.0), (27.5, -81.0), (27.0, -90.0))


def brow_planes(places: np.ndarray) -> dict[str, np.ndarray]:
    """Where brows may be, along them (0 at the nose) and up from their usual middle (0.5 on it), of places (n, 3)."""
    x, y, z = np.abs(places[:, 0]), places[:, 1], places[:, 2]
    knots = np.array(BROW_MM)
    line = CubicSpline(*knots.T)
    height = y - line(np.clip(x, knots[0, 0], knots[-1, 0]))
    low, high = _BROW_ENDS_MM
    ends = smoothstep(x, low, low + _BROW_START_MM) * smoothstep(-x, -high - 2, -high + 3)
    inside = smoothstep(-np.abs(height), -15.5, -13) * ends * (z > -18)
    return {
        "brow_area": inside,
        "brow_along": np.clip((x - low) / (high - low), 0, 1),
        "brow_up": np.clip(0.5 + height / _BROW_HEIGHT_MM, 0, 1),
    }


def lid_planes(places: np.ndarray, rims_mm: np.ndarray, left: Seat) -> dict[str, np.ndarray]:
    """Skin above and below the eyes' opening, along it (0 at the nose) and up from its edge (0.5 on it)."""
    folded = np.abs(places * [1, 0, 0]) + places * [0, 1, 1]
    rim = np.abs(rims_mm * [1, 0, 0]) + rims_mm * [0, 1, 1]
    inner, outer = rim[rim[:, 0].argmin()], rim[rim[:, 0].argmax()]
    chord = inner[1] + (outer[1] - inner[1]) * (rim[:, 0] - inner[0]) / (outer[0] - inner[0])
    upper, lower = rim[rim[:, 1] >= chord], rim[rim[:, 1] < chord]
    up, down = (cKDTree(part).query(folded)[0] for part in (upper, lower))
    above = up <= down
    across = folded[:, 0] - left.centre[0]
    front = (folded[:, 2] > -6).astype(float)
    sides = smoothstep(-np.abs(across), -19, -14)
    near = smoothstep(-np.minimum(up, down), -13.5, -11)
    return {
        "lid_above": above * near * sides * front,
        "lid_below": ~above * near * sides * front,
        "lid_along": np.clip(0.5 + across / _LID_WIDTH_MM, 0, 1),
        "lid_up": np.clip(0.5 + np.where(above, up, -down) / _LID_HEIGHT_MM, 0, 1),
    }


def eyeball_planes(places: np.ndarray, seats: tuple[Seat, Seat]) -> dict[str, np.ndarray]:
    """Of eyeballs: towards the corners, towards the nose's corner, up; 0 .. 1."""
    left, right = seats
    seat_centre = np.where(places[:, :1] > 0, left.centre, right.centre)
    unit = (places - seat_centre) / left.radius
    outwards = unit[:, 0] * np.sign(places[:, 0])
    return {
        "eye_corners": smoothstep(np.abs(outwards), 0.36, 0.95),
        "eye_inner": smoothstep(-outwards, 0.62, 0.84),
        "eye_top": smoothstep(unit[:, 1], -0.02, 0.42),
    }


def wrinkle_masks(places: np.ndarray) -> dict[str, np.ndarray]:
    """Lines that age draws, one mask for each kind."""
    x, y, z = np.abs(places[:, 0]), places[:, 1], places[:, 2]
    front = smoothstep(z, -12, 0)
    wave = 1.6 * np.cos(x / 9.0) - x * x / 900
    lines = [np.exp(-(((y - level - wave) / 1.2) ** 2)) for level in _FOREHEAD_LINES_MM]
    glabella = np.exp(-(((x - 6.5) / 1.2) ** 2)) * smoothstep(y, 2, 8) * smoothstep(-y, -23, -17)
    offset = np.stack([x - _OUTER_CORNER_MM[0], y - _OUTER_CORNER_MM[1]], axis=1)
    feet = [_ray(offset, angle) for angle in _CROWS_FEET_DEG]
    return {
        "forehead_lines": np.max(lines, axis=0) * np.exp(-((x / 38) ** 4)) * front,
        "frown_lines": glabella * front,
        "crows_feet": np.max(feet, axis=0) * (z > -35),
        "nasolabial": _along_curve(x, y, _NASOLABIAL_MM, 1.5) * front,
        "marionette": _along_curve(x, y, _MARIONETTE_MM, 1.4) * front,
        "forehead": np.exp(-((x / 40) ** 4) - (((y - 42) / 22) ** 2)) * front,
        "chin": np.exp(-((x / 16) ** 2) - (((y + 98) / 12) ** 2)) * front,
    }


def _ray(offset: np.ndarray, angle_deg: float) -> np.ndarray:
    angle = np.radians(angle_deg)
    along = offset @ [np.cos(angle), np.sin(angle)]
    across = offset @ [-np.sin(angle), np.cos(angle)]
    return np.asarray(np.exp(-((across / 0.9) ** 2)) * smoothstep(along, 2, 5) * smoothstep(-along, -17, -8))


def _along_curve(
    x: np.ndarray, y: np.ndarray, knots: tuple[tuple[float, float], ...], width: float
) -> np.ndarray:
    """A soft line through the knots that fades at its ends."""
    table = np.array(knots)
    t = np.linspace(0, 1, len(table))
    fine = np.linspace(0, 1, 120)
    distance, nearest = cKDTree(CubicSpline(t, table)(fine)).query(np.stack([x, y], axis=1))
    ends = smoothstep(fine, 0, 0.2) * smoothstep(-fine, -1, -0.75)
    return np.asarray(np.exp(-((distance / width) ** 2)) * ends[nearest])
