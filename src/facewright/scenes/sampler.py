"""Draws people and their scenes from keyed random streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, UInt32

from facewright.distributions import Distribution, Empirical, TruncatedNormal, require_within
from facewright.errors import FacewrightError
from facewright.models.embedded import EmbeddedHead
from facewright.models.morphable import MorphableModel
from facewright.people.builder import build_mixed_person, build_person, build_person_of, embedded_coefficients
from facewright.people.config import PeopleConfig
from facewright.people.person import Person
from facewright.people.plain import (
    build_mixed_plain_person,
    build_plain_person,
    build_plain_person_of,
    plain_coefficients,
)
from facewright.scenes import camera, expressions, illumination, photo, worn
from facewright.scenes.camera import CameraConfig, draw_cameras
from facewright.scenes.expressions import ExpressionConfig, draw_expressions
from facewright.scenes.grid import Axis, Given, quantity, values_on
from facewright.scenes.illumination import LightConfig, draw_light
from facewright.scenes.photo import PhotoConfig, Photos, draw_photos
from facewright.scenes.scene import Scenes
from facewright.scenes.worn import WornConfig, draw_worn
from facewright.streams import Factor, Streams

__all__ = ["Sampler", "SamplerConfig"]


# Beyond these turns alignment has no meaning.
_POSES = {"yaw_deg": (-110.0, 110.0), "pitch_deg": (-90.0, 90.0), "roll_deg": (-180.0, 180.0)}
_LIMITS = _POSES | {name: limits for name, limits in camera.LIMITS.items() if not name.startswith("jitter")}
_GRID = (*_LIMITS, *illumination.GRID, "expression", "background")
"""What the axes of a grid may be called."""
_SHARED = 2**32 - 1
"""The person from whose stream the numbered backgrounds of a grid come, the same for everybody."""
_KINDS = {"places": 0, "textures": 3}
"""The last two bits of a background's words, which choose what it shows."""
_VARIES = {"expression": Factor.EXPRESSION, "pose": Factor.POSE, "light": Factor.LIGHT}


@dataclass(frozen=True)
class SamplerConfig:
    """Distributions of everything that varies between people and between the images of one person."""

    people: PeopleConfig = field(default_factory=PeopleConfig)
    yaw_deg: Distribution = TruncatedNormal(0, 24, -75, 75)
    """Turn to the subject's left. A distribution is typed V, LOW..HIGH, normal:MEAN:STD,
    truncated_normal:MEAN:STD:LOW:HIGH or as docs/controls.md says."""
    pitch_deg: Distribution = TruncatedNormal(0, 9, -30, 30)
    """Nod downwards."""
    roll_deg: Distribution = TruncatedNormal(0, 8, -30, 30)
    """Tilt, clockwise in the image. Alignment undoes it in the picture; the light stays."""
    camera: CameraConfig = field(default_factory=CameraConfig)
    expression: ExpressionConfig = field(default_factory=ExpressionConfig)
    light: LightConfig = field(default_factory=LightConfig)
    worn: WornConfig = field(default_factory=WornConfig)
    photo: PhotoConfig = field(default_factory=PhotoConfig)
    background: Literal["procedural", "places", "textures", "plain"] = "procedural"
    """What stands behind the head: places out of focus, patterned surfaces, three of those to one of these, or grey."""
    backgrounds: str | None = None
    """Folder of images to stand there instead, cropped and not squashed."""
    squash_backgrounds: bool = False
    """Show the whole of each image, however its proportions are changed by that."""
    vary: Literal["all", "none", "expression", "pose", "light"] = "all"
    """What differs between the images of one person; all else is as in the first one."""
    grid: tuple[Axis, ...] = ()
    """Every combination of these values instead of random ones, the last quantity changing fastest, each typed
    NAME=START:STOP:STEP or NAME=V,V,...; a name is that of an option, `expression` (the number of its kind) or
    `background` (any number; with a folder of images that of an image, from 0 in the order of their names)."""

    def __post_init__(self) -> None:
        for name, (low, high) in _POSES.items():
            require_within(name, getattr(self, name), low, high)
        for axis in self.grid:
            if axis.name not in _GRID:
                raise FacewrightError(f"grid: found '{axis.name}', expected one of {', '.join(_GRID)}")
            if axis.name in _LIMITS:
                require_within(f"grid {axis.name}", Empirical(axis.values), *_LIMITS[axis.name])
            if axis.name == "background":
                require_within("grid background", Empirical(axis.values), 0, 2**32 - 1)
        names = [axis.name for axis in self.grid]
        if len(set(names)) < len(names):
            raise FacewrightError(f"grid: found {', '.join(names)}, expected each name once")

    @property
    def numbers_backgrounds(self) -> bool:
        """Whether images stand behind, and a grid says which: `Scenes.background` is then their number and zeros."""
        return self.backgrounds is not None and any(axis.name == "background" for axis in self.grid)


class Sampler:
    """person(index) and scenes(index, first, count) are pure functions of (config, seed, head, arguments)."""

    def __init__(self, config: SamplerConfig, seed: int, head: EmbeddedHead | MorphableModel) -> None:
        self.config = config
        self.seed = seed
        self.head = head
        self.model = head.model if isinstance(head, EmbeddedHead) else head

    def person(self, index: int) -> Person:
        """The person of this index: geometry and albedo."""
        if isinstance(self.head, MorphableModel):
            return build_plain_person(self.config.people, self.head, index, self.seed)
        return build_person(self.config.people, self.head, index, self.seed)

    def mixed_person(self, first: int, second: int, weight: float) -> Person:
        """Two people blended: `weight` of the first, the rest of the second."""
        config = self.config.people
        if isinstance(self.head, MorphableModel):
            return build_mixed_plain_person(config, self.head, first, second, weight, self.seed)
        return build_mixed_person(config, self.head, first, second, weight, self.seed)

    def coefficients(self, index: int) -> tuple[Float64[np.ndarray, " K"], Float64[np.ndarray, " N"]]:
        """The person's identity coefficients, and those of their colours (none where skin is painted)."""
        if isinstance(self.head, MorphableModel):
            return plain_coefficients(self.config.people, self.head, index, self.seed)
        return embedded_coefficients(self.config.people, self.head, index, self.seed), np.zeros(0)

    def person_of(self, index: int, shape: Sequence[float], colour: Sequence[float]) -> Person:
        """The person of this index with other coefficients; those that are not given are 0."""
        if isinstance(self.head, MorphableModel):
            return build_plain_person_of(self.config.people, self.head, index, self.seed, shape, colour)
        return build_person_of(self.config.people, self.head, index, self.seed, shape)

    def scenes(self, index: int, first: int, count: int) -> Scenes:
        """Scenes `first` .. `first + count - 1` of a person, the same however many are asked for."""
        config = self.config
        draws = _Draws(Streams(self.seed, index), config.vary, first, count)
        given = values_on(config.grid, first, count)
        pose = draws.uniform(Factor.POSE, 3)
        light = draw_light(config.light, draws.uniform(Factor.LIGHT, illumination.DRAWS), given)
        cameras = draw_cameras(
            config.camera,
            draws.uniform(Factor.CAMERA, camera.DRAWS),
            draws.uniform(Factor.ALIGNMENT, camera.JITTER_DRAWS),
            given,
        )
        return Scenes(
            samples=np.arange(first, first + count, dtype=np.uint32),
            expression=draw_expressions(
                config.expression,
                self.model.expression_names,
                draws.uniform(Factor.EXPRESSION, expressions.DRAWS + self.model.gaussian_expressions),
                self.model.gaussian_expressions,
                given,
            ),
            yaw_deg=_float32(quantity(config, "yaw_deg", pose[:, 0], given)),
            pitch_deg=_float32(quantity(config, "pitch_deg", pose[:, 1], given)),
            roll_deg=_float32(quantity(config, "roll_deg", pose[:, 2], given)),
            distance_mm=cameras.distance_mm,
            position_mm=cameras.position_mm,
            focal=cameras.focal,
            orthographic=np.full(count, config.camera.projection == "orthographic"),
            scale=cameras.scale,
            shift=cameras.shift,
            light=light.ambient,
            key_direction=light.key_direction,
            key_irradiance=light.key_irradiance,
            worn=self._worn(draws),
            jitter_px=cameras.jitter_px,
            jitter_scale=cameras.jitter_scale,
            jitter_deg=cameras.jitter_deg,
            background=self._backgrounds(draws, given),
        )

    def photos(self, index: int, first: int, count: int) -> Photos | None:
        """How the pictures of these scenes are taken; None where they are left as they were drawn."""
        draws = _Draws(Streams(self.seed, index), self.config.vary, first, count)
        return draw_photos(
            self.config.photo, draws.uniform(Factor.PHOTO, photo.DRAWS), draws.words(Factor.NOISE, 4)
        )

    def _worn(self, draws: _Draws) -> UInt32[np.ndarray, "count 5"]:
        """Things worn are made for the embedded head alone."""
        if isinstance(self.head, MorphableModel):
            return np.zeros((draws.count, len(worn.Slot)), dtype=np.uint32)
        habits = draws.streams.uniform(Factor.HABITS, 0, 1, len(worn.Slot))[0]
        return draw_worn(self.config.worn, habits, draws.uniform(Factor.WORN, worn.DRAWS))

    def _backgrounds(self, draws: _Draws, given: Given) -> UInt32[np.ndarray, "count 4"]:
        if self.config.background == "plain":
            return np.zeros((draws.count, 4), dtype=np.uint32)
        if self.config.numbers_backgrounds:
            numbers = np.zeros((draws.count, 4), dtype=np.uint32)
            numbers[:, 0] = given["background"]
            return numbers
        words = draws.words(Factor.BACKGROUND, 4)
        if "background" in given:
            shared = Streams(self.seed, _SHARED)
            numbered = [shared.words(Factor.BACKGROUND, int(i), 1, 4) for i in given["background"]]
            words = np.concatenate(numbered)
        if self.config.background != "procedural":
            words[:, 3] = words[:, 3] & ~np.uint32(3) | np.uint32(_KINDS[self.config.background])
        return words


@dataclass(frozen=True)
class _Draws:
    """A person's random numbers for samples `first` .. `first + count - 1`; where a factor is held, sample 0's."""

    streams: Streams
    vary: str
    first: int
    count: int

    def _rows(self, factor: Factor) -> tuple[int, int, int]:
        held = self.vary != "all" and _VARIES.get(self.vary) is not factor
        return (0, 1, self.count) if held else (self.first, self.count, 1)

    def uniform(self, factor: Factor, draws: int) -> Float64[np.ndarray, "count draws"]:
        first, rows, repeats = self._rows(factor)
        return np.repeat(self.streams.uniform(factor, first, rows, draws), repeats, axis=0)

    def words(self, factor: Factor, draws: int) -> UInt32[np.ndarray, "count draws"]:
        first, rows, repeats = self._rows(factor)
        return np.repeat(self.streams.words(factor, first, rows, draws), repeats, axis=0)


def _float32(values: Float64[np.ndarray, " n"]) -> Float32[np.ndarray, " n"]:
    return np.ascontiguousarray(values, dtype=np.float32)
