"""Training images, decoded once into one array of uint8 that all ranks map from the same file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from jaxtyping import Int64, UInt8

from facewright import formats
from facewright.errors import FacewrightError
from facewright.formats.base import DatasetReader
from facewright.geometry import CROPS
from facewright.recognition.augment import resize_crops

__all__ = ["AUGMENT_STREAM", "Batches", "decode_images", "fingerprint", "join_labels", "open_all"]

_HASHED_IMAGES = 64

# First part of each random key, so that an epoch's order and a step's augmentation never share one.
ORDER_STREAM = 0
AUGMENT_STREAM = 1


def open_all(paths: Sequence[Path]) -> tuple[DatasetReader, ...]:
    """Open each data set; refuse missing, repeated and empty ones."""
    if not paths:
        raise FacewrightError("data: found no data sets, expected at least one")
    resolved = [path.resolve() for path in paths]
    for index, path in enumerate(paths):
        if not path.exists():
            raise FacewrightError(f"{path}: not found, expected a data set")
        if resolved[index] in resolved[:index]:
            raise FacewrightError(f"{path}: given twice, expected different data sets")
    readers = tuple(formats.open_dataset(path) for path in paths)
    for path, reader in zip(paths, readers, strict=True):
        if len(reader) == 0:
            raise FacewrightError(f"{path}: found no images, expected at least one")
    return readers


def join_labels(readers: Sequence[DatasetReader]) -> tuple[Int64[np.ndarray, " images"], int]:
    """The labels of all data sets one after the other, and the number of classes.

    Classes of different data sets are different people: each set's labels start where the last one's ended.
    """
    parts: list[Int64[np.ndarray, " n"]] = []
    classes = 0
    for reader in readers:
        labels = np.asarray(reader.labels, np.int64)
        outside = np.flatnonzero((labels < 0) | (labels >= reader.classes))
        if len(outside):
            found = f"image {outside[0]} has label {labels[outside[0]]}"
            raise FacewrightError(f"{reader.path}: {found}, expected 0 .. {reader.classes - 1}")
        parts.append(labels + classes)
        classes += reader.classes
    if classes < 2:
        raise FacewrightError(f"{readers[0].path}: found {classes} class, expected at least 2")
    return np.concatenate(parts), classes


def fingerprint(readers: Sequence[DatasetReader], labels: Int64[np.ndarray, " images"]) -> str:
    """A hash of all labels and of some images spread over each data set: another data set has another one."""
    digest = hashlib.sha256(labels.tobytes())
    for reader in readers:
        digest.update(len(reader).to_bytes(8, "little"))
        for index in np.unique(np.linspace(0, len(reader) - 1, _HASHED_IMAGES).astype(int)):
            digest.update(reader.read(int(index)))
    return digest.hexdigest()


def decode_images(
    readers: Sequence[DatasetReader], crop: str, size_px: int, out: Path, on_image: Callable[[], None]
) -> None:
    """Decode every image, shrink it to `size_px` and write all of them to `out`: a .npy of (n, size, size, 3) uint8.

    Images must be JPEGs or PNGs of the size of `crop`. `on_image` is called after each image. A file, not memory:
    ranks share it, and data sets larger than memory still work, more slowly. Raises FacewrightError for an unreadable
    image (by key), an image of another size, and a disk without room.
    """
    header = np.lib.format.header_data_from_array_1_0(np.empty((0, size_px, size_px, 3), np.uint8))
    header["shape"] = (sum(map(len, readers)), size_px, size_px, 3)
    try:
        with out.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for reader in readers:
                for sample in reader:
                    where = f"{reader.path}: image {sample.key}"
                    image = _decode(sample.jpeg, CROPS[crop].size_px, where)
                    file.write(resize_crops(image[None], size_px).tobytes())
                    on_image()
    except OSError as error:
        raise FacewrightError(f"{out}: cannot be written: {error.strerror}") from None


def _decode(data: bytes, size_px: int, where: str) -> UInt8[np.ndarray, "S S 3"]:
    try:
        if data.startswith(b"\xff\xd8"):
            image = simplejpeg.decode_jpeg(data, colorspace="RGB")
        else:
            decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
            if decoded is None:
                raise ValueError
            image = np.asarray(decoded, np.uint8)
    except (ValueError, cv2.error):
        raise FacewrightError(
            f"{where}: found {len(data)} unreadable bytes, expected a JPEG or PNG"
        ) from None
    if image.shape != (size_px, size_px, 3):
        height, width = image.shape[:2]
        raise FacewrightError(f"{where}: found {width}x{height} pixels, expected {size_px}x{size_px}")
    return np.asarray(image)


@dataclass(frozen=True)
class Batches:
    """One rank's share of each step's images, in an order that depends on (seed, epoch) alone.

    images: (n, size, size, 3); labels: (n,). A step takes `batch_size` images over all ranks, fewer when there are not
    that many; what is left at an epoch's end waits for the next epoch's order.
    """

    images: UInt8[np.ndarray, "n S S 3"]
    labels: Int64[np.ndarray, " n"]
    batch_size: int
    seed: int
    rank: int
    ranks: int

    @property
    def step_images(self) -> int:
        """Images in a step over all ranks, the same number in each rank."""
        return min(self.batch_size, len(self.images)) // self.ranks * self.ranks

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return len(self.images) // self.step_images

    def load(self, epoch: int, step: int) -> tuple[UInt8[np.ndarray, "b S S 3"], Int64[np.ndarray, " b"]]:
        """Images and labels of step `step` of an epoch for this rank."""
        first = step * self.step_images
        order = _epoch_order(self.seed, epoch, len(self.images))
        rows = np.sort(order[first + self.rank : first + self.step_images : self.ranks])
        return self.images[rows], self.labels[rows]


@lru_cache(maxsize=1)
def _epoch_order(seed: int, epoch: int, n: int) -> Int64[np.ndarray, " n"]:
    return np.random.default_rng((ORDER_STREAM, seed, epoch)).permutation(n)
