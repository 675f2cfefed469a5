"""One image of a job with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import UInt8

from facewright import __version__
from facewright.dataset.config_io import to_fields
from facewright.dataset.drawing import backgrounds_of
from facewright.dataset.sheet import encode_png
from facewright.geometry import named_crop
from facewright.people.person import Person
from facewright.pfig.config import PfigJob
from facewright.pfig.modalities import colour_transformed
from facewright.pfig.parameters import Parameters, seen_by
from facewright.render.annotations import Annotations
from facewright.render.renderer import render
from facewright.render.shading import LAMBERTIAN, ShadingConfig
from facewright.scenes.sampler import Sampler
from facewright.scenes.scene import Scenes

__all__ = ["EMBEDDED", "Picture", "draw_pictures", "provenance"]

EMBEDDED = "facewright:embedded"
"""What files call the embedded head."""


@dataclass(frozen=True)
class Picture:
    """Row `row` of scenes and annotations of a person; of the drawn square `image`, `window_px` is kept."""

    person: Person
    scenes: Scenes
    annotations: Annotations
    row: int
    image: UInt8[np.ndarray, "size size 3"]
    window_px: tuple[int, int, int, int]
    parameters: Parameters

    def png(self, image: UInt8[np.ndarray, "size size 3"]) -> bytes:
        """The part of a drawn square that is kept, as a PNG."""
        x, y, width, height = self.window_px
        return encode_png(np.ascontiguousarray(image[y : y + height, x : x + width]))


def draw_pictures(
    job: PfigJob, sampler: Sampler, person: Person, first: int, count: int
) -> Iterator[Picture]:
    """Samples `first` .. `first + count - 1` of a person."""
    config = job.dataset
    scenes, crop = sampler.scenes(person.index, first, count), named_crop(config.crop, config.size_px)
    shading = LAMBERTIAN if job.exact else ShadingConfig()
    drawn = render(person, scenes, crop, backgrounds_of(config, scenes), shading, annotate=True)
    annotations = drawn.annotations
    assert annotations is not None  # as they were asked for
    window = (
        (crop.size_px - job.width_px) // 2,
        (crop.size_px - job.height_px) // 2,
        job.width_px,
        job.height_px,
    )
    shape, colour = sampler.coefficients(person.index)
    for row, image in enumerate(drawn.images):
        pose, lens = seen_by(person.model, scenes, annotations, row, job.focal_mm, window)
        parameters = Parameters(
            pose=pose,
            lens=lens,
            shape=tuple(shape.tolist()),
            colour=tuple(colour.tolist()),
            expression=tuple(scenes.expression[row].astype(float).tolist()),
            model=config.model or EMBEDDED,
            light=scenes.light[row].astype(np.float64),
            width_px=job.width_px,
            height_px=job.height_px,
            colours=job.colours,
        )
        transformed = colour_transformed(image, annotations, row, job.colours)
        yield Picture(person, scenes, annotations, row, transformed, window, parameters)


def provenance(job: PfigJob, picture: Picture) -> dict[str, Any]:
    """From what the very same image is drawn again."""
    return {
        "version": __version__,
        "person": picture.person.index,
        "sample": int(picture.scenes.samples[picture.row]),
        "exact": job.exact,
        "config": to_fields(job.dataset),
    }
