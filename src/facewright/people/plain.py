"""People of a model that a user brings: its own shapes, and its own colours or painted ones; no hair."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, UInt8

from facewright import _native
from facewright.models.morphable import Albedo, MorphableModel, Part
from facewright.people.builder import person_streams
from facewright.people.config import PeopleConfig
from facewright.people.palette import hair_colour, iris_colour, lip_colour, skin_colour
from facewright.people.person import Person
from facewright.streams import Factor

__all__ = ["build_mixed_plain_person", "build_plain_person", "build_plain_person_of", "plain_coefficients"]

_Colour = Float64[np.ndarray, " 3"]
_TONES = 8
# sRGB 0 .. 255 of what is not skin.
_SCLERA = np.array([206.0, 196.0, 190.0])
_PUPIL = np.array([10.0, 8.0, 8.0])
_INSIDE = {
    Part.UPPER_TEETH: np.array([214.0, 204.0, 186.0]),
    Part.LOWER_TEETH: np.array([214.0, 204.0, 186.0]),
    Part.TONGUE: np.array([140.0, 72.0, 70.0]),
    Part.MOUTH_INTERIOR: np.array([110.0, 50.0, 48.0]),
}
# Shares of the eyeball's radius.
_IRIS_RADIUS, _PUPIL_RADIUS = 0.48, 0.17


def build_plain_person(config: PeopleConfig, model: MorphableModel, index: int, seed: int) -> Person:
    """Draw the person `index` of `seed`: geometry from N(0, shape_sigma^2), colours from the model's albedo.

    Models without albedo get a skin tone, lips, brows and eyes painted on their vertices.
    """
    return _build(model, _draw(config, model, index, seed), index, seed)


def build_mixed_plain_person(
    config: PeopleConfig, model: MorphableModel, first: int, second: int, weight: float, seed: int
) -> Person:
    """Two people blended in coefficients: `weight` of `first`, the rest of `second`."""
    a, b = _draw(config, model, first, seed), _draw(config, model, second, seed)
    mixed = (
        a
        if weight == 1
        else b
        if weight == 0
        else _Drawn(*(weight * x + (1 - weight) * y for x, y in zip(a, b, strict=True)))
    )
    return _build(model, mixed, first if weight >= 0.5 else second, seed)


def build_plain_person_of(
    config: PeopleConfig,
    model: MorphableModel,
    index: int,
    seed: int,
    shape: Sequence[float],
    colour: Sequence[float],
) -> Person:
    """The person `index` of `seed` with other coefficients; those that are not given are 0."""
    usual = _draw(config, model, index, seed)
    drawn = _Drawn(
        _padded(shape, len(usual.shape)), _padded(colour, len(usual.albedo)) if colour else usual.albedo
    )
    return _build(model, drawn, index, seed)


def _padded(values: Sequence[float], count: int) -> Float64[np.ndarray, " count"]:
    out = np.zeros(count)
    out[: len(values)] = values[:count]
    return out


def plain_coefficients(
    config: PeopleConfig, model: MorphableModel, index: int, seed: int
) -> tuple[Float64[np.ndarray, " K"], Float64[np.ndarray, " N"]]:
    """Identity and colour coefficients; no colours where skin is painted."""
    drawn = _draw(config, model, index, seed)
    return drawn.shape, drawn.albedo if model.albedo is not None else np.zeros(0)


class _Drawn(NamedTuple):
    """Coefficients of somebody's geometry and of their albedo, or the tones that their skin is painted with."""

    shape: Float64[np.ndarray, " K"]
    albedo: Float64[np.ndarray, " N"]


def _draw(config: PeopleConfig, model: MorphableModel, index: int, seed: int) -> _Drawn:
    streams = person_streams(config, index, seed)
    shape = config.drawn_shape(streams.uniform(Factor.SHAPE, 0, 1, len(model.identity_basis_mm))[0])
    if model.albedo is None:
        albedo = streams.uniform(Factor.ALBEDO, 0, 1, _TONES)[0]
    else:
        albedo = config.drawn_colour(streams.uniform(Factor.ALBEDO, 0, 1, len(model.albedo.basis))[0])
    return _Drawn(shape, albedo)


def _build(model: MorphableModel, drawn: _Drawn, index: int, seed: int) -> Person:
    neutral = _native.combine(model.mean_mm, model.identity_basis_mm, drawn.shape.astype(np.float32))
    texture: UInt8[np.ndarray, "S S 3"] = _UNUSED
    colours: UInt8[np.ndarray, "V 3"] | None = None
    traits: dict[str, float] = {}
    if model.albedo is None:
        colours, traits = _painted(model, drawn.albedo)
    elif model.albedo.texture_px is None:
        colours = _coloured(model.albedo, drawn.albedo)
    else:
        size = model.albedo.texture_px
        texture = _coloured(model.albedo, drawn.albedo).reshape(size, size, 3)
    return Person(
        index=index,
        seed=seed,
        model=model,
        neutral_mm=neutral,
        texture=texture,
        hair=(),
        traits=traits,
        vertex_colours=colours,
    )


_UNUSED: UInt8[np.ndarray, "1 1 3"] = np.zeros((1, 1, 3), np.uint8)


def _coloured(albedo: Albedo, weights: Float64[np.ndarray, " K"]) -> UInt8[np.ndarray, "N 3"]:
    """Colours of one person from the model's own statistics."""
    mixed = _native.combine(albedo.mean, albedo.basis, weights.astype(np.float32)).clip(0, 1)
    if albedo.linear:
        codes: UInt8[np.ndarray, "N 3"] = _native.linear_to_srgb(mixed.ravel()).reshape(-1, 3)
    else:
        codes = (mixed * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return codes


@dataclass(frozen=True, eq=False)
class _Canvas:
    """How much of each paint a vertex takes, 0 .. 1, and a pattern -1 .. 1 that breaks the skin up."""

    lips: Float64[np.ndarray, " V"]
    brows: Float64[np.ndarray, " V"]
    iris: Float64[np.ndarray, " V"]
    pupil: Float64[np.ndarray, " V"]
    blotches: Float64[np.ndarray, " V"]
    part: UInt8[np.ndarray, " V"]


def _painted(
    model: MorphableModel, p: Float64[np.ndarray, " tones"]
) -> tuple[UInt8[np.ndarray, "V 3"], dict[str, float]]:
    canvas = _canvas(model)
    melanin, redness, yellowness = float(p[0]), float(2 * p[1] - 1), float(2 * p[2] - 1)
    fair = 1 - melanin
    iris, hair = float(p[3] * 1.6 * fair), float(p[4] * fair)
    skin = skin_colour(melanin, redness, yellowness)
    colours = skin * (1 + 0.03 * canvas.blotches[:, None] * np.array([0.6, 1.0, 1.0]))
    colours = _over(colours, canvas.lips * (0.5 + 0.4 * p[5]), lip_colour(skin, melanin, float(2 * p[6] - 1)))
    colours = _over(colours, canvas.brows * (0.5 + 0.4 * p[7]), hair_colour(hair, 0.0, 0.0) * 0.8)
    for part, colour in _INSIDE.items():
        colours[canvas.part == part] = colour
    colours[(canvas.part == Part.LEFT_EYE) | (canvas.part == Part.RIGHT_EYE)] = _SCLERA
    colours = _over(colours, canvas.iris, iris_colour(min(iris, 1.0)))
    colours = _over(colours, canvas.pupil, _PUPIL)
    traits = {
        "melanin": melanin,
        "redness": redness,
        "yellowness": yellowness,
        "iris_lightness": min(iris, 1.0),
    }
    return (colours.clip(0, 255) + 0.5).astype(np.uint8), traits


def _over(
    colours: Float64[np.ndarray, "V 3"], cover: Float64[np.ndarray, " V"], colour: _Colour
) -> Float64[np.ndarray, "V 3"]:
    covered: Float64[np.ndarray, "V 3"] = colours + (colour - colours) * cover[:, None]
    return covered


@functools.lru_cache(maxsize=2)
def _canvas(model: MorphableModel) -> _Canvas:
    mean = model.mean_mm.astype(np.float64)
    points = mean[model.landmarks]
    part = np.zeros(len(mean), np.uint8)
    part[model.triangles.ravel()] = np.repeat(model.parts, 3)
    skin = part == Part.SKIN
    brows = np.minimum(_distance(mean, points[17:22]), _distance(mean, points[22:27]))
    in_front = mean[:, 2] > points[[48, 54], 2].min() - 6
    iris, pupil = np.zeros(len(mean)), np.zeros(len(mean))
    for eye in (Part.LEFT_EYE, Part.RIGHT_EYE):
        if (part == eye).any():
            _paint_eye(mean, part == eye, iris, pupil)
    coarse = _native.noise_at(model.mean_mm * np.float32(0.06), 1)
    fine = _native.noise_at(model.mean_mm * np.float32(0.3), 2)
    return _Canvas(
        lips=np.where(skin & in_front, _inside(mean, points[48:60]), 0.0),
        brows=np.where(skin, ((5.0 - brows) / 2.5).clip(0, 1), 0.0),
        iris=iris,
        pupil=pupil,
        blotches=(coarse.astype(np.float64) + 0.5 * fine) / 1.5,
        part=part,
    )


def _paint_eye(
    mean: Float64[np.ndarray, "V 3"],
    eye: np.ndarray,
    iris: Float64[np.ndarray, " V"],
    pupil: Float64[np.ndarray, " V"],
) -> None:
    """Rings about the frontmost point of an eyeball that looks along +z."""
    ball = mean[eye]
    low, high = ball.min(axis=0), ball.max(axis=0)
    centre, radius = (low + high) / 2, float(high[0] - low[0]) / 2
    offset = (ball - centre) / radius
    away = np.sqrt(offset[:, 0] * offset[:, 0] + offset[:, 1] * offset[:, 1])
    front = offset[:, 2] > 0
    iris[eye] = np.where(front, ((_IRIS_RADIUS - away) / 0.06 + 0.5).clip(0, 1), 0.0)
    pupil[eye] = np.where(front, ((_PUPIL_RADIUS - away) / 0.06 + 0.5).clip(0, 1), 0.0)


def _distance(
    points: Float64[np.ndarray, "V 3"], line: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, " V"]:
    """From each point to the nearest place on a chain of straight pieces, mm."""
    nearest = np.full(len(points), np.inf)
    for a, b in itertools.pairwise(line):
        nearest = np.minimum(nearest, _to_piece(points, a, b))
    distance: Float64[np.ndarray, " V"] = np.sqrt(nearest)
    return distance


def _to_piece(
    points: Float64[np.ndarray, "V d"], a: Float64[np.ndarray, " d"], b: Float64[np.ndarray, " d"]
) -> Float64[np.ndarray, " V"]:
    """Squared distance from each point to the straight piece from a to b."""
    u, away = b - a, points - a
    length = sum((u * u).tolist())
    along = sum(away[:, i] * u[i] for i in range(len(u))) / max(length, 1e-12)
    rest = away - np.clip(along, 0, 1)[:, None] * u
    total: Float64[np.ndarray, " V"] = sum(rest[:, i] * rest[:, i] for i in range(len(u)))
    return total


def _inside(
    points: Float64[np.ndarray, "V 3"], outline: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, " V"]:
    """1 inside a closed outline as seen from the front, falling to 0 over a millimetre and a half at its edge."""
    flat, corners = points[:, :2], outline[:, :2]
    inside = np.zeros(len(points), bool)
    nearest = np.full(len(points), np.inf)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        nearest = np.minimum(nearest, _to_piece(flat, a, b))
        crosses = (a[1] > flat[:, 1]) != (b[1] > flat[:, 1])
        rise = b[1] - a[1] if b[1] != a[1] else 1.0
        inside ^= crosses & (flat[:, 0] < a[0] + (b[0] - a[0]) * (flat[:, 1] - a[1]) / rise)
    signed = np.where(inside, 1.0, -1.0) * np.sqrt(nearest)
    cover: Float64[np.ndarray, " V"] = (signed / 1.5 + 0.5).clip(0, 1)
    return cover
