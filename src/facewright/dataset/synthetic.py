"""Images drawn while they are read: a data set without a disk."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import simplejpeg
from jaxtyping import Int64, Shaped, UInt8

from facewright.dataset.config import DatasetConfig
from facewright.dataset.drawing import Draw, draw_person
from facewright.dataset.generate import encode
from facewright.dataset.plan import sample_key
from facewright.errors import FacewrightError

__all__ = ["Face", "SyntheticFaces"]


@dataclass(frozen=True)
class Face:
    """One image, what `generate` would call it, its class, a row of its parameters by column name, annotations.

    annotations: (H, W) or (H, W, c) arrays by name, those that the configuration asks for.
    """

    key: str
    image: UInt8[np.ndarray, "H W 3"]
    label: int
    parameters: Mapping[str, Any]
    annotations: Mapping[str, Shaped[np.ndarray, "H W *c"]] = field(default_factory=dict)


@dataclass(frozen=True)
class SyntheticFaces:
    """The images of a configuration, drawn as they are iterated; the image of a key is that of `generate`.

    mixed: people whose images come mixed with each other (their images are in memory at once); 0 keeps the order of
        the data set on a disk. Otherwise each epoch has its own order, a function of the seed and its number.
    fresh: epoch e has other images of the same people, the samples e n .. (e + 1) n - 1, instead of the same ones.
    stored: images as they are read from a data set, that is after JPEG; else as they were drawn.
    part, parts: of so many parts this one, see `split`.
    """

    config: DatasetConfig
    mixed: int = 8
    fresh: bool = False
    stored: bool = True
    part: int = 0
    parts: int = 1
    draw: Draw = draw_person

    def __post_init__(self) -> None:
        if self.mixed < 0:
            raise FacewrightError(f"mixed: found {self.mixed}, expected 0 or more people")
        if not 0 <= self.part < self.parts:
            raise FacewrightError(f"part: found {self.part} of {self.parts}, expected 0 .. {self.parts - 1}")

    @property
    def classes(self) -> int:
        """How many people; labels are 0 .. classes-1."""
        return self.config.people

    def split(self, part: int, parts: int) -> SyntheticFaces:
        """One of `parts` disjoint parts: each takes every n-th person of an epoch. Parts can be split again."""
        return replace(self, part=self.part + self.parts * part, parts=self.parts * parts)

    def __len__(self) -> int:
        """Images in the first epoch; the others have as many if everybody has equally many and the parts are equal."""
        return sum(self.config.samples_of(person) for person in self._people(0).tolist())

    def __iter__(self) -> Iterator[Face]:
        return self.epoch(0)

    def epoch(self, number: int) -> Iterator[Face]:
        """All images of this part once.

        Raises FacewrightError when `fresh` runs out of sample numbers: keys have four digits for them.
        """
        config = self.config
        if self.fresh:
            most = max(samples for _, samples in config.groups)
            config = replace(config, first_sample=config.first_sample + number * most)
        people = iter(self._people(number).tolist())
        while group := list(itertools.islice(people, max(self.mixed, 1))):
            faces = [face for person in group for face in self._faces(config, person)]
            order = np.arange(len(faces))
            if self.mixed:
                order = np.random.default_rng((config.seed, number, group[0])).permutation(len(faces))
            yield from (faces[index] for index in order.tolist())

    def _people(self, epoch: int) -> Int64[np.ndarray, " n"]:
        """The people of this part in the order of an epoch."""
        people = self.config.first_person + np.arange(self.config.people)
        if self.mixed:
            people = np.random.default_rng((self.config.seed, epoch)).permutation(people)
        return people[self.part :: self.parts]

    def _faces(self, config: DatasetConfig, person: int) -> Iterator[Face]:
        drawn = self.draw(config, person)
        for row, image in enumerate(drawn.images):
            if self.stored:
                image = simplejpeg.decode_jpeg(encode(image, config.jpeg_quality), colorspace="RGB")
            parameters = {name: values[row] for name, values in drawn.parameters.items()}
            key = sample_key(person, config.first_sample + row)
            yield Face(key, image, person - config.first_person, parameters, drawn.annotations_of(row))
