"""One person's pictures and the parameters that they were drawn with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from facewright.dataset.config import DatasetConfig
from facewright.dataset.parameters import Columns
from facewright.geometry import named_crop
from facewright.models.embedded import load_head
from facewright.models.library import open_model, parse_model
from facewright.people.person import Person
from facewright.render.renderer import Renderings, render
from facewright.scenes.sampler import Sampler, SamplerConfig
from facewright.scenes.scene import Scenes

__all__ = ["Draw", "DrawnPerson", "draw_person"]


@dataclass(frozen=True)
class DrawnPerson:
    """All n images of one person, sRGB, and one row of parameters for each of them by column name."""

    images: UInt8[np.ndarray, "n H W 3"]
    parameters: Columns


Draw = Callable[[DatasetConfig, int], DrawnPerson]
"""Draws a person by index. It must be a function of its arguments alone, and importable by name in a new process."""


def draw_person(config: DatasetConfig, index: int) -> DrawnPerson:
    """Build a person once and render all their samples."""
    sampler = _sampler(config.sampler, config.seed, config.model)
    person = sampler.person(index)
    scenes = sampler.scenes(index, 0, config.samples)
    renderings = render(person, scenes, named_crop(config.crop, config.size_px))
    return DrawnPerson(renderings.images, _parameters(person, scenes, renderings))


@functools.lru_cache(maxsize=1)
def _sampler(config: SamplerConfig, seed: int, model: str | None) -> Sampler:
    return Sampler(config, seed, load_head() if model is None else open_model(parse_model(model)))


def _parameters(person: Person, scenes: Scenes, renderings: Renderings) -> Columns:
    count = len(scenes)
    return {
        "yaw_deg": scenes.yaw_deg,
        "pitch_deg": scenes.pitch_deg,
        "roll_deg": scenes.roll_deg,
        "distance_mm": scenes.distance_mm,
        "position_mm": scenes.position_mm,
        "focal": scenes.focal,
        "orthographic": scenes.orthographic,
        "scale": scenes.scale,
        "shift": scenes.shift,
        **({"expression": scenes.expression} if scenes.expression.shape[1] else {}),
        "light": scenes.light,
        "key_direction": scenes.key_direction,
        "key_irradiance": scenes.key_irradiance,
        "worn": scenes.worn,
        "jitter_px": scenes.jitter_px,
        "jitter_scale": scenes.jitter_scale,
        "jitter_deg": scenes.jitter_deg,
        "background": scenes.background,
        "landmarks_px": renderings.landmarks_px,
        **{f"trait_{name}": np.full(count, value) for name, value in sorted(person.traits.items())},
    }
