"""MXNet's RecordIO, little-endian: one file of records, and where each begins.

A record: uint32 magic, uint32 (part << 29 | length), the data, zeros up to the next multiple of 4. Where the magic
number occurs in the data, at a multiple of 4, the record is split there and the number left out: part 0 is a whole
record, 1 the first, 2 a middle and 3 the last part of one (dmlc-core, `recordio.h`). The data of an image record:
`<IfQQ` flag, label, id, id2; then `flag` float32 labels if flag > 0; then the encoded image. An index has lines
`key\\toffset`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from facewright.errors import FacewrightError
from facewright.formats.storage import Place, ReadRange, read_all

__all__ = [
    "ImageRecord",
    "Label",
    "RecordIndex",
    "frame",
    "index_line",
    "read_record",
    "scan_records",
    "stored_index",
]

Label = float | tuple[float, ...]

_MAGIC = struct.pack("<I", 0xCED7230A)
_FRAME = struct.Struct("<4sI")
_HEADER = struct.Struct("<IfQQ")
_LENGTH_BITS = 29
_LENGTH = (1 << _LENGTH_BITS) - 1


class ImageRecord(NamedTuple):
    """One record's contents. `label` is a number, or several (flag > 0 in the file); `image` may be empty."""

    label: Label
    id: int
    id2: int
    image: bytes

    def pack(self) -> bytes:
        """The data of a record."""
        if isinstance(self.label, tuple):
            labels = np.array(self.label, "<f4").tobytes()
            return _HEADER.pack(len(self.label), 0.0, self.id, self.id2) + labels + self.image
        return _HEADER.pack(0, self.label, self.id, self.id2) + self.image

    @classmethod
    def unpack(cls, data: bytes) -> ImageRecord:
        """Raises ValueError when the data are too short."""
        if len(data) < _HEADER.size:
            raise ValueError(f"found {len(data)} bytes in a record, expected at least {_HEADER.size}")
        flag, number, identifier, id2 = _HEADER.unpack_from(data)
        end = _HEADER.size + 4 * flag
        if len(data) < end:
            raise ValueError(f"found {len(data)} bytes in a record of {flag} labels, expected at least {end}")
        labels = tuple(np.frombuffer(data, "<f4", flag, _HEADER.size).tolist())
        return cls(labels if flag else number, identifier, id2, data[end:])


class RecordIndex(NamedTuple):
    """Keys and byte offsets of n records, in the order in which they lie in the file."""

    keys: Int64[np.ndarray, " n"]
    offsets: Int64[np.ndarray, " n"]


def frame(data: bytes) -> bytes:
    """The bytes of a record in a file."""
    parts = _parts(data)
    chunks: list[bytes] = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        kind = (0 if last else 1) if number == 0 else (3 if last else 2)
        chunks += (_FRAME.pack(_MAGIC, kind << _LENGTH_BITS | len(part)), part)
    return b"".join((*chunks, bytes(-len(data) % 4)))


def _parts(data: bytes) -> list[bytes]:
    """The data, cut where the magic number is at a multiple of 4."""
    parts, start, place = [], 0, data.find(_MAGIC)
    while place >= 0:
        if place % 4 == 0:
            parts.append(data[start:place])
            start = place + 4
        place = data.find(_MAGIC, max(place + 1, start))
    return [*parts, data[start:]]


def read_record(path: Place, read: ReadRange, offset: int, most: int | None = None) -> bytes:
    """The data of the record at a byte of a file; at least its first `most` bytes when that is given.

    Raises FacewrightError naming the file when there is no whole record.
    """
    parts: list[bytes] = []
    while True:
        kind, length = _read_frame(path, read, offset)
        wanted = length if most is None or kind else min(length, most)
        part = read(offset + _FRAME.size, wanted)
        if len(part) != wanted:
            raise FacewrightError(
                f"{path}: truncated: found {len(part)} of {length} bytes of the record at byte {offset}"
            )
        parts.append(part)
        if kind in (0, 3):
            return _MAGIC.join(parts)
        offset += _FRAME.size + length + -length % 4


def _read_frame(path: Place, read: ReadRange, offset: int) -> tuple[int, int]:
    head = read(offset, _FRAME.size)
    if len(head) < _FRAME.size or head[:4] != _MAGIC:
        raise FacewrightError(f"{path}: damaged or truncated: no record at byte {offset}")
    word = _FRAME.unpack(head)[1]
    return word >> _LENGTH_BITS, word & _LENGTH


def scan_records(path: Place, read: ReadRange, size: int) -> RecordIndex:
    """Find the records of a file of so many bytes that has no index; they are numbered from 0."""
    offsets, offset, inside = [], 0, False
    while offset < size:
        kind, length = _read_frame(path, read, offset)
        if not inside:
            offsets.append(offset)
        inside = kind in (1, 2)
        offset += _FRAME.size + length + -length % 4
    if offset != size or inside:
        raise FacewrightError(f"{path}: truncated: found {size} bytes, expected {offset} or more")
    return RecordIndex(np.arange(len(offsets)), np.array(offsets, np.int64))


def index_line(key: int, offset: int) -> bytes:
    """A line of an .idx file."""
    return b"%d\t%d\n" % (key, offset)


def stored_index(path: Place) -> RecordIndex:
    """Read an .idx file. Raises FacewrightError for one that is no index."""
    pairs = np.array(list(_index_pairs(path, read_all(path).splitlines())), np.int64).reshape(-1, 2)
    if not len(pairs):
        raise FacewrightError(f"{path}: found no lines, expected 'key offset'")
    ordered = pairs[np.argsort(pairs[:, 1], kind="stable")]
    return RecordIndex(ordered[:, 0].copy(), ordered[:, 1].copy())


def _index_pairs(path: Place, lines: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    for number, line in enumerate(lines, 1):
        words = line.split()
        if len(words) != 2 or not all(word.isdigit() for word in words):
            found = line[:40].decode("utf-8", "replace")
            raise FacewrightError(f"{path}, line {number}: found '{found}', expected 'key offset'")
        yield int(words[0]), int(words[1])
