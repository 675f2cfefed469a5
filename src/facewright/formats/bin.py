"""InsightFace's verification sets, `lfw.bin` and the like: encoded images of pairs, and which pairs show one person.

A pickle of (bins, issame): bins[2i] and bins[2i + 1] are the images of pair i, each bytes or an array of uint8; issame
has one truth value for each pair. It is read without running anything that a pickle may ask for.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from facewright.errors import FacewrightError, first_line
from facewright.formats.atomic import FileRecord, write_atomic
from facewright.formats.base import Sample
from facewright.formats.storage import Place, read_all

__all__ = ["BinReader", "PairImages", "read_bin", "write_bin"]


@dataclass(frozen=True)
class PairImages:
    """images: those of pair i are 2i and 2i + 1, encoded. same: whether a pair shows one person."""

    images: Sequence[bytes]
    same: Bool[np.ndarray, " pairs"]


def read_bin(path: Place) -> PairImages:
    """Read a .bin file. Raises FacewrightError for a damaged one and for one that asks for anything but bytes."""
    try:
        content = _Unpickler(io.BytesIO(read_all(path)), encoding="bytes").load()
        bins, same = content
        images = [_encoded(image) for image in bins]
        flags = np.array([bool(flag) for flag in same])
    except FacewrightError as problem:
        raise (
            problem if str(problem).startswith(str(path)) else FacewrightError(f"{path}: {problem}")
        ) from None
    except Exception as problem:  # a damaged pickle can raise nearly anything
        raise FacewrightError(
            f"{path}: found an unreadable file ({first_line(problem)}), expected a pickle of images and pairs"
        ) from None
    if not len(flags) or len(images) != 2 * len(flags):
        raise FacewrightError(
            f"{path}: found {len(images)} images, expected two for each of {len(flags)} pairs"
        )
    return PairImages(images, flags)


def write_bin(path: Place, pairs: PairImages) -> FileRecord:
    """Write a .bin file as InsightFace's own scripts do: a list of bytes and a list of bool, pickle protocol 4."""
    content = (list(pairs.images), pairs.same.tolist())
    return write_atomic(path, [pickle.dumps(content, protocol=4)])


class BinReader:
    """A .bin file as labelled images: who is in them is known only within a pair.

    So the two images of a pair that shows one person are a class, and otherwise each is one of its own: the same person
    may be in many classes. Keys say the pair, what it shows and which image it is: "000012_same_0".
    """

    def __init__(self, path: Place) -> None:
        self.path = path
        self.pairs = read_bin(path)
        classes = np.where(np.repeat(self.pairs.same, 2), np.tile([1, 0], len(self.pairs.same)), 1)
        self.labels: Int64[np.ndarray, " n"] = np.cumsum(classes).astype(np.int64) - 1
        self.classes = int(self.labels[-1]) + 1

    def __len__(self) -> int:
        return len(self.pairs.images)

    def key(self, index: int) -> str:
        kind = "same" if self.pairs.same[index // 2] else "other"
        return f"{index // 2:06d}_{kind}_{index % 2}"

    def read(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(f"image {index}: expected 0 .. {len(self) - 1}")
        return self.pairs.images[index]

    def __iter__(self) -> Iterator[Sample]:
        for index, image in enumerate(self.pairs.images):
            yield Sample(self.key(index), image, int(self.labels[index]))


def _encoded(image: object) -> bytes:
    if isinstance(image, np.ndarray) and image.dtype == np.uint8:
        return image.tobytes()
    if isinstance(image, bytes | bytearray):
        return bytes(image)
    raise FacewrightError(
        f"found a {type(image).__name__} among the images, expected bytes or arrays of uint8"
    )


class _Unpickler(pickle.Unpickler):
    """Makes arrays of numbers and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy._core", "numpy.core")
        if (module, name) == ("numpy", "dtype"):
            return _plain_dtype
        if (module, name) in {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray")}:
            return _empty_array
        if (module, name) == ("numpy.core.multiarray", "scalar"):
            return _scalar
        if (module, name) == ("numpy.core.numeric", "_frombuffer"):
            return _from_buffer
        if (module, name) in {("_codecs", "encode"), ("builtins", "bytes"), ("__builtin__", "bytes")}:
            return _as_bytes
        raise FacewrightError(f"found a pickle that asks for {module}.{name}, expected arrays of bytes only")


def _plain_dtype(code: object, *_: object) -> Any:
    text = code.decode("ascii") if isinstance(code, bytes) else str(code)
    if text not in ("u1", "b1", "|u1", "|b1"):
        raise FacewrightError(f"found an array of type {text!r}, expected bytes or truth values")
    return np.dtype(text)


def _empty_array(*_: object) -> UInt8[np.ndarray, " 0"]:
    return np.ndarray((0,), np.uint8)


def _from_buffer(content: object, *_: object) -> UInt8[np.ndarray, " n"]:
    """Pickle protocol 5 stores arrays so."""
    return np.frombuffer(bytes(content) if isinstance(content, bytes | bytearray) else b"", np.uint8)


def _scalar(dtype: object, content: object = b"\0") -> bool:
    return any(_as_bytes(content))


def _as_bytes(text: object = b"", *_: object) -> bytes:
    """Python 2 strings and protocol-2 bytes are stored as text of the same code points."""
    return text.encode("latin1") if isinstance(text, str) else bytes(text) if isinstance(text, bytes) else b""
