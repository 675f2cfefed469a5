"""What a data set is made of, as plain data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from facewright.errors import FacewrightError
from facewright.geometry import named_crop
from facewright.models.library import parse_model
from facewright.people.config import PeopleConfig
from facewright.people.mixup import MixupConfig
from facewright.render.annotations import Buffer
from facewright.scenes.grid import require_whole_grids
from facewright.scenes.sampler import SamplerConfig

__all__ = ["Annotation", "DatasetConfig", "Depth", "parse_annotations", "parse_plan", "with_plan"]

_PEOPLE_LIMIT = 10**8  # keys have eight digits for the person
_SAMPLES_LIMIT = 10**6


@dataclass(frozen=True)
class Depth:
    """So many people with so many images each."""

    people: int
    samples: int

    def __post_init__(self) -> None:
        _require_range("people of a depth", self.people, 1, _PEOPLE_LIMIT)


def parse_plan(text: str) -> tuple[Depth, ...]:
    """Read `4000x50+60000x5`: 4,000 people with 50 images each, then 60,000 with 5."""
    matches = [re.fullmatch(r"(\d{1,9})x(\d{1,9})", part.strip()) for part in text.split("+")]
    if not all(matches):
        raise FacewrightError(
            f"plan: found '{text}', expected PEOPLExSAMPLES or PEOPLExSAMPLES+PEOPLExSAMPLES"
        )
    return tuple(Depth(int(match[1]), int(match[2])) for match in matches if match)


def with_plan(config: DatasetConfig, plan: Sequence[Depth]) -> DatasetConfig:
    """The same settings for other numbers of people and images."""
    *deeper, last = plan
    people = sum(depth.people for depth in plan)
    return replace(config, people=people, samples=last.samples, deeper=tuple(deeper))


Annotation = Literal[Buffer, "landmarks"]
"""What may be stored beside images: the renderer's buffers, and `landmarks`, columns of the tables alone."""


def parse_annotations(text: str) -> tuple[Annotation, ...]:
    """Read `depth,normals,segmentation`."""
    names: tuple[Annotation, ...] = get_args(Annotation)
    for name in text.split(","):
        if name not in names:
            raise FacewrightError(f"annotations: found '{name}', expected some of {','.join(names)}")
    return tuple(name for name in names if name in text.split(","))


@dataclass(frozen=True)
class DatasetConfig:
    """Everything that decides the bytes of a data set, with the software version and the head."""

    people: int = 500
    """How many people."""
    samples: int = 30
    """Images of each."""
    seed: int = 1
    """The same seed gives the same bytes, with any number of workers."""
    first_person: int = 0
    """Index of the first person: other indices are other people of the same seed, so a held-out set starts where the
    training set ends."""
    first_sample: int = 0
    """Number of each person's first image: other numbers are other images of the same people."""
    crop: str = "arcface112"
    """How the head is placed: arcface112, facenet96 (alignment templates), frame224 (a photo about the first), facebox,
    landmark (eyes and nose tip at the centre) or pinhole (as the camera sees it)."""
    size_px: int | None = None
    """Side of the images; by default the crop's own."""
    jpeg_quality: int = 95
    """Of the stored images, 1 .. 100."""
    annotations: tuple[Annotation, ...] = ()
    """What is stored of every pixel beside the images, typed depth,normals,segmentation: depth, normals, albedo,
    irradiance, segmentation, uv, reference, triangle, barycentric. With any of these, or with `landmarks` alone, the
    tables also have landmarks in 2D and 3D with visibility, the head's pose and intrinsics."""
    deeper: tuple[Depth, ...] = ()
    """Of those people the first ones who have another number of images, typed PEOPLExSAMPLES; with fewer people, the
    first of these."""
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    mixup: MixupConfig = field(default_factory=MixupConfig)
    model: str | None = None
    """Head model of your own instead of the embedded head: bfm2017:FILE.h5, bfm2019:FILE.h5, bfm2009:FILE.mat,
    flame:FILE.pkl[,ALBEDO.npz] or ict:FOLDER (docs/models.md)."""

    def __post_init__(self) -> None:
        _require_range("people", self.people, 1, _PEOPLE_LIMIT)
        _require_range("samples", self.samples, 1, _SAMPLES_LIMIT)
        for depth in self.deeper:
            _require_range("deeper samples", depth.samples, 1, _SAMPLES_LIMIT)
        _require_range("seed", self.seed, 0, 2**32 - 1)
        _require_range("first_person", self.first_person, 0, _PEOPLE_LIMIT - self.people)
        most = max(samples for _, samples in self.groups)
        _require_range("first_sample", self.first_sample, 0, _SAMPLES_LIMIT - most)
        _require_range("jpeg_quality", self.jpeg_quality, 1, 100)
        if self.annotations:
            parse_annotations(",".join(self.annotations))
        if self.model is not None:
            parse_model(self.model)
            _require_no_attributes(self.sampler.people)
        named_crop(self.crop, self.size_px)
        for _, samples in self.groups:
            require_whole_grids(self.sampler.grid, samples)
        if self.mixup.mixup and self.people < 2:
            raise FacewrightError("people: found 1, expected at least 2 for mixup")

    @property
    def groups(self) -> list[tuple[range, int]]:
        """Consecutive people with the same number of images, and that number."""
        groups, start, end = [], self.first_person, self.first_person + self.people
        for depth in (*self.deeper, Depth(self.people, self.samples)):
            people = range(start, min(start + depth.people, end))
            start = people.stop
            if people:
                groups.append((people, depth.samples))
        return groups

    @property
    def images(self) -> int:
        """Of all people together."""
        return sum(len(people) * samples for people, samples in self.groups)

    def samples_of(self, person: int) -> int:
        """Images of the person of this index."""
        return next((samples for people, samples in self.groups if person in people), self.samples)


def _require_no_attributes(people: PeopleConfig) -> None:
    """Only the embedded head knows which directions are age, gender and ancestry."""
    for name in ("age", "masculinity", "african", "asian", "caucasian"):
        if getattr(people, name) is not None:
            raise FacewrightError(
                f"{name}: found a value, expected none with --model: it has no such direction"
            )


def _require_range(name: str, found: int, low: int, high: int) -> None:
    if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
        raise FacewrightError(f"{name}: found {found!r}, expected a whole number {low} .. {high}")
