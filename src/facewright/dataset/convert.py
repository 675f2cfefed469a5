"""From one container to another, and from images found elsewhere to a data set that describes itself."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from jaxtyping import Int64
from upath import UPath

from facewright import __version__
from facewright.dataset.fill import Filling, fill
from facewright.dataset.plan import ShardPlan, plan_classes, sample_key
from facewright.dataset.progress import ImageProgress
from facewright.dataset.workers import OnImages
from facewright.errors import FacewrightError
from facewright.formats import WHOLE, WRITERS, Place, Sample, ShardWriter, open_dataset, place
from facewright.formats.atomic import FileRecord, write_atomic
from facewright.formats.base import AnnotatedReader, DatasetReader
from facewright.formats.manifest import Manifest, ShardRecord, read_manifest, write_shard_record
from facewright.formats.storage import read_all
from facewright.formats.tables import table_keys, table_labels, table_name, table_places, write_table

__all__ = ["convert"]

_HASHED_IMAGES = 64


def convert(
    source: str | PathLike[str] | UPath,
    address: str | PathLike[str] | UPath,
    format: str = "webdataset",
    quiet: bool = False,
) -> Manifest:
    """Write the images of any data set that `open_dataset` reads to a new place in another format.

    Images keep their bytes and their order within a class; classes come in order. A data set of facewright keeps its
    keys, shards, parameters and settings. Images from elsewhere get keys of our form, their own stay in the table's
    column `source_key`. Annotations that the format has no room for are left out, which a line says. Stopped, the same
    call goes on. Raises FacewrightError as `open_dataset` and `generate` do.
    """
    if format not in WRITERS:
        raise FacewrightError(f"format: found '{format}', expected {' or '.join(WRITERS)}")
    root = place(address)
    progress = ImageProgress("converting", "copied", quiet)
    conversion = _Conversion.of(open_dataset(source), root, format)
    manifest = fill(root, conversion.filling(), progress)
    if conversion.loses_annotations():
        progress.say(
            f"{root}: annotations are left out, {format} has no room for them (webdataset and folder have)"
        )
    progress.say(f"{root}: {manifest.images} images of {manifest.people} people, {progress.summary}")
    return manifest


@dataclass(frozen=True)
class _Conversion:
    """order: the source's images by class. pieces: whole classes that share a table; people are the source's labels."""

    reader: DatasetReader
    root: Place
    format: str
    manifest: Manifest | None
    order: Int64[np.ndarray, " n"]
    pieces: Sequence[ShardPlan]
    samples: _Samples

    @classmethod
    def of(cls, reader: DatasetReader, root: Place, format: str) -> _Conversion:
        manifest = read_manifest(reader.path) if reader.path.is_dir() else None
        order = np.argsort(reader.labels, kind="stable").astype(np.int64)
        counts = np.bincount(reader.labels, minlength=reader.classes).tolist()
        pieces = plan_classes(counts) if manifest is None else list(_stored_pieces(reader))
        return cls(reader, root, format, manifest, order, pieces, _Samples(reader))

    def filling(self) -> Filling:
        whole = [ShardPlan(0, "train", range(self.reader.classes), len(self.reader))]
        return Filling(
            self.format, self._origin(), whole if self.format in WHOLE else self.pieces, self._make
        )

    def _origin(self) -> dict[str, Any]:
        if self.manifest is not None:
            before = {"format": self.manifest.format, "version": __version__}
            return {**self.manifest.origin, "format": self.format, "converted": before}
        source = {
            "name": self.reader.path.name,
            "images": len(self.reader),
            "people": self.reader.classes,
            "sha256": _fingerprint(self.reader),
        }
        return {"format": self.format, "version": __version__, "source": source}

    def _make(self, shard: ShardPlan, on_images: OnImages) -> None:
        """Write the images of all pieces in the shard, and a table for each piece."""
        writer, files, first = WRITERS[self.format](self.root, shard.name), {}, 0
        for piece in self.pieces:
            if piece.people.start in shard.people:
                rows = self.order[first : first + piece.images]
                files[table_name(piece.name)] = self._copy(writer, piece, rows)
                on_images(piece.images)
            first += piece.images
        record = ShardRecord(shard.images, len(shard.people), {**writer.close(), **files})
        write_shard_record(self.root, shard.name, record)

    def _copy(self, writer: ShardWriter, piece: ShardPlan, rows: Int64[np.ndarray, " n"]) -> FileRecord:
        """Add the images of a piece to a shard and write its table."""
        table, labels = self.root / table_name(piece.name), self.reader.labels[rows]
        if self.manifest is not None:
            stored = table_places(self.reader.path)[piece.index]
            for key, row, sample in zip(
                table_keys(stored), rows.tolist(), self.samples.at(rows), strict=True
            ):
                writer.add(replace(sample, key=key, annotations=self._annotations(row)))
            return write_atomic(table, [read_all(stored)])
        keys, source_keys = _keys(labels), list[str]()
        for key, sample in zip(keys, self.samples.at(rows), strict=True):
            source_keys.append(sample.key)
            writer.add(replace(sample, key=key))
        return write_table(table, keys, [{"label": labels, "source_key": np.array(source_keys)}])

    def loses_annotations(self) -> bool:
        """Whether the source has annotations (all images or none do) and the format no room for them."""
        if self.format not in WHOLE or not isinstance(self.reader, AnnotatedReader) or not len(self.reader):
            return False
        return self.reader.annotations(0) is not None

    def _annotations(self, row: int) -> bytes | None:
        """Those of an image of the source, if both formats have room for them."""
        if self.format in WHOLE or not isinstance(self.reader, AnnotatedReader):
            return None
        return self.reader.annotations(row)


class _Samples:
    """Samples by their rows: in one go through the data set as long as rows follow each other, else one by one."""

    def __init__(self, reader: DatasetReader) -> None:
        self._reader, self._going, self._next = reader, iter(reader), 0

    def at(self, rows: Int64[np.ndarray, " n"]) -> Iterator[Sample]:
        first, end = int(rows[0]), int(rows[-1]) + 1
        if first >= self._next and np.array_equal(rows, np.arange(first, end)):
            skip, self._next = first - self._next, end
            yield from itertools.islice(self._going, skip, skip + len(rows))
            return
        for row in rows.tolist():
            yield Sample(self._reader.key(row), self._reader.read(row), int(self._reader.labels[row]))


def _stored_pieces(reader: DatasetReader) -> Iterator[ShardPlan]:
    """What the tables of a data set of facewright hold."""
    for index, table in enumerate(table_places(reader.path)):
        labels = table_labels(table)
        yield ShardPlan(index, f"{index:06d}", range(int(labels[0]), int(labels[-1]) + 1), len(labels))


def _keys(labels: Int64[np.ndarray, " n"]) -> list[str]:
    """Keys of images of consecutive classes, each class's numbered from 0. labels: in ascending order."""
    numbers = np.arange(len(labels)) - np.searchsorted(labels, labels)
    return [
        sample_key(label, number) for label, number in zip(labels.tolist(), numbers.tolist(), strict=True)
    ]


def _fingerprint(reader: DatasetReader) -> str:
    """A hash of all labels and of some images spread over the data set."""
    digest = hashlib.sha256(reader.labels.tobytes())
    for index in np.unique(np.linspace(0, len(reader) - 1, _HASHED_IMAGES).astype(int)).tolist():
        digest.update(reader.read(index))
    return digest.hexdigest()
