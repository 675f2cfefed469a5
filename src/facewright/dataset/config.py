"""What a data set is made of, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

from facewright.errors import FacewrightError
from facewright.geometry import CROPS
from facewright.models.library import parse_model
from facewright.people.config import PeopleConfig
from facewright.scenes.sampler import SamplerConfig

__all__ = ["DatasetConfig"]

_PEOPLE_LIMIT = 10**8  # keys have eight digits for the person
_SAMPLES_LIMIT = 10**4  # and four for the sample


@dataclass(frozen=True)
class DatasetConfig:
    """Everything that decides the bytes of a data set, with the software version and the head.

    `first_person` moves on to other people of the same seed: a held-out set starts where the training set ends.
    """

    people: int = 500
    samples: int = 30
    seed: int = 1
    first_person: int = 0
    crop: str = "arcface112"
    jpeg_quality: int = 95
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    model: str | None = None
    """A head model that the user brings, KIND:FILE (see facewright.models.library); None is the embedded head."""

    def __post_init__(self) -> None:
        _require_range("people", self.people, 1, _PEOPLE_LIMIT)
        _require_range("samples", self.samples, 1, _SAMPLES_LIMIT)
        _require_range("seed", self.seed, 0, 2**32 - 1)
        _require_range("first_person", self.first_person, 0, _PEOPLE_LIMIT - self.people)
        _require_range("jpeg_quality", self.jpeg_quality, 1, 100)
        if self.model is not None:
            parse_model(self.model)
            _require_no_attributes(self.sampler.people)
        if self.crop not in CROPS:
            raise FacewrightError(f"crop: found '{self.crop}', expected {' or '.join(CROPS)}")


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
