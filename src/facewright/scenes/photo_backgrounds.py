"""Backgrounds from a folder of images: cropped without squashing, decoded once and kept on disk."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8, UInt32

from facewright import _native
from facewright.errors import FacewrightError
from facewright.machine import cache_folder

__all__ = ["PhotoBackgrounds", "open_photo_backgrounds"]

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
_KEPT = 2
"""Images are kept with a shorter side of so many times the crop's."""
_SMALLEST_PART = 0.6
"""Of the shorter side, in a crop."""


@dataclass(frozen=True, eq=False)
class PhotoBackgrounds:
    """Images of a folder, ready to be cropped to `size_px`. digest: SHA-256 of names and contents."""

    size_px: int
    digest: str
    pixels: UInt8[np.ndarray, " bytes"]
    places: tuple[tuple[int, int, int], ...]
    """Of each image: where it begins, height and width."""

    def draw(
        self, words: UInt32[np.ndarray, "n 4"], squash: bool = False
    ) -> UInt8[np.ndarray, "n size size 3"]:
        """For each row of four random words, a square part of one of the images, mirrored or not; or all of it."""
        if squash:
            return self.numbered(
                (words[:, 0].astype(np.uint64) * len(self.places) >> 32).astype(np.uint32), squash
            )
        return np.stack([self._crop(*row) for row in words.tolist()])

    def numbered(
        self, numbers: UInt32[np.ndarray, " n"], squash: bool = False
    ) -> UInt8[np.ndarray, "n size size 3"]:
        """The images of these numbers, counted from 0 in the order of their names: the middle of each, or all of it.

        Raises FacewrightError for a number that there is not.
        """
        self.require_number(int(numbers.max(initial=0)))
        return np.stack([self._middle(number, squash) for number in numbers.tolist()])

    def require_number(self, number: int) -> None:
        """Raise FacewrightError unless there is an image of this number."""
        if number >= len(self.places):
            raise FacewrightError(
                f"grid background: found number {number}, expected 0 .. {len(self.places) - 1}: the folder has "
                f"{len(self.places)} images"
            )

    def _middle(self, number: int, squash: bool) -> UInt8[np.ndarray, "size size 3"]:
        image = self._image(number)
        height, width = image.shape[:2]
        across, along = (width, height) if squash else (min(height, width), min(height, width))
        left, top = (width - across) // 2, (height - along) // 2
        part: UInt8[np.ndarray, "size size 3"] = _native.shrink(
            image, left, top, across, along, self.size_px, self.size_px
        )
        return part

    def _image(self, number: int) -> UInt8[np.ndarray, "height width 3"]:
        start, height, width = self.places[number]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    def _crop(self, which: int, part: int, place: int, side: int) -> UInt8[np.ndarray, "size size 3"]:
        image = self._image(which * len(self.places) >> 32)
        height, width = image.shape[:2]
        shorter = min(height, width)
        smallest = max(1, int(_SMALLEST_PART * shorter))
        length = smallest + (part * (shorter - smallest + 1) >> 32)
        left = (place & 0xFFFF) * (width - length + 1) >> 16
        top = (place >> 16) * (height - length + 1) >> 16
        crop: UInt8[np.ndarray, "size size 3"] = _native.shrink(
            image, left, top, length, length, self.size_px, self.size_px
        )
        return crop[:, ::-1] if side & 1 else crop


@functools.lru_cache(maxsize=2)
def open_photo_backgrounds(folder: str, size_px: int) -> PhotoBackgrounds:
    """Prepare the images below `folder`, or find them prepared in the cache.

    Raises FacewrightError when there are none, or naming one that cannot be read.
    """
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise FacewrightError(
            f"{folder}: found no images, expected a folder with {', '.join(_SUFFIXES)} files"
        )
    cache = cache_folder() / "backgrounds" / _listing(Path(folder), files, size_px)
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / "lock"):
        if not (cache / "index.json").exists():
            _prepare(Path(folder), files, size_px, cache)
    index: dict[str, Any] = json.loads((cache / "index.json").read_text())
    pixels = np.memmap(cache / "pixels", np.uint8, mode="r")
    return PhotoBackgrounds(size_px, index["digest"], pixels, tuple(map(tuple, index["places"])))


def _listing(folder: Path, files: list[Path], size_px: int) -> str:
    """What the cache calls these images as they are now."""
    facts = [(str(file.relative_to(folder)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps([str(folder.absolute()), size_px, facts]).encode()).hexdigest()[:32]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _prepare(folder: Path, files: list[Path], size_px: int, cache: Path) -> None:
    """Decode and shrink all images into one file; its index, written last, makes it whole."""
    digest, places, start = hashlib.sha256(), [], 0
    with (cache / "pixels").open("wb") as out:
        for file in files:
            encoded = file.read_bytes()
            digest.update(f"{file.relative_to(folder)}\n{len(encoded)}\n".encode())
            digest.update(encoded)
            image = _kept(_decoded(file, encoded), _KEPT * size_px)
            out.write(image.tobytes())
            places.append((start, *image.shape[:2]))
            start += image.nbytes
    partial = cache / "index.json.partial"
    partial.write_text(json.dumps({"digest": digest.hexdigest(), "places": places}))
    partial.replace(cache / "index.json")


def _decoded(file: Path, encoded: bytes) -> UInt8[np.ndarray, "H W 3"]:
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB) if encoded else None
    if image is None:
        raise FacewrightError(f"{file}: found {len(encoded)} bytes that are no image")
    return np.ascontiguousarray(image, np.uint8)


def _kept(image: UInt8[np.ndarray, "H W 3"], shorter_px: int) -> UInt8[np.ndarray, "h w 3"]:
    height, width = image.shape[:2]
    shorter = min(height, width)
    if shorter <= shorter_px:
        return image
    columns, rows = (round(length * shorter_px / shorter) for length in (width, height))
    shrunk: UInt8[np.ndarray, "h w 3"] = _native.shrink(image, 0, 0, width, height, columns, rows)
    return shrunk
