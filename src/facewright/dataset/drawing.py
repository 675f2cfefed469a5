"""One person's pictures and the parameters that they were drawn with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from facewright.dataset.config import DatasetConfig
from facewright.formats.tables import Columns
from facewright.geometry import named_crop
from facewright.models.embedded import load_head
from facewright.models.library import open_model, parse_model
from facewright.people.mixup import draw_mixes
from facewright.people.person import Person
from facewright.render.renderer import Renderings, render
from facewright.scenes.photo import Photos, take_photos
from facewright.scenes.photo_backgrounds import open_photo_backgrounds
from facewright.scenes.sampler import Sampler, SamplerConfig
from facewright.scenes.scene import Scenes
from facewright.streams import Streams

__all__ = [
    "Draw",
    "DrawnPerson",
    "annotate_person",
    "backgrounds_of",
    "draw_person",
    "draw_steps",
    "open_sampler",
]


@dataclass(frozen=True)
class DrawnPerson:
    """All n images of one person, sRGB, and one row of parameters for each of them by column name."""

    images: UInt8[np.ndarray, "n H W 3"]
    parameters: Columns


Draw = Callable[[DatasetConfig, int], DrawnPerson]
"""Draws a person by index. It must be a function of its arguments alone, and importable by name in a new process."""


def draw_person(config: DatasetConfig, index: int) -> DrawnPerson:
    """Build a person once and render all their samples."""
    sampler = open_sampler(config)
    scenes = sampler.scenes(index, config.first_sample, config.samples_of(index))
    if config.mixup.mixup:
        drawn = _draw_mixed(config, sampler, index, scenes)
    else:
        drawn = _drawn(config, sampler.person(index), scenes)
    photos = sampler.photos(index, config.first_sample, len(scenes))
    return drawn if photos is None else _photographed(drawn, photos)


def annotate_person(config: DatasetConfig, index: int) -> Renderings:
    """The images of `draw_person`, as the renderer draws them, with their annotations."""
    sampler = open_sampler(config)
    scenes = sampler.scenes(index, 0, config.samples_of(index))
    return _render(config, sampler.person(index), scenes, annotate=True)


def _draw_mixed(config: DatasetConfig, sampler: Sampler, index: int, scenes: Scenes) -> DrawnPerson:
    """Each blend of the person with another is built once, and drawn in all the scenes that show it."""
    people = range(config.first_person, config.first_person + config.people)
    mixes = draw_mixes(config.mixup, Streams(config.seed, index), people, config.first_sample, len(scenes))
    blends: dict[tuple[int, float], list[int]] = {}
    for row, blend in enumerate(zip(mixes.partner.tolist(), mixes.weight.tolist(), strict=True)):
        blends.setdefault(blend, []).append(row)
    parts = [
        _drawn(config, sampler.mixed_person(index, partner, weight), scenes.take(np.array(rows)))
        for (partner, weight), rows in blends.items()
    ]
    back = np.argsort(np.concatenate([np.array(rows) for rows in blends.values()]))
    labels = {"label_b": mixes.partner - config.first_person, "weight": mixes.weight}
    drawn = {
        name: np.concatenate([part.parameters[name] for part in parts])[back] for name in parts[0].parameters
    }
    return DrawnPerson(np.concatenate([part.images for part in parts])[back], labels | drawn)


def draw_steps(
    config: DatasetConfig, first: int, second: int, steps: int = 11
) -> UInt8[np.ndarray, "n H W 3"]:
    """The way from one person to another in `steps` images of one scene, the first sample of `first`."""
    sampler = open_sampler(config)
    scene = sampler.scenes(first, 0, 1)
    weights = [1 - step / (steps - 1) for step in range(steps)]
    mixed = (sampler.mixed_person(first, second, weight) for weight in weights)
    return np.concatenate([_drawn(config, person, scene).images for person in mixed])


def _render(config: DatasetConfig, person: Person, scenes: Scenes, annotate: bool = False) -> Renderings:
    crop = named_crop(config.crop, config.size_px)
    return render(person, scenes, crop, backgrounds_of(config, scenes), annotate=annotate)


def _drawn(config: DatasetConfig, person: Person, scenes: Scenes) -> DrawnPerson:
    renderings = _render(config, person, scenes)
    return DrawnPerson(renderings.images, _parameters(person, scenes, renderings))


def backgrounds_of(config: DatasetConfig, scenes: Scenes) -> UInt8[np.ndarray, "n H W 3"] | None:
    """What stands behind, from the folder that `config` names; None where backgrounds are procedural."""
    folder, crop = config.sampler.backgrounds, named_crop(config.crop, config.size_px)
    if folder is None:
        return None
    photos, squash = open_photo_backgrounds(folder, crop.size_px), config.sampler.squash_backgrounds
    if config.sampler.numbers_backgrounds:
        return photos.numbered(scenes.background[:, 0], squash)
    return photos.draw(scenes.background, squash)


def open_sampler(config: DatasetConfig) -> Sampler:
    """Draws this data set's people and scenes; the last one is kept."""
    return _sampler(config.sampler, config.seed, config.model)


def _photographed(drawn: DrawnPerson, photos: Photos) -> DrawnPerson:
    columns = {
        f"photo_{name}": value.astype(np.float32)
        for name, value in vars(photos).items()
        if name != "words" and value is not None
    }
    return DrawnPerson(take_photos(drawn.images, photos), {**drawn.parameters, **columns})


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
