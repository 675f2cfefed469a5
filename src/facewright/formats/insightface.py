"""InsightFace's training sets: `train.rec`, `train.idx`, `train.lst` and `property` ("classes,height,width").

Record 0 has no image but two labels: one past the last image's key, and one past the last identity's. Images have the
keys 1, 2, ... (label: the class, id: the key); each identity has a record without an image, whose two labels are its
first image's key and one past its last one's. Sets by others may have no such records (RecBuilder: images from key 0,
flag 0), several labels per image, of which the first counts, no index, or other names.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import simplejpeg
from jaxtyping import Int64

from facewright.errors import FacewrightError, first_line
from facewright.formats.atomic import AtomicFile, FileRecord, write_atomic
from facewright.formats.base import Sample, image_suffix
from facewright.formats.recordio import (
    ImageRecord,
    Label,
    RecordIndex,
    frame,
    index_line,
    read_record,
    scan_records,
    stored_index,
)
from facewright.formats.storage import Place, ReadRange, list_sizes, opened

__all__ = ["InsightFaceReader", "InsightFaceWriter", "find_records"]

_MOST_KEYS = 1 << 24  # record 0 and identities keep keys as float32
_HEADER_BYTES = 24 + 4 + 4  # of the data: enough to see the first label, and whether an image follows it


class InsightFaceWriter:
    """Writes a whole data set in the order in which samples come, those of one class one after the other.

    Everything but the keys goes to the disk at once, so that memory does not grow with the data set.
    """

    def __init__(self, root: Place, shard: str) -> None:
        self._root, self._name = root, shard
        self._records = AtomicFile(root / f"{shard}.rec")
        self._index: list[bytes] = []
        self._list: list[bytes] = []
        self._starts: dict[int, int] = {}
        self._label: int | None = None
        self._size: tuple[int, int] | None = None
        self._write(0, ImageRecord((0.0, 0.0), 0, 0, b""))

    def add(self, sample: Sample) -> None:
        key = len(self._index)
        if sample.label != self._label:
            if sample.label in self._starts:
                raise FacewrightError(
                    f"image {sample.key}: class {sample.label} comes back, expected it in one piece"
                )
            self._starts[sample.label] = key
            self._label = sample.label
        self._require_size(sample)
        self._list.append(f"{key}\t{sample.label}\t{sample.key}.{image_suffix(sample.jpeg)}\n".encode())
        self._write(key, ImageRecord(float(sample.label), key, 0, sample.jpeg))

    def close(self) -> dict[str, FileRecord]:
        end = len(self._index)
        bounds = [*self._starts.values(), end]
        last = end + len(self._starts)
        if last > _MOST_KEYS:
            raise FacewrightError(
                f"{self._root}: found {last:,} records, expected at most {_MOST_KEYS:,} in this format"
            )
        for number, first in enumerate(bounds[:-1]):
            self._write(
                end + number, ImageRecord((float(first), float(bounds[number + 1])), end + number, 0, b"")
            )
        self._records.overwrite(0, frame(ImageRecord((float(end), float(last)), 0, 0, b"").pack()))
        height, width = self._size or (0, 0)
        texts = {
            f"{self._name}.idx": self._index,
            f"{self._name}.lst": self._list,
            "property": [f"{len(self._starts)},{height},{width}".encode()],
        }
        files = {f"{self._name}.rec": self._records.commit()}
        return files | {name: write_atomic(self._root / name, lines) for name, lines in texts.items()}

    def _write(self, key: int, record: ImageRecord) -> None:
        self._index.append(index_line(key, self._records.size))
        self._records.write(frame(record.pack()))

    def _require_size(self, sample: Sample) -> None:
        size = _image_size(sample)
        self._size = self._size or size
        if size != self._size:
            raise FacewrightError(
                f"image {sample.key}: is {size[1]}x{size[0]} px, expected {self._size[1]}x{self._size[0]} like the "
                "first: this format has one size for all"
            )


def _image_size(sample: Sample) -> tuple[int, int]:
    try:
        if sample.jpeg.startswith(b"\xff\xd8"):
            height, width, *_ = simplejpeg.decode_jpeg_header(sample.jpeg)
            return int(height), int(width)
        image = cv2.imdecode(np.frombuffer(sample.jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError("unreadable")
        height, width = image.shape[:2]
    except (ValueError, cv2.error) as error:
        raise FacewrightError(f"image {sample.key}: not a JPEG or PNG: {first_line(error)}") from error
    return int(height), int(width)


class InsightFaceReader:
    """Reads a folder with a .rec file, or a .rec file, by facewright, InsightFace or MXNet's im2rec.

    Images come in the order in which they lie in the file; keys are those of the index. Labels are renumbered to
    0 .. classes-1 in ascending order. Remote files are read once to the end for their labels.
    """

    def __init__(self, path: Place) -> None:
        self.path = path
        self._file = find_records(path)
        with opened(self._file) as read:
            index = _load_index(self._file, read)
            read_record(self._file, read, int(index.offsets[-1]))  # is the end there?
            self._keys, self._offsets, found = _images(self._file, read, index)
        if not len(found):
            raise FacewrightError(
                f"{self._file}: found no images in {len(index.keys)} records, expected some"
            )
        classes, labels = np.unique(found, return_inverse=True)
        self.labels: Int64[np.ndarray, " n"] = labels.astype(np.int64)
        self.classes = len(classes)

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, index: int) -> str:
        return str(self._keys[index])

    def read(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(f"image {index}: expected 0 .. {len(self) - 1}")
        with opened(self._file) as read:
            return self._image(read, index)

    def __iter__(self) -> Iterator[Sample]:
        with opened(self._file) as read:
            for index in range(len(self)):
                yield Sample(self.key(index), self._image(read, index), int(self.labels[index]))

    def _image(self, read: ReadRange, index: int) -> bytes:
        offset = int(self._offsets[index])
        return _unpack(self._file, read_record(self._file, read, offset), offset).image


def find_records(path: Place) -> Place:
    """The .rec file that `path` is or contains: `train.rec`, or the only one."""
    if not path.is_dir():
        return path
    names = sorted(name for name in list_sizes(path) if name.endswith(".rec"))
    if "train.rec" not in names and len(names) != 1:
        raise FacewrightError(f"{path}: found {len(names)} .rec files, expected train.rec or just one")
    return path / ("train.rec" if "train.rec" in names else names[0])


def _load_index(path: Place, read: ReadRange) -> RecordIndex:
    index = path.with_suffix(".idx")
    return stored_index(index) if index.exists() else scan_records(path, read, path.stat().st_size)


def _images(
    path: Place, read: ReadRange, index: RecordIndex
) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Keys, offsets and labels of the records that hold images."""
    rows = np.arange(len(index.keys))
    first = np.flatnonzero(index.keys == 0)
    if len(first):
        offset = int(index.offsets[first[0]])
        bounds = _unpack(path, read_record(path, read, offset), offset)
        if isinstance(bounds.label, tuple) and not bounds.image:
            rows = np.flatnonzero((index.keys >= 1) & (index.keys < int(bounds.label[0])))
    keys, offsets = index.keys[rows], index.offsets[rows]
    labels = [_first_label(path, read, offset) for offset in offsets.tolist()]
    return keys, offsets, np.array(labels, np.int64)


def _first_label(path: Place, read: ReadRange, offset: int) -> int:
    head = read_record(path, read, offset, most=_HEADER_BYTES)
    flag = int.from_bytes(head[:4], "little")
    if flag > 1:  # only the first of its labels has been read
        head = (1).to_bytes(4, "little") + head[4:]
    label: Label = _unpack(path, head, offset).label
    return int(label[0] if isinstance(label, tuple) else label)


def _unpack(path: Place, data: bytes, offset: int) -> ImageRecord:
    try:
        return ImageRecord.unpack(data)
    except ValueError as error:
        raise FacewrightError(f"{path}: not an image record at byte {offset}: {error}") from error
