"""Embedders, photos and data sets that are easy to predict."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facewright.evaluation.result import VerificationResult, summarise
from facewright.formats.base import Sample
from facewright.geometry import ARCFACE_112, Crop


@dataclass(frozen=True)
class ColourEmbedder:
    """Tells people apart by the mean colour of the right half of their crops (mirrored: of the left half)."""

    name: str = "colour"
    crop: Crop = ARCFACE_112
    mirrors: bool = False

    def __call__(self, images: np.ndarray) -> np.ndarray:
        assert images.shape[1:] == (self.crop.size_px, self.crop.size_px, 3)
        right = images[:, :, images.shape[2] // 2 :].mean(axis=(1, 2))
        return (right - 100).astype(np.float32)


def colour_of(person: int) -> np.ndarray:
    return np.random.default_rng(person).integers(0, 256, 3)


def face(person: int, sample: int, size: int = 112, noise: int = 20) -> np.ndarray:
    """A square of the person's colour with some noise."""
    stream = np.random.default_rng((person, sample))
    return np.clip(colour_of(person) + stream.integers(-noise, noise + 1, (size, size, 3)), 0, 255).astype(
        np.uint8
    )


def encoded(image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", image[..., ::-1])[1])


class MemoryReader:
    """A data set of coloured squares: people x samples."""

    def __init__(self, people: int, samples: int, size: int = 112) -> None:
        self.path = Path("held-out")
        self.labels = np.repeat(np.arange(people, dtype=np.int64), samples)
        self.classes = people
        self._images = [
            encoded(face(person, sample, size)) for person in range(people) for sample in range(samples)
        ]

    def __len__(self) -> int:
        return len(self._images)

    def key(self, index: int) -> str:
        return f"{index:08d}"

    def read(self, index: int) -> bytes:
        return self._images[index]

    def __iter__(self) -> Iterator[Sample]:
        for index, image in enumerate(self._images):
            yield Sample(self.key(index), image, int(self.labels[index]))


def made_result(
    benchmark: str = "made up", shift: float = 1.0, pairs: int = 200, seed: int = 0
) -> VerificationResult:
    """A result on normally distributed scores; the genuine ones lie `shift` standard deviations higher."""
    same = np.arange(pairs) < pairs // 2
    scores = np.random.default_rng(seed).normal(0.0, 1.0, pairs) + shift * same
    return summarise(
        benchmark=benchmark,
        model="a model",
        alignment="none",
        protocol="made up",
        scores=scores,
        margins=scores - shift / 2,
        same=same,
        threshold=shift / 2,
        accuracy_std=0.01,
        not_found=0,
    )
