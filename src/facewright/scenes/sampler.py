"""Draws people and their scenes from keyed random streams."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from facewright.models.embedded import EmbeddedHead
from facewright.people.builder import PeopleConfig, build_person
from facewright.people.person import Person
from facewright.scenes import expressions, illumination
from facewright.scenes.distributions import Distribution, Normal, TruncatedNormal, Uniform
from facewright.scenes.expressions import ExpressionConfig, draw_expressions
from facewright.scenes.illumination import LightConfig, draw_light
from facewright.scenes.scene import Scenes
from facewright.streams import Factor, Streams

__all__ = ["Sampler", "SamplerConfig"]


@dataclass(frozen=True)
class SamplerConfig:
    """Distributions of everything that varies between people and between the images of one person."""

    people: PeopleConfig = field(default_factory=PeopleConfig)
    yaw_deg: Distribution = TruncatedNormal(0, 24, -75, 75)
    pitch_deg: Distribution = TruncatedNormal(0, 9, -30, 30)
    roll_deg: Distribution = TruncatedNormal(0, 8, -30, 30)
    distance_mm: Distribution = Uniform(500, 2000)
    jitter_px: Distribution = Normal(0, 0.8)
    jitter_scale: Distribution = TruncatedNormal(1, 0.02, 0.9, 1.1)
    jitter_deg: Distribution = Normal(0, 1.2)
    expression: ExpressionConfig = field(default_factory=ExpressionConfig)
    light: LightConfig = field(default_factory=LightConfig)


class Sampler:
    """person(index) and scenes(index, first, count) are pure functions of (config, seed, head, arguments)."""

    def __init__(self, config: SamplerConfig, seed: int, head: EmbeddedHead) -> None:
        self.config = config
        self.seed = seed
        self.head = head

    def person(self, index: int) -> Person:
        """The person of this index: geometry and albedo."""
        return build_person(self.config.people, self.head, index, Streams(self.seed, index))

    def scenes(self, index: int, first: int, count: int) -> Scenes:
        """Scenes `first` .. `first + count - 1` of a person, the same however many are asked for."""
        config, streams = self.config, Streams(self.seed, index)
        pose = streams.uniform(Factor.POSE, first, count, 3)
        jitter = streams.uniform(Factor.ALIGNMENT, first, count, 4)
        return Scenes(
            samples=np.arange(first, first + count, dtype=np.uint32),
            expression=draw_expressions(
                config.expression,
                self.head.model.expression_names,
                streams.uniform(Factor.EXPRESSION, first, count, expressions.DRAWS),
            ),
            yaw_deg=_float32(config.yaw_deg.quantile(pose[:, 0])),
            pitch_deg=_float32(config.pitch_deg.quantile(pose[:, 1])),
            roll_deg=_float32(config.roll_deg.quantile(pose[:, 2])),
            distance_mm=_float32(
                config.distance_mm.quantile(streams.uniform(Factor.CAMERA, first, count, 1)[:, 0])
            ),
            light=draw_light(config.light, streams.uniform(Factor.LIGHT, first, count, illumination.DRAWS)),
            jitter_px=_float32(config.jitter_px.quantile(jitter[:, :2])),
            jitter_scale=_float32(config.jitter_scale.quantile(jitter[:, 2])),
            jitter_deg=_float32(config.jitter_deg.quantile(jitter[:, 3])),
            background=streams.words(Factor.BACKGROUND, first, count, 4),
        )


def _float32(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32)
