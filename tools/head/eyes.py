"""Eyes: the mean head's made as wide as people's, and directions that vary them, each a trait of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from head.clean import Seat
from head.hair import smoothstep
from head.source import Mesh
from head.surface import Surface

__all__ = ["AT_REST", "eye_directions", "own_fields", "widen_eyes"]

# MakeHuman's lids are 22 mm apart at their corners; people's are 28 to 30 mm, with irises of the same 11.8 mm.
_GROWTH = 1.10
_STRETCH = 1.17
_SETTLE_MM = 1.2  # what the growth adds in front is taken back
_REACH_MM = (19.0, 38.0)

# Standard deviation of each trait (1 is MakeHuman's slider at its end), and of the difference between the sides.
_PAIRS: dict[str, tuple[str, str, float, float]] = {
    "lid_inner_height": ("eye-height1-decr", "eye-height1-incr", 0.42, 0.055),
    "lid_height": ("eye-height2-decr", "eye-height2-incr", 0.44, 0.055),
    "lid_outer_height": ("eye-height3-decr", "eye-height3-incr", 0.42, 0.055),
    "inner_corner": ("eye-corner1-down", "eye-corner1-up", 0.52, 0.044),
    "outer_corner": ("eye-corner2-down", "eye-corner2-up", 0.64, 0.055),
    "inner_depth": ("eye-push1-in", "eye-push1-out", 0.40, 0.028),
    "outer_depth": ("eye-push2-in", "eye-push2-out", 0.40, 0.028),
    "epicanthus": ("eye-epicanthus-out", "eye-epicanthus-in", 0.75, 0.028),
    "fold_angle": ("eye-eyefold-angle-down", "eye-eyefold-angle-up", 0.70, 0.066),
    "fold_bulge": ("eye-eyefold-concave", "eye-eyefold-convex", 0.60, 0.055),
    "fold_height": ("eye-eyefold-down", "eye-eyefold-up", 0.80, 0.066),
    "bag": ("eye-bag-decr", "eye-bag-incr", 0.55, 0.044),
    "bag_depth": ("eye-bag-in", "eye-bag-out", 0.50, 0.044),
    "bag_height": ("eye-bag-height-decr", "eye-bag-height-incr", 0.50, 0.044),
    "size": ("eye-scale-decr", "eye-scale-incr", 0.45, 0.017),
    "spacing": ("eye-trans-in", "eye-trans-out", 0.52, 0.022),
    "eye_height": ("eye-trans-down", "eye-trans-up", 0.36, 0.017),
}
_BROWS: dict[str, tuple[str, str, float]] = {
    "brow_angle": ("eyebrows-angle-down", "eyebrows-angle-up", 0.30),
    "brow_ridge": ("eyebrows-trans-backward", "eyebrows-trans-forward", 0.19),
    "brow_height": ("eyebrows-trans-down", "eyebrows-trans-up", 0.36),
}


def widen_eyes(neutral: np.ndarray, mesh: Mesh, surface: Surface) -> np.ndarray:
    """Grow eyeballs and lids of a body (N, 3) about the eyeballs' centres, lids more in width than in height."""
    out = neutral.copy()
    for eye in surface.eyes:
        ids = mesh.groups[eye.helper]
        centre = neutral[ids].mean(axis=0)
        offset = neutral - centre
        share = smoothstep(-np.linalg.norm(offset, axis=1), -_REACH_MM[1], -_REACH_MM[0])[:, None]
        ball = np.zeros((len(neutral), 1))
        ball[ids] = 1
        grown = offset * _GROWTH
        wide = grown * [_STRETCH, 1, 1]
        # On the sphere that the point was on: the lids stay on the eyeball.
        wide *= np.linalg.norm(grown, axis=1, keepdims=True) / np.maximum(
            np.linalg.norm(wide, axis=1, keepdims=True), 1e-9
        )
        target = np.where(ball > 0, grown, wide) - [0, 0, _SETTLE_MM]
        out += share * (target - offset)
    return out


def own_fields(points: np.ndarray, seats: tuple[Seat, Seat]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What MakeHuman has no targets for: name -> displacements (P, 3) by one standard deviation, left and right."""
    out: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, field in _OWN.items():
        left, right = (field(points, seat) for seat in seats)
        out[name] = (left, right)
    return out


def _lid_frame(points: np.ndarray, seat: Seat) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Across (outwards positive) and up from the eyeball's middle, and height above the upper lid's edge."""
    side = np.sign(seat.centre[0])
    across = side * (points[:, 0] - seat.centre[0])
    up = points[:, 1] - seat.centre[1]
    edge = 4.6 - 0.030 * (across + 1) ** 2
    return across, up, up - edge


def _in_front(points: np.ndarray, seat: Seat) -> np.ndarray:
    return smoothstep(np.linalg.norm(points - seat.centre, axis=1) - seat.radius, 0.6, 2.2) * (
        points[:, 2] > seat.centre[2]
    )


def _hood(points: np.ndarray, seat: Seat) -> np.ndarray:
    """The skin above the crease hangs over the lid, more towards the temple."""
    across, _, above = _lid_frame(points, seat)
    weight = (
        np.exp(-(((above - 5.0) / 3.6) ** 2)) * np.exp(-(((across - 4) / 13) ** 2)) * _in_front(points, seat)
    )
    return np.asarray(weight[:, None] * [0.0, -0.9, 0.6])


def _crease(points: np.ndarray, seat: Seat) -> np.ndarray:
    """A groove above the lid, and fuller skin above that."""
    across, _, above = _lid_frame(points, seat)
    span = np.exp(-((across / 14) ** 4)) * _in_front(points, seat)
    groove = np.exp(-(((above - 4.0) / 1.8) ** 2)) - 0.7 * np.exp(-(((above - 8.5) / 2.8) ** 2))
    return np.asarray((-1.0 * span * groove)[:, None] * [0.0, 0.2, 1.0])


def _set_depth(points: np.ndarray, seat: Seat) -> np.ndarray:
    """The whole eye deeper in its socket or further out."""
    gap = (points - seat.centre) / [17.0, 13.0, 20.0]
    weight = np.exp(-((gap**2).sum(axis=1) ** 2) * 0.6)
    return np.asarray(weight[:, None] * [0.0, 0.0, 1.5])


def _brow_bone(points: np.ndarray, seat: Seat) -> np.ndarray:
    across, up, _ = _lid_frame(points, seat)
    weight = np.exp(-(((up - 14) / 6.5) ** 2) - ((across / 19) ** 2)) * (points[:, 2] > -10)
    return np.asarray(weight[:, None] * [0.0, -0.4, 1.3])


def _brow_lift(points: np.ndarray, seat: Seat) -> np.ndarray:
    """The brow nearer to or further from the eye."""
    across, up, _ = _lid_frame(points, seat)
    weight = np.exp(-(((up - 17) / 8.5) ** 2) - ((across / 24) ** 4)) * (points[:, 2] > -15)
    return np.asarray(weight[:, None] * [0.0, 1.6, 0.0])


def _hollow(points: np.ndarray, seat: Seat) -> np.ndarray:
    """The skin under the lower lid: a hollow towards the nose, or full."""
    across, up, _ = _lid_frame(points, seat)
    weight = np.exp(-(((up + 13) / 5) ** 2) - (((across + 4) / 11) ** 2)) * (points[:, 2] > 0)
    return np.asarray(weight[:, None] * [0.0, 0.0, -1.3])


_OWN: dict[str, Callable[[np.ndarray, Seat], np.ndarray]] = {
    "hood": _hood,
    "crease": _crease,
    "set_depth": _set_depth,
    "brow_bone": _brow_bone,
    "brow_lift": _brow_lift,
    "hollow": _hollow,
}
_OWN_DIFFERENCE = 0.1
_SPREAD = 0.98  # of all traits
# Where photographed people are, in standard deviations from MakeHuman's mean: deeper set, under a lower, fuller brow.
AT_REST = {"brow_bone": 0.8, "brow_lift": -0.5, "set_depth": -1.0, "hood": 0.5, "crease": 0.4}


def eye_directions(
    names: list[str], targets: np.ndarray, own: dict[str, tuple[np.ndarray, np.ndarray]]
) -> tuple[list[str], np.ndarray]:
    """Names and displacements (E, P, 3) by one standard deviation, to be drawn independently of each other.

    names and targets (T, P, 3) are MakeHuman's, cleaned; `own` are the cleaned fields of `own_fields`. A trait's
    difference between the sides is a direction of its own.
    """
    column = {name: i for i, name in enumerate(names)}

    def field(folder: str, low: str, high: str) -> np.ndarray:
        return np.asarray((targets[column[f"{folder}/{high}"]] - targets[column[f"{folder}/{low}"]]) / 2)

    out: dict[str, np.ndarray] = {}
    for trait, (low, high, spread, difference) in _PAIRS.items():
        left, right = (field("eyes", f"{side}-{low}", f"{side}-{high}") for side in "lr")
        out[f"eye_{trait}"] = spread * (left + right)
        out[f"eye_{trait}_difference"] = difference * (left - right)
    for trait, (low, high, spread) in _BROWS.items():
        out[f"eye_{trait}"] = spread * field("eyebrows", low, high)
    for trait, (left, right) in own.items():
        out[f"eye_{trait}"] = left + right
        out[f"eye_{trait}_difference"] = _OWN_DIFFERENCE * (left - right)
    return list(out), _SPREAD * np.stack(list(out.values()))
