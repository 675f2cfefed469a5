"""A configuration read as a data set: people are drawn when their images are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from jaxtyping import Int64

from facewright.dataset.config import DatasetConfig
from facewright.dataset.config_io import from_json
from facewright.dataset.drawing import draw_person
from facewright.dataset.generate import encode
from facewright.dataset.plan import sample_key
from facewright.errors import FacewrightError
from facewright.formats.base import Sample
from facewright.formats.storage import Place, storage_errors
from facewright.machine import available_cores

__all__ = ["DrawnReader"]

_AHEAD = 4
"""People that are drawn ahead for each core."""


class DrawnReader:
    """A `DatasetReader` of a configuration file: the images that `generate --config FILE` would write, and no folder.

    A pass draws people side by side, one image alone draws all those of its person. Raises FacewrightError for a file
    that is no configuration, and for one with identity mixup, whose images have two labels.
    """

    def __init__(self, path: Place) -> None:
        with storage_errors(path):
            text = path.read_text()
        self.path = path
        self.config: DatasetConfig = from_json(text, str(path))
        if self.config.mixup.mixup:
            raise FacewrightError(f"{path}: found identity mixup, expected none: generate the data set first")
        counts = [samples for people, samples in self.config.groups for _ in people]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self.labels: Int64[np.ndarray, " n"] = np.repeat(np.arange(len(counts)), counts)
        self.classes = len(counts)
        self._last: tuple[int, list[bytes]] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def key(self, index: int) -> str:
        label = int(self.labels[index])
        return self._key(label, index - int(self._starts[label]))

    def read(self, index: int) -> bytes:
        label = int(self.labels[index])
        last = self._last
        if last is None or last[0] != label:
            self._last = last = label, self._images(label)
        return last[1][index - int(self._starts[label])]

    def __iter__(self) -> Iterator[Sample]:
        cores = available_cores()
        with ThreadPoolExecutor(cores) as pool:
            for first in range(0, self.classes, _AHEAD * cores):
                labels = range(first, min(first + _AHEAD * cores, self.classes))
                for label, images in zip(labels, pool.map(self._images, labels), strict=True):
                    for number, jpeg in enumerate(images):
                        yield Sample(self._key(label, number), jpeg, label)

    def _key(self, label: int, number: int) -> str:
        return sample_key(self.config.first_person + label, self.config.first_sample + number)

    def _images(self, label: int) -> list[bytes]:
        drawn = draw_person(self.config, self.config.first_person + label)
        return [encode(image, self.config.jpeg_quality) for image in drawn.images]
