"""What a data set is made of, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from facewright.errors import FacewrightError
from facewright.geometry import named_crop
from facewright.models.library import parse_model
from facewright.people.config import PeopleConfig
from facewright.scenes.sampler import SamplerConfig

__all__ = ["DatasetConfig"]

_PEOPLE_LIMIT = 10**8  # keys have eight digits for the person
_SAMPLES_LIMIT = 10**4  # and four for the sample


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
    crop: str = "arcface112"
    """How the head is placed: arcface112, facenet96 (alignment templates), frame224 (a photo about the first), facebox,
    landmark (eyes and nose tip at the centre) or pinhole (as the camera sees it)."""
    size_px: int | None = None
    """Side of the images; by default the crop's own."""
    jpeg_quality: int = 95
    """Of the stored images, 1 .. 100."""
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    model: str | None = None
    """Head model of your own instead of the embedded head: bfm2017:FILE.h5, bfm2019:FILE.h5, bfm2009:FILE.mat,
    flame:FILE.pkl[,ALBEDO.npz] or ict:FOLDER (docs/models.md)."""

    def __post_init__(self) -> None:
        _require_range("people", self.people, 1, _PEOPLE_LIMIT)
        _require_range("samples", self.samples, 1, _SAMPLES_LIMIT)
        _require_range("seed", self.seed, 0, 2**32 - 1)
        _require_range("first_person", self.first_person, 0, _PEOPLE_LIMIT - self.people)
        _require_range("jpeg_quality", self.jpeg_quality, 1, 100)
        if self.model is not None:
            parse_model(self.model)
            _require_no_attributes(self.sampler.people)
        named_crop(self.crop, self.size_px)


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
