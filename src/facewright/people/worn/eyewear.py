"""Glasses and sunglasses, built to measure: the front rests on the nose, the temples on the ears."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, UInt8

from facewright.people.attachment import Attachment, Material
from facewright.people.worn.fit import FaceFit
from facewright.people.worn.mesh import (
    Mesh,
    attach,
    bar_profile,
    grid_mesh,
    merged,
    mirrored,
    round_profile,
    tube,
    unit,
)
from facewright.people.worn.outlines import POINTS, Outline, draw_outline
from facewright.people.worn.style import Draws
from facewright.people.worn.textures import linear, pane, plain, tortoiseshell

__all__ = ["Eyewear", "Frame", "build_eyewear", "draw_eyewear"]

_TILT = 0.13
"""How much nearer to the face the lower edge is (pantoscopic angle, 7 degrees)."""
_WRAP = 0.0016
"""Curvature of the front about the face, 1 / (2 radius)."""
_CLEARANCE_MM = 1.8
_BRIDGE_BACK_MM = 4.5
"""So far a bridge bends back to a nose that lies deeper than brows and cheeks let the front rest."""


@dataclass(frozen=True)
class Frame:
    """What holds the lenses: half width across the rim and half depth, mm; 0 for none."""

    rim_mm: tuple[float, float]
    upper_rim_mm: tuple[float, float] | None
    """A heavier upper rim of another material (browline)."""
    temple_mm: tuple[float, float]
    material: Material
    texture: UInt8[np.ndarray, "H W 4"]
    tint: tuple[float, float, float]
    double_bridge: bool = False


@dataclass(frozen=True)
class Eyewear:
    """One style, before it is fitted.

    height: of a lens, as a share of its width. roominess_mm: how far a lens's middle lies outside of the pupil.
    lens_alpha: at the top and at the bottom, 0 .. 255.
    """

    outline: Outline
    height: float
    bridge_mm: float
    roominess_mm: float
    frame: Frame
    lens_alpha: tuple[int, int]
    lens_tint: tuple[float, float, float]


# Squareness, height over width, taper, lift, teardrop: from and to; how often.
_SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "round": ((0.0, 0.12), (0.9, 1.0), (0.0, 0.02), (0.0, 0.03), (0.0, 0.0)),
    "oval": ((0.0, 0.3), (0.62, 0.75), (0.0, 0.04), (0.0, 0.08), (0.0, 0.0)),
    "rectangular": ((0.65, 1.0), (0.58, 0.72), (0.0, 0.07), (0.0, 0.05), (0.0, 0.0)),
    "trapeze": ((0.45, 0.75), (0.74, 0.86), (0.05, 0.13), (0.04, 0.12), (0.0, 0.0)),
    "aviator": ((0.15, 0.35), (0.84, 0.94), (0.08, 0.14), (0.0, 0.0), (0.25, 0.4)),
    "cat-eye": ((0.35, 0.65), (0.66, 0.8), (0.06, 0.14), (0.2, 0.36), (0.0, 0.0)),
}
_SHAPE_WEIGHTS = {
    "round": 0.17,
    "oval": 0.15,
    "rectangular": 0.3,
    "trapeze": 0.22,
    "aviator": 0.08,
    "cat-eye": 0.08,
}
_SUN_WEIGHTS = {
    "round": 0.12,
    "oval": 0.08,
    "rectangular": 0.15,
    "trapeze": 0.3,
    "aviator": 0.22,
    "cat-eye": 0.13,
}
_SUNGLASSES = 0.2
_BUILD_WEIGHTS = {"plastic": 0.46, "metal": 0.32, "browline": 0.08, "rimless": 0.14}
_PLASTICS = {
    0x0D0D0F: 0.4, 0x2A1A12: 0.12, 0x15203A: 0.07, 0x4A1018: 0.05, 0x20342A: 0.04, 0x6E6A66: 0.06,
    0xB8B4AC: 0.04, 0xC9A58A: 0.03, 0x5B3A8C: 0.02, 0xA8222A: 0.02,
}  # fmt: skip
_TORTOISE = 0.2
_METALS = {0xC9CBD0: 0.34, 0xD8B36A: 0.24, 0x4B4D52: 0.24, 0xC9917C: 0.08, 0x202124: 0.1}
# Clear glass takes away a little light and adds none of its own; what it reflects is up to the renderer.
_CLEAR_TINT = (0.02, 0.025, 0.025)
_SUN_TINTS = {0x101114: 0.45, 0x2A1B10: 0.25, 0x16241A: 0.15, 0x1C2436: 0.1, 0x3A1F2C: 0.05}


def draw_eyewear(draws: Draws) -> Eyewear:
    """A style from its numbers."""
    sun = draws.uniform() < _SUNGLASSES
    shape = draws.chosen(_SUN_WEIGHTS if sun else _SHAPE_WEIGHTS)
    square, height, taper, lift, drop = (draws.uniform(low, high) for low, high in _SHAPES[shape])
    build = draws.chosen(_BUILD_WEIGHTS)
    if shape == "aviator":
        build = "metal"
    if sun and build in ("rimless", "browline"):
        build = "plastic"
    frame = _draw_frame(draws, build)
    shade = draws.uniform()
    dark = int(212 + 36 * shade)
    fade = draws.uniform()
    clear = int(6 + 12 * shade)
    bottom = int(dark * (0.55 + 0.3 * shade)) if fade < 0.3 else dark
    return Eyewear(
        outline=Outline(1.0, 1.0, square, taper, lift, drop),
        height=height,
        bridge_mm=draws.uniform(16, 21),
        roominess_mm=draws.uniform(3.5, 6.5) if sun else draws.uniform(0.5, 3.5),
        frame=replace(frame, double_bridge=shape == "aviator"),
        lens_alpha=(dark, bottom) if sun else (clear, clear),
        lens_tint=linear(draws.chosen(_SUN_TINTS)) if sun else _CLEAR_TINT,
    )


def _draw_frame(draws: Draws, build: str) -> Frame:
    thick, depth = draws.uniform(), draws.uniform()
    metal, plastic = linear(draws.chosen(_METALS)), linear(draws.chosen(_PLASTICS))
    tortoise = draws.uniform() < _TORTOISE
    if build == "plastic":
        return Frame(
            rim_mm=(1.0 + 1.5 * thick, 1.3 + 0.8 * depth),
            upper_rim_mm=None,
            temple_mm=(0.9 + 0.6 * depth, 1.8 + 1.9 * thick),
            material=Material.GLOSSY,
            texture=tortoiseshell() if tortoise else plain(),
            tint=(1.0, 1.0, 1.0) if tortoise else plastic,
        )
    rim = 0.0 if build == "rimless" else 1.0 + 0.4 * thick
    heavy = (1.9 + 1.1 * thick, 1.5) if build == "browline" else None
    return Frame((rim, rim), heavy, (0.75, 0.9 + 0.8 * thick), Material.METAL, plain(), metal)


def build_eyewear(style: Eyewear, fit: FaceFit) -> tuple[Attachment, ...]:
    """Frame and lenses on one face."""
    outline, inner, centre_y = _sized(style, fit)
    curve = draw_outline(outline)
    x = curve[:, 0] + inner + outline.width_mm / 2
    y = curve[:, 1] + centre_y
    front = _Front(fit, centre_y, 0.0)
    front = replace(front, depth_mm=_resting_depth(style, fit, front, x, y))
    rim = front.on(x, y)
    frame, upper = _frame_meshes(style, fit, front, rim, outline)
    name = "sunglasses" if max(style.lens_alpha) > 100 else "glasses"
    parts = [attach(name, style.frame.material, frame, style.frame.texture, style.frame.tint)]
    if upper is not None:
        parts.append(attach(name, Material.GLOSSY, upper, plain(), _BROWLINE))
    lens = _lens(front, rim, outline)
    lenses = merged([lens, mirrored(lens)])
    parts.append(
        attach(name, Material.GLASS, lenses, pane(*style.lens_alpha), style.lens_tint, two_sided=True)
    )
    return tuple(replace(part, vertices_mm=_shifted(part.vertices_mm, fit.middle_mm)) for part in parts)


_BROWLINE = linear(0x1A1210)


def _shifted(vertices_mm: np.ndarray, x_mm: float) -> np.ndarray:
    moved = vertices_mm.copy()
    moved[:, 0] += np.float32(x_mm)
    return moved


@dataclass(frozen=True)
class _Front:
    """The curved surface of the lenses, symmetric about the face's middle: x from there, y in the head frame."""

    fit: FaceFit
    centre_y: float
    depth_mm: float

    def z(self, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        depth: Float64[np.ndarray, " n"] = self.depth_mm + _TILT * (y - self.centre_y) - _WRAP * x * x
        return depth

    def on(self, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        return np.stack([x, y, self.z(x, y)], axis=1)

    def normals(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        slope = 2 * _WRAP * points[:, 0]
        return unit(np.stack([slope, np.full(len(points), -_TILT), np.ones(len(points))], axis=1))


def _sized(style: Eyewear, fit: FaceFit) -> tuple[Outline, float, float]:
    """The lens's outline in mm, the distance of its inner edge from the middle, and the height of its middle."""
    inner = style.bridge_mm / 2 * fit.scale
    temple_y, temple_z = np.array([fit.eye_height_mm + 4]), np.array([fit.marks[36, 2] - 12 * fit.scale])
    face = float(min(fit.width_at(side, temple_y, temple_z)[0] for side in (0, 1)))
    width = 2 * (fit.eye_distance_mm / 2 + style.roominess_mm - inner)
    width = min(max(width, face - 5 - inner, 38 * fit.scale), face + 8 - inner)
    height = width * style.height
    centre = fit.eye_height_mm - 0.07 * height
    return replace(style.outline, width_mm=width, height_mm=height), inner, centre


def _resting_depth(
    style: Eyewear, fit: FaceFit, front: _Front, x: Float64[np.ndarray, " n"], y: Float64[np.ndarray, " n"]
) -> float:
    """How far forward the front must be for lenses and rims to clear lids, lashes, brows, cheeks and nose."""
    middle_x, middle_y = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    rings = np.array([0.6, 1.02])[:, None]
    lens_x = (middle_x + (x - middle_x) * rings)[:, ::2].ravel()
    lens_y = (middle_y + (y - middle_y) * rings)[:, ::2].ravel()
    both_x = np.concatenate([lens_x, -lens_x])
    both_y = np.concatenate([lens_y, lens_y])
    face = fit.depth_at(both_x + fit.middle_mm, both_y)
    need = face - front.z(both_x, both_y)
    return float(need.max()) + _CLEARANCE_MM * fit.scale + style.frame.rim_mm[1]


def _frame_meshes(
    style: Eyewear, fit: FaceFit, front: _Front, rim: Float64[np.ndarray, "P 3"], outline: Outline
) -> tuple[Mesh, Mesh | None]:
    frame = style.frame
    back = -front.normals(rim)
    metal = frame.material == Material.METAL
    halves: list[Mesh] = []
    if frame.rim_mm[0] > 0:
        profile = round_profile(6) * [*frame.rim_mm, 1, 1] if metal else bar_profile(*frame.rim_mm)
        ring = tube(rim, back, profile, closed=True)
        halves += [ring, mirrored(ring)]
    hinge_y = front.centre_y + outline.height_mm * (0.28 + 0.1 * style.outline.lift)
    corner = rim[_index_near(rim, hinge_y, outer=True)]
    for side in (0, 1):
        halves.append(_temple(style, fit, corner, side))
    halves += _bridges(style, fit, front, rim, outline)
    if metal:
        pad = _nose_pad(rim, front.centre_y, fit.scale)
        halves += [pad, mirrored(pad)]
    if frame.upper_rim_mm is None:
        return merged(halves), None
    brow = _brow_rim(frame.upper_rim_mm, rim, back)
    return merged(halves), merged([brow, mirrored(brow)])


def _index_near(rim: Float64[np.ndarray, "P 3"], y: float, outer: bool) -> int:
    """The outline's point at a height, on the temple's or the nose's side."""
    middle = (rim[:, 0].min() + rim[:, 0].max()) / 2
    wrong = (rim[:, 0] < middle) == outer
    return int((np.abs(rim[:, 1] - y) + 1e3 * wrong).argmin())


def _bridges(
    style: Eyewear, fit: FaceFit, front: _Front, rim: Float64[np.ndarray, "P 3"], outline: Outline
) -> list[Mesh]:
    metal = style.frame.material == Material.METAL
    levels = [0.16, 0.44] if style.frame.double_bridge else [0.16]
    thick = max(style.frame.rim_mm[0], 0.7)
    profile = round_profile(6) * [thick, thick, 1, 1] if metal else bar_profile(thick, thick * 1.5)
    along = 1 - np.arange(11) / 5
    bow = 1 - along * along
    bars = []
    for level in levels:
        start = rim[_index_near(rim, front.centre_y + level * outline.height_mm, outer=False)]
        x = start[0] * along
        y = start[1] + bow * (2.0 if level < 0.3 else 0.4)
        z = start[2] + bow * 1.5 * fit.scale
        top = slice(5, 6)
        need = fit.depth_at(x[top] + fit.middle_mm, y[top])[0] + thick + 0.3 - z[5]
        z += max(float(need), -_BRIDGE_BACK_MM * fit.scale) * bow
        up = np.broadcast_to([0.0, 1.0, 0.0], (len(along), 3))
        bars.append(tube(np.stack([x, y, z], axis=1), up, profile))
    return bars


def _nose_pad(rim: Float64[np.ndarray, "P 3"], centre_y: float, scale: float) -> Mesh:
    """On its arm, from the rim back to the side of the nose."""
    start = rim[_index_near(rim, centre_y - 4 * scale, outer=False)]
    steps = np.array(
        [[0.0, 0, 0], [-0.6, 0.4, -2.5], [-1.0, 0.2, -4.0], [-1.2, -0.2, -5.0], [-1.3, -0.3, -5.4]]
    )
    up = np.broadcast_to([0.0, 1.0, 0.0], steps.shape)
    profile = round_profile(6) * [0.8, 1.6, 1, 1]
    return tube(start + steps * scale, up, profile, thickness=np.array([0.4, 0.4, 1.2, 1.6, 0.2]) * scale)


def _brow_rim(
    half_mm: tuple[float, float], rim: Float64[np.ndarray, "P 3"], back: Float64[np.ndarray, "P 3"]
) -> Mesh:
    """Along the upper part of the outline, thin at its ends."""
    upper = np.arange(-1, POINTS // 2 + 2)
    ends = np.minimum(np.arange(len(upper)), np.arange(len(upper))[::-1])
    thickness = (0.25 + 0.3 * ends).clip(0, 1)
    return tube(rim[upper], back[upper], bar_profile(*half_mm), thickness=thickness)


def _temple(style: Eyewear, fit: FaceFit, corner: Float64[np.ndarray, " 3"], side: int) -> Mesh:
    """From the front's corner back over the ear's root and down behind the ear. side: 0 right, 1 left."""
    ear = fit.ears[side]
    half = style.frame.temple_mm[0]
    x0, y0, z0 = (float(value) for value in corner)
    hinge_z = z0 - 5 * fit.scale
    rest = np.array([ear.root_mm + half + 0.6, ear.top_mm, ear.front_mm - 8 * fit.scale])
    hinge_x = max(x0 + 2.5, min(rest[0] - 2, x0 + 6))
    part = np.arange(9)[:, None] / 8
    straight = np.array([hinge_x, y0, hinge_z]) * (1 - part) + rest * part
    reach = fit.width_at(side, straight[:, 1], straight[:, 2])
    bow = 4 * part[:, 0] * (1 - part[:, 0])
    inside = (reach + half + 1.2 - straight[:, 0]) / bow.clip(0.35, None)
    straight[:, 0] += max(0.0, float(inside[:-2].max())) * bow
    hook = np.array([[0.3, -3, -8], [-1, -12, -15], [-4, -26, -19], [-6, -32, -20]]) * fit.scale
    path = np.concatenate([[[x0 - 0.4, y0, z0 - 0.2], [hinge_x - 0.6, y0, z0 - 1.4]], straight, rest + hook])
    slim = np.array([1.0, 1, 1, 1, 1, 0.95, 0.9, 0.85, 0.8, 0.78, 0.75, 0.75, 0.8, 0.9, 0.6])
    up = np.tile([0.0, 1.0, 0.0], (len(path), 1))
    up[-3:] = (0.0, 0.4, 1.0)
    mesh = tube(path, up, bar_profile(*style.frame.temple_mm), thickness=slim)
    return mesh if side else mirrored(mesh)


def _lens(front: _Front, rim: Float64[np.ndarray, "P 3"], outline: Outline) -> Mesh:
    """The subject's left lens; its normals are those of a bulging one, its texture runs from top to bottom."""
    x, y = rim[:, 0], rim[:, 1]
    middle_x, middle_y = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    rings = np.array([0.02, 0.5, 0.99])[:, None]
    ring_x = middle_x + (x - middle_x) * rings
    ring_y = middle_y + (y - middle_y) * rings
    points = front.on(ring_x.ravel(), ring_y.ravel()).reshape(len(rings), POINTS, 3)
    points = np.concatenate([points, points[:, :1]], axis=1)
    mesh = grid_mesh(points, columns_closed=True)
    flat = mesh.vertices
    away = np.stack([flat[:, 0] - middle_x, flat[:, 1] - middle_y], axis=1)
    bulge = 1 / 85
    normals = front.normals(flat)
    normals[:, :2] += away * bulge
    v = ((y.max() - flat[:, 1]) / outline.height_mm).clip(0, 1)
    return replace(mesh, normals=unit(normals), uv=np.stack([np.full(len(flat), 0.5), v], axis=1))
