"""One person's pictures and the parameters that they were drawn with."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Int64, Shaped, UInt8

from facewright.dataset.config import DatasetConfig
from facewright.formats.tables import Columns
from facewright.geometry import named_crop
from facewright.models.embedded import load_head
from facewright.models.library import open_model, parse_model
from facewright.people.mixup import draw_mixes
from facewright.people.person import Person
from facewright.render.annotations import BUFFERS, Annotations
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


_ANNOTATED_PX = 1_000_000
"""Pixels of which all annotations are in memory at once."""


@dataclass(frozen=True)
class DrawnPerson:
    """All n images of one person, sRGB, one row of parameters for each of them, and annotations of their pixels."""

    images: UInt8[np.ndarray, "n H W 3"]
    parameters: Columns
    annotations: Columns = field(default_factory=dict)

    def annotations_of(self, row: int) -> dict[str, Shaped[np.ndarray, "H W *c"]]:
        """Those of one image."""
        return {name: values[row] for name, values in self.annotations.items()}

    def take(self, rows: Int64[np.ndarray, " m"]) -> DrawnPerson:
        """These images, in this order."""
        parameters, annotations = (
            {name: values[rows] for name, values in columns.items()}
            for columns in (self.parameters, self.annotations)
        )
        return DrawnPerson(self.images[rows], parameters, annotations)


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
    drawn = _joined(parts).take(back)
    return replace(drawn, parameters={**labels, **drawn.parameters})


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
    if config.annotations:
        step = max(1, _ANNOTATED_PX // named_crop(config.crop, config.size_px).size_px ** 2)
        parts = np.split(np.arange(len(scenes)), range(step, len(scenes), step))
        return _joined([_annotated(config, person, scenes.take(rows)) for rows in parts])
    renderings = _render(config, person, scenes)
    return DrawnPerson(renderings.images, _parameters(person, scenes, renderings))


def _annotated(config: DatasetConfig, person: Person, scenes: Scenes) -> DrawnPerson:
    renderings = _render(config, person, scenes, annotate=True)
    known = renderings.annotations
    assert known is not None  # as they were asked for
    # Triangles of hair and things worn are numbered among those of a call; in a data set they are all one number.
    known = replace(known, triangle=np.minimum(known.triangle, len(person.model.triangles)))
    buffers: Columns = {str(name): getattr(known, name) for name in config.annotations if name in BUFFERS}
    parameters = {**_parameters(person, scenes, renderings), **_ground_truth(known)}
    return DrawnPerson(renderings.images, parameters, buffers)


def _ground_truth(known: Annotations) -> Columns:
    """Landmarks and camera as columns; the 68 landmarks' places in the image are one already."""
    columns: dict[str, np.ndarray] = {}
    for kind, points in known.landmarks.items():
        name = "landmarks" if kind == "68" else f"landmarks{kind}"
        columns |= {f"{name}_mm": points.mm, f"{name}_visible": points.visible}
        if kind != "68":
            columns[f"{name}_px"] = points.px
    return columns | {"T_camera_head": known.T_camera_head, "K_image_camera": known.K_image_camera}


def _joined(parts: Sequence[DrawnPerson]) -> DrawnPerson:
    """One after the other."""
    parameters, annotations = (
        {
            name: np.concatenate([getattr(part, kind)[name] for part in parts])
            for name in getattr(parts[0], kind)
        }
        for kind in ("parameters", "annotations")
    )
    return DrawnPerson(np.concatenate([part.images for part in parts]), parameters, annotations)


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
    images = take_photos(drawn.images, photos)
    return replace(drawn, images=images, parameters={**drawn.parameters, **columns})


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
