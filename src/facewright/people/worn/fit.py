"""Where glasses and masks rest on one person's face."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32

from facewright import _native
from facewright.models.morphable import MorphableModel, Part
from facewright.people.worn.probe import Probe, cast

__all__ = ["Ear", "FaceFit", "measure_face"]

_FRONT_STEP_MM, _SIDE_STEP_MM = 4.0, 5.0
_EYES = slice(36, 48)


@dataclass(frozen=True)
class Ear:
    """Where one ear meets the head: the top of its root, and how far it reaches."""

    top_mm: float
    bottom_mm: float
    front_mm: float
    back_mm: float
    root_mm: float
    """Sideways distance from the head's middle to the skin above the ear."""


@dataclass(frozen=True, eq=False)
class FaceFit:
    """What eyewear and facewear are fitted to, mm in the head frame.

    marks: (68, 3) the landmarks.
    front: (F, 3) the foremost points of the eye region, lids and lashes included, about 4 mm apart.
    sides: (S, 3) the outermost points of the right side and of the left side, each in front of the ear.
    ears: right and left.
    scale: size of the model's mean head, 1 an adult's.
    """

    marks: Float64[np.ndarray, "68 3"]
    front: Float64[np.ndarray, "F 3"]
    sides: tuple[Float64[np.ndarray, "S 3"], Float64[np.ndarray, "S 3"]]
    ears: tuple[Ear, Ear]
    middle_mm: float
    scale: float

    @property
    def eye_height_mm(self) -> float:
        """Height of the middle between the lids."""
        eyes = self.marks[_EYES, 1]
        return float(eyes.min() + eyes.max()) / 2

    @property
    def eye_distance_mm(self) -> float:
        """Between the middles of the eyes' openings."""
        x = self.marks[:, 0]
        return float((x[42] + x[45]) - (x[36] + x[39])) / 2

    def depth_at(
        self, x_mm: Float64[np.ndarray, " n"], y_mm: Float64[np.ndarray, " n"]
    ) -> Float64[np.ndarray, " n"]:
        """How far forward the face reaches near each (x, y): the most within 5 mm."""
        depth: Float64[np.ndarray, " n"] = _native.most_within(self.front, 2, x_mm, y_mm, 5.0, 0.0, 1.0, -1e3)
        return depth

    def width_at(
        self, side: int, y_mm: Float64[np.ndarray, " n"], z_mm: Float64[np.ndarray, " n"]
    ) -> Float64[np.ndarray, " n"]:
        """How far from the middle one side (0 right, 1 left) reaches near each (y, z): the most within 6 mm."""
        width: Float64[np.ndarray, " n"] = _native.most_within(
            self.sides[side], 0, y_mm, z_mm, 6.0, self.middle_mm, 2.0 * side - 1, 0.0
        )
        return width


@dataclass(frozen=True, eq=False)
class _Layout:
    front: Probe
    sides: tuple[Probe, Probe]
    above_ears: tuple[Probe, Probe]
    ears: tuple[Int32[np.ndarray, " r"], Int32[np.ndarray, " l"]]
    scale: float


_layouts: weakref.WeakKeyDictionary[MorphableModel, _Layout] = weakref.WeakKeyDictionary()


def measure_face(model: MorphableModel, neutral_mm: Float32[np.ndarray, "V 3"]) -> FaceFit:
    """The measures of one person."""
    if model not in _layouts:
        _layouts[model] = _lay_out(model)
    layout = _layouts[model]
    marks = neutral_mm[model.landmarks].astype(np.float64)
    middle = float(marks[36, 0] + marks[45, 0] + 2 * marks[27, 0]) / 4
    ears = tuple(
        _ear(neutral_mm[layout.ears[side]], marks[16 * side], layout.above_ears[side].on(neutral_mm), middle)
        for side in (0, 1)
    )
    return FaceFit(
        marks=marks,
        front=layout.front.on(neutral_mm),
        sides=(layout.sides[0].on(neutral_mm), layout.sides[1].on(neutral_mm)),
        ears=(ears[0], ears[1]),
        middle_mm=middle,
        scale=layout.scale,
    )


def _ear(
    vertices_mm: Float32[np.ndarray, "e 3"],
    beside: Float64[np.ndarray, " 3"],
    above_mm: Float64[np.ndarray, "a 3"],
    middle_mm: float,
) -> Ear:
    root = float(np.abs(above_mm[:, 0] - middle_mm).max())
    if not len(vertices_mm):
        return Ear(beside[1] + 5, beside[1] - 45, beside[2] - 10, beside[2] - 40, root)
    low, high = vertices_mm.min(axis=0).tolist(), vertices_mm.max(axis=0).tolist()
    return Ear(high[1] - 2, low[1], high[2], low[2], root)


def _lay_out(model: MorphableModel) -> _Layout:
    marks = model.mean_mm[model.landmarks].astype(np.float64)
    scale = float(marks[16, 0] - marks[0, 0]) / 134
    ears = (_ear_vertices(model, marks, scale, 0), _ear_vertices(model, marks, scale, 1))
    return _Layout(
        front=_front(model, scale),
        sides=(_side(model, marks, scale, 0), _side(model, marks, scale, 1)),
        above_ears=(_above_ear(model, marks, scale, 0), _above_ear(model, marks, scale, 1)),
        ears=ears,
        scale=scale,
    )


def _front(model: MorphableModel, scale: float) -> Probe:
    x, y = np.meshgrid(np.arange(-72, 73, _FRONT_STEP_MM) * scale, np.arange(-48, 37, _FRONT_STEP_MM) * scale)
    origins = np.stack([x.ravel(), y.ravel(), np.full(x.size, -30.0 * scale)], axis=1)
    parts = (Part.SKIN, Part.LEFT_EYE, Part.RIGHT_EYE, Part.LASHES)
    return _only_hits(cast(model, origins, np.broadcast_to([0.0, 0.0, 1.0], origins.shape), parts, origins))


def _side(model: MorphableModel, marks: Float64[np.ndarray, "68 3"], scale: float, side: int) -> Probe:
    """From the corner of the eye back to the front of the ear."""
    back = float(marks[16 * side, 2]) - 4 * scale
    z, y = np.meshgrid(
        np.arange(back, marks[36, 2], _SIDE_STEP_MM * scale), np.arange(-25, 36, _SIDE_STEP_MM) * scale
    )
    return _sideways(model, y.ravel(), z.ravel(), side)


def _above_ear(model: MorphableModel, marks: Float64[np.ndarray, "68 3"], scale: float, side: int) -> Probe:
    beside = marks[16 * side]
    z = beside[2] - np.array([8.0, 14, 20, 26, 32]) * scale
    return _sideways(model, np.full(len(z), beside[1] + 14 * scale), z, side)


def _sideways(
    model: MorphableModel, y: Float64[np.ndarray, " n"], z: Float64[np.ndarray, " n"], side: int
) -> Probe:
    origins = np.stack([np.zeros(len(y)), y, z], axis=1)
    outward = np.broadcast_to([2.0 * side - 1, 0.0, 0.0], origins.shape)
    missed = origins + outward * 66
    return cast(model, origins, outward, (Part.SKIN,), missed)


def _only_hits(probe: Probe) -> Probe:
    kept = probe.hit
    return Probe(probe.vertices[kept], probe.weights[kept], probe.hit[kept], probe.missed_mm[kept])


def _ear_vertices(
    model: MorphableModel, marks: Float64[np.ndarray, "68 3"], scale: float, side: int
) -> Int32[np.ndarray, " e"]:
    """What sticks out behind the face's edge at the height of eyes and nose."""
    beside = marks[16 * side]
    skin = np.unique(model.triangles[model.parts == Part.SKIN])
    x, y, z = (model.mean_mm[skin, k] for k in range(3))
    out = np.abs(x) > 1.12 * abs(beside[0])
    there = (z < beside[2] - 4 * scale) & (z > beside[2] - 55 * scale)
    tall = (y > beside[1] - 60 * scale) & (y < beside[1] + 28 * scale)
    ear: Int32[np.ndarray, " e"] = skin[out & there & tall & (x * beside[0] > 0)]
    return ear
