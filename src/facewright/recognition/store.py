"""Training images, decoded once into one array of uint8 that all ranks map from the same file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from jaxtyping import UInt8

from facewright.errors import FacewrightError
from facewright.formats.base import Sample
from facewright.geometry import CROPS
from facewright.recognition.augment import resize_crops
from facewright.recognition.sources import Selection

__all__ = ["decode_image", "decode_images"]


def decode_images(
    selections: Sequence[Selection], crop: str, size_px: int, out: Path, on_image: Callable[[], None]
) -> None:
    """Decode every chosen image, shrink it to `size_px` and write all to `out`: a .npy of (n, size, size, 3) uint8.

    Images must be JPEGs or PNGs of the size of `crop`. `on_image` is called after each image. A file, not memory:
    ranks share it, and data sets larger than memory still work, more slowly. Raises FacewrightError for an unreadable
    image (by key), an image of another size, and a disk without room.
    """
    header = np.lib.format.header_data_from_array_1_0(np.empty((0, size_px, size_px, 3), np.uint8))
    header["shape"] = (sum(map(len, selections)), size_px, size_px, 3)
    try:
        with out.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for selection in selections:
                for sample in _samples(selection):
                    where = f"{selection.reader.path}: image {sample.key}"
                    image = decode_image(sample.jpeg, CROPS[crop].size_px, where)
                    file.write(resize_crops(image[None], size_px).tobytes())
                    on_image()
    except OSError as error:
        raise FacewrightError(f"{out}: cannot be written: {error.strerror}") from None


def _samples(selection: Selection) -> Iterator[Sample]:
    """The chosen images, in order: all of a set in one pass, some of it one by one."""
    reader = selection.reader
    if len(selection) == len(reader):
        yield from reader
        return
    for row in selection.rows.tolist():
        yield Sample(reader.key(row), reader.read(row), int(reader.labels[row]))


def decode_image(data: bytes, size_px: int, where: str) -> UInt8[np.ndarray, "S S 3"]:
    """An encoded image of this size. Raises FacewrightError, beginning with `where`, for any other bytes."""
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
