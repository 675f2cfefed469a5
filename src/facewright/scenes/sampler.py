"""Draws people and their scenes from keyed random streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import UInt32

from facewright.distributions import Distribution, TruncatedNormal, require_within
from facewright.models.embedded import EmbeddedHead
from facewright.models.morphable import MorphableModel
from facewright.people.builder import build_person
from facewright.people.config import PeopleConfig
from facewright.people.person import Person
from facewright.people.plain import build_plain_person
from facewright.scenes import camera, expressions, illumination, worn
from facewright.scenes.camera import CameraConfig, draw_cameras
from facewright.scenes.expressions import ExpressionConfig, draw_expressions
from facewright.scenes.illumination import LightConfig, draw_light
from facewright.scenes.scene import Scenes
from facewright.scenes.worn import WornConfig, draw_worn
from facewright.streams import Factor, Streams

__all__ = ["Sampler", "SamplerConfig"]


# Beyond these turns alignment has no meaning.
_LIMITS = {"yaw_deg": (-110.0, 110.0), "pitch_deg": (-80.0, 80.0), "roll_deg": (-180.0, 180.0)}


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
    background: Literal["procedural", "plain"] = "procedural"
    """What stands behind the head: soft shapes and textures, or plain grey."""

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            require_within(name, getattr(self, name), low, high)


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

    def scenes(self, index: int, first: int, count: int) -> Scenes:
        """Scenes `first` .. `first + count - 1` of a person, the same however many are asked for."""
        config, streams = self.config, Streams(self.seed, index)
        pose = streams.uniform(Factor.POSE, first, count, 3)
        light = draw_light(config.light, streams.uniform(Factor.LIGHT, first, count, illumination.DRAWS))
        cameras = draw_cameras(
            config.camera,
            streams.uniform(Factor.CAMERA, first, count, camera.DRAWS),
            streams.uniform(Factor.ALIGNMENT, first, count, camera.JITTER_DRAWS),
        )
        return Scenes(
            samples=np.arange(first, first + count, dtype=np.uint32),
            expression=draw_expressions(
                config.expression,
                self.model.expression_names,
                streams.uniform(
                    Factor.EXPRESSION, first, count, expressions.DRAWS + self.model.gaussian_expressions
                ),
                self.model.gaussian_expressions,
            ),
            yaw_deg=_float32(config.yaw_deg.quantile(pose[:, 0])),
            pitch_deg=_float32(config.pitch_deg.quantile(pose[:, 1])),
            roll_deg=_float32(config.roll_deg.quantile(pose[:, 2])),
            distance_mm=cameras.distance_mm,
            position_mm=cameras.position_mm,
            focal=cameras.focal,
            orthographic=np.full(count, config.camera.projection == "orthographic"),
            scale=cameras.scale,
            shift=cameras.shift,
            light=light.ambient,
            key_direction=light.key_direction,
            key_irradiance=light.key_irradiance,
            worn=self._worn(streams, first, count),
            jitter_px=cameras.jitter_px,
            jitter_scale=cameras.jitter_scale,
            jitter_deg=cameras.jitter_deg,
            background=_background(config, streams, first, count),
        )

    def _worn(self, streams: Streams, first: int, count: int) -> UInt32[np.ndarray, "count 4"]:
        """Things worn are made for the embedded head alone."""
        if isinstance(self.head, MorphableModel):
            return np.zeros((count, 4), dtype=np.uint32)
        return draw_worn(self.config.worn, streams.uniform(Factor.WORN, first, count, worn.DRAWS))


def _background(
    config: SamplerConfig, streams: Streams, first: int, count: int
) -> UInt32[np.ndarray, "count 4"]:
    if config.background == "plain":
        return np.zeros((count, 4), dtype=np.uint32)
    return streams.words(Factor.BACKGROUND, first, count, 4)


def _float32(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32)
