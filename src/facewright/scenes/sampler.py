"""Draws people and their scenes from keyed random streams."""

from __future__ import annotations

from dataclasses import dataclass

from facewright.models.morphable import MorphableModel
from facewright.people.person import Person
from facewright.scenes.scene import Scenes

__all__ = ["Sampler", "SamplerConfig"]


@dataclass(frozen=True)
class SamplerConfig:
    """Distributions of everything that varies."""


class Sampler:
    """person(index) and scenes(index, first, count) are pure functions of (config, seed, model, arguments)."""

    def __init__(self, config: SamplerConfig, seed: int, model: MorphableModel) -> None:
        self.config = config
        self.seed = seed
        self.model = model

    def person(self, index: int) -> Person:
        raise NotImplementedError

    def scenes(self, index: int, first: int, count: int) -> Scenes:
        raise NotImplementedError
