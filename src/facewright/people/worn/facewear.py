"""Masks over mouth and nose, which follow the jaw."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from facewright import _native
from facewright.models.morphable import MorphableModel, Part
from facewright.people.attachment import Attachment, Material
from facewright.people.worn.fit import FaceFit
from facewright.people.worn.mesh import Mesh, attach, grid_mesh, merged, round_profile, tube, unit
from facewright.people.worn.probe import Probe, cast
from facewright.people.worn.style import Draws
from facewright.people.worn.textures import linear, mask_pleats, plain, respirator, weave

__all__ = ["Mask", "build_mask", "draw_mask"]

# Tip and wings of the nose, lips, chin.
_PROMINENT = np.array([29, 30, 31, 32, 33, 34, 35, *range(48, 60), *range(6, 11)])
_ROWS, _COLUMNS = 17, 29
"""The outermost lie in the same directions as the next: a hem that ends under the skin."""


@dataclass(frozen=True)
class Mask:
    """One style. room_mm: between skin and the middle of the mask; ridge_mm: height of a fold down the middle."""

    texture: UInt8[np.ndarray, "H W 4"]
    tint: tuple[float, float, float]
    loop_tint: tuple[float, float, float]
    room_mm: float
    ridge_mm: float


_SURGICAL = {0x9CC7DE: 0.5, 0xEFF1F2: 0.2, 0x202226: 0.14, 0xA9D3C1: 0.08, 0xE8B9C6: 0.08}
_RESPIRATOR = {0xF2F1EC: 0.7, 0x1C1D20: 0.22, 0xA9ADB2: 0.08}
_CLOTH = {0x1A1B1F: 0.4, 0x2A3552: 0.15, 0x8D8F93: 0.15, 0x6A2228: 0.1, 0xD8CBB4: 0.1, 0x3C5A46: 0.1}


def draw_mask(draws: Draws) -> Mask:
    """A style from its numbers."""
    kind = draws.chosen({"surgical": 0.6, "respirator": 0.22, "cloth": 0.18})
    room = draws.uniform()
    surgical, stiff, cloth = (linear(draws.chosen(tints)) for tints in (_SURGICAL, _RESPIRATOR, _CLOTH))
    white = linear(0xE9E9E6)
    if kind == "surgical":
        return Mask(mask_pleats(), surgical, white, 2.0 + 2 * room, 0.0)
    if kind == "respirator":
        return Mask(respirator(), stiff, stiff, 3.0 + 2 * room, 6 + 5 * room)
    return Mask(weave(), cloth, cloth, 2.0 + room, 3 * room)


@dataclass(frozen=True, eq=False)
class _Layout:
    probe: Probe
    anchors: Int32[np.ndarray, "R C"]
    centre_mm: Float64[np.ndarray, " 3"]
    marks_mm: Float64[np.ndarray, " 3"]


_layouts: weakref.WeakKeyDictionary[MorphableModel, _Layout] = weakref.WeakKeyDictionary()


def build_mask(
    style: Mask, model: MorphableModel, neutral_mm: Float32[np.ndarray, "V 3"], fit: FaceFit
) -> tuple[Attachment, ...]:
    """The mask on one face and its loops behind the ears."""
    if model not in _layouts:
        _layouts[model] = _lay_out(model)
    layout = _layouts[model]
    places = layout.probe.on(neutral_mm).reshape(_ROWS, _COLUMNS, 3)
    centre = layout.centre_mm + _middle(fit.marks) - layout.marks_mm
    rays = places - centre
    x, y, z = rays[..., 0], rays[..., 1], rays[..., 2]
    radius = np.sqrt(x * x + y * y + z * z)
    directions = _evened(rays)
    raised = _raised(style, radius, _reach(directions, fit.marks[_PROMINENT] - centre))
    sheet = centre + directions * raised[..., None]
    body = grid_mesh(sheet, layout.anchors)
    loops = [
        _loop(sheet[row, column], int(layout.anchors[row, column]), fit, side, row < _ROWS // 2)
        for side, column in ((0, 1), (1, -2))
        for row in (3, _ROWS - 4)
    ]
    return (
        attach("mask", Material.MATT, body, style.texture, style.tint, two_sided=True),
        attach("mask", Material.MATT, merged(loops), plain(), style.loop_tint),
    )


def _evened(rays: Float64[np.ndarray, "R C 3"]) -> Float64[np.ndarray, "R C 3"]:
    """Unit directions, evenly spread, so that the cloth has no fold where a nose is unusual."""
    for _ in range(3):
        rays = unit(rays)
        rays[1:-1] = 0.5 * rays[1:-1] + 0.25 * (rays[:-2] + rays[2:])
        rays[:, 1:-1] = 0.5 * rays[:, 1:-1] + 0.25 * (rays[:, :-2] + rays[:, 2:])
    return unit(rays)


def _middle(marks: Float64[np.ndarray, "68 3"]) -> Float64[np.ndarray, " 3"]:
    middle: Float64[np.ndarray, " 3"] = (marks[3] + marks[13] + marks[33] + marks[57]) / 4
    return middle


def _reach(
    directions: Float64[np.ndarray, "R C 3"], marks: Float64[np.ndarray, "m 3"]
) -> Float64[np.ndarray, "R C"]:
    """How far the marks within 8 degrees of each direction reach; 0 without any."""
    x, y, z = marks[:, 0], marks[:, 1], marks[:, 2]
    length = np.sqrt(x * x + y * y + z * z)
    along = directions[..., 0:1] * x + directions[..., 1:2] * y + directions[..., 2:3] * z
    reach: Float64[np.ndarray, "R C"] = np.where(along > 0.99 * length, length, 0.0).max(axis=2)
    return reach


def _raised(
    style: Mask, radius: Float64[np.ndarray, "R C"], reach: Float64[np.ndarray, "R C"]
) -> Float64[np.ndarray, "R C"]:
    """Distance of the cloth: stretched over nose, lips and chin, on the skin at its edge, the hem under the skin."""
    steps = np.minimum(_from_edge(_ROWS)[:, None], _from_edge(_COLUMNS)[None, :])
    inside = ((steps - 1) / 3).clip(0, 1)
    # What sticks out most may lie between the rays.
    hull = np.where(inside > 0, np.maximum(radius, reach), radius)
    for _ in range(12):
        inner = np.maximum(hull[1:-1, 1:-1], (hull[1:-1, :-2] + hull[1:-1, 2:]) / 2)
        hull[1:-1, 1:-1] = np.maximum(inner, (hull[:-2, 1:-1] + hull[2:, 1:-1]) / 2)
    across = np.abs(np.linspace(-1, 1, _COLUMNS))[None, :]
    down = np.linspace(-1, 1, _ROWS)[:, None]
    ridge = style.ridge_mm * (1 - across) * (1 - across) * (1 - down * down)
    nose = 2.0 * (1 - 3.5 * across).clip(0, 1)
    raised = radius + 1.3 + nose + inside * (hull - radius + style.room_mm + ridge)
    return np.where(steps < 0.5, radius - 3.0, raised)


def _from_edge(count: int) -> Float64[np.ndarray, " n"]:
    steps: Float64[np.ndarray, " n"] = np.minimum(np.arange(count), np.arange(count)[::-1]).astype(np.float64)
    return steps


def _loop(start: Float64[np.ndarray, " 3"], anchor: int, fit: FaceFit, side: int, upper: bool) -> Mesh:
    """A string from a corner of the mask to behind the ear."""
    ear = fit.ears[side]
    away = 2.0 * side - 1
    height = ear.top_mm - 4 if upper else ear.bottom_mm + 8
    root = np.array([fit.middle_mm + away * (ear.root_mm + 1.5), height, ear.front_mm - 4])
    behind = root + np.array([away * 0.5, -5.0 if upper else 5.0, -14.0])
    part = np.linspace(0, 1, 6)[:, None]
    path = np.concatenate([start * (1 - part) + root * part, behind[None]])
    bow = 4 * part[:, 0] * (1 - part[:, 0])
    path[:6, 0] += away * 4.0 * bow
    follows = np.full(len(path), -1, np.int32)
    follows[0] = anchor
    up = np.tile([0.0, 1.0, 0.0], (len(path), 1))
    return tube(path, up, round_profile(5) * [1.0, 1.0, 1, 1], anchors=follows)


def _lay_out(model: MorphableModel) -> _Layout:
    """Directions from inside the mouth: up to the bridge of the nose, down to under the chin, round to the jaw."""
    marks = model.mean_mm[model.landmarks].astype(np.float64)
    scale = float(marks[16, 0] - marks[0, 0]) / 134
    centre = np.array([0.0, marks[33, 1] - 6 * scale, marks[33, 2] - 66 * scale])
    across = np.linspace(-1, 1, _COLUMNS - 2)[None, np.arange(-1, _COLUMNS - 1).clip(0, _COLUMNS - 3)]
    down = np.linspace(0, 1, _ROWS - 2)[np.arange(-1, _ROWS - 1).clip(0, _ROWS - 3), None]
    top = 24.5 - 5 * across * across
    bottom = -50 + 22 * across * across
    side = _native.sincos_deg((across * 74).ravel())
    tall = _native.sincos_deg((top + (bottom - top) * down).ravel()).reshape(_ROWS, _COLUMNS, 2)
    rays = np.stack([side[:, 0] * tall[..., 1], tall[..., 0], side[:, 1] * tall[..., 1]], axis=-1)
    origins = np.broadcast_to(centre, (rays.size // 3, 3))
    directions = unit(rays.reshape(-1, 3))
    probe = cast(model, origins, directions, (Part.SKIN,), origins + directions * 70 * scale)
    places = probe.on(model.mean_mm).reshape(_ROWS, _COLUMNS, 3)
    return _Layout(probe, _anchors(model, probe, places, marks), centre, _middle(marks))


def _anchors(
    model: MorphableModel,
    probe: Probe,
    places: Float64[np.ndarray, "R C 3"],
    marks: Float64[np.ndarray, "68 3"],
) -> Int32[np.ndarray, "R C"]:
    """The cloth follows the skin under it; over the mouth, which it spans, the cheeks at that height; over the nose,
    whose wings may move, its bridge."""
    anchors = probe.anchors.reshape(_ROWS, _COLUMNS)
    height = places[:, _COLUMNS // 2, 1]
    across = np.arange(_COLUMNS)
    middle, cheek = _COLUMNS // 2, round(0.2 * _COLUMNS)
    beside = np.where(across < middle, np.minimum(across, cheek), np.maximum(across, _COLUMNS - 1 - cheek))
    over = (height < marks[33, 1]) & (height > marks[57, 1])
    followed = np.where(over[:, None], anchors[:, beside], anchors)
    nose = (height >= marks[33, 1])[:, None] & (np.abs(across - middle) < 0.2 * _COLUMNS)[None, :]
    return np.where(nose, model.landmarks[28], followed).astype(np.int32)
