"""Tar shards in the layout of the webdataset library: `key.jpg` and `key.cls` (ASCII class number) per sample.

Beside each `000000.tar` lies `000000.idx.npy`, a table of key, offset, size and label. It is a numpy file and not part
of the Parquet file of parameters, so that reading images needs neither pyarrow nor the parameters.
"""

from __future__ import annotations

import bisect
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic
from facewright.formats.base import Sample
from facewright.formats.manifest import Manifest, read_manifest
from facewright.formats.tar import BLOCK, END, TarIndex, checksum_is_right, member, scan

__all__ = ["WebDatasetReader", "WebDatasetWriter"]

_INDEX_SUFFIX = ".idx.npy"


class WebDatasetWriter:
    """Writes one shard: `<shard>.tar` and `<shard>.idx.npy`."""

    def __init__(self, root: Path, shard: str) -> None:
        self._tar = root / f"{shard}.tar"
        self._chunks: list[bytes] = []
        self._rows: list[tuple[str, int, int, int]] = []
        self._end = 0

    def add(self, sample: Sample) -> None:
        image = member(f"{sample.key}.jpg", sample.jpeg)
        label = member(f"{sample.key}.cls", b"%d" % sample.label)
        self._rows.append((sample.key, self._end + BLOCK, len(sample.jpeg), sample.label))
        self._chunks += (image, label)
        self._end += len(image) + len(label)

    def close(self) -> None:
        longest = max((len(key) for key, *_ in self._rows), default=1)
        kind = [("key", f"S{longest}"), ("offset", "<i8"), ("size", "<i8"), ("label", "<i8")]
        table = io.BytesIO()
        np.save(table, np.array(self._rows, dtype=kind), allow_pickle=False)
        write_atomic(self._tar, [*self._chunks, END])
        write_atomic(_index_path(self._tar), [table.getvalue()])

    @staticmethod
    def outputs(shard: str, people: Sequence[str]) -> list[str]:
        return [f"{shard}.tar", f"{shard}{_INDEX_SUFFIX}"]


class WebDatasetReader:
    """Reads a folder of tar shards, or one shard, written by facewright or by other tools.

    Shards without an index are scanned once. Labels are renumbered to 0 .. classes-1 in ascending order (nothing
    changes for a whole set made by facewright). Raises FacewrightError for a truncated or damaged shard.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        manifest = read_manifest(path) if path.is_dir() else None
        self._shards = _find_shards(path, manifest)
        indexes = [_load_index(shard) for shard in self._shards]
        self._keys = [key for index in indexes for key in index.keys]
        self._offsets = np.concatenate([index.offsets for index in indexes])
        self._sizes = np.concatenate([index.sizes for index in indexes])
        self._ends = list(itertools.accumulate(len(index.keys) for index in indexes))
        found, labels = np.unique(np.concatenate([index.labels for index in indexes]), return_inverse=True)
        self.labels: Int64[np.ndarray, " n"] = labels.astype(np.int64)
        self.classes = len(found)
        if manifest is not None and len(self) != manifest.images:
            raise FacewrightError(
                f"{path}: found {len(self)} images, expected {manifest.images} (manifest.json)"
            )

    def __len__(self) -> int:
        return len(self._keys)

    def read(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(f"image {index}: expected 0 .. {len(self) - 1}")
        path = self._shards[bisect.bisect_right(self._ends, index)]
        descriptor = _open(path)
        try:
            return _read_member(path, descriptor, int(self._offsets[index]), int(self._sizes[index]))
        finally:
            os.close(descriptor)

    def __iter__(self) -> Iterator[Sample]:
        first = 0
        for path, end in zip(self._shards, self._ends, strict=True):
            places = zip(self._offsets[first:end].tolist(), self._sizes[first:end].tolist(), strict=True)
            named = zip(self._keys[first:end], self.labels[first:end].tolist(), strict=True)
            descriptor = _open(path)
            try:
                for (offset, size), (key, label) in zip(places, named, strict=True):
                    yield Sample(key, _read_member(path, descriptor, offset, size), label)
            finally:
                os.close(descriptor)
            first = end


def _index_path(tar: Path) -> Path:
    return tar.with_name(tar.name.removesuffix(".tar") + _INDEX_SUFFIX)


def _find_shards(path: Path, manifest: Manifest | None) -> list[Path]:
    if not path.is_dir():
        shards = [path]
    elif manifest is None:
        shards = sorted(path.glob("*.tar"))
    else:
        shards = [path / f"{shard}.tar" for shard in manifest.shards]
        for shard in shards:
            expected = manifest.shards[shard.stem][shard.name].bytes
            if shard.exists() and shard.stat().st_size != expected:
                raise FacewrightError(
                    f"{shard}: found {shard.stat().st_size} bytes, expected {expected} (manifest.json): run "
                    "the same `facewright generate` again to redraw it"
                )
    if not shards:
        raise FacewrightError(f"{path}: found no .tar files, expected at least one shard")
    missing = next((shard for shard in shards if not shard.is_file()), None)
    if missing is not None:
        raise FacewrightError(f"{missing}: not found, expected a tar shard")
    return shards


def _load_index(tar: Path) -> TarIndex:
    path = _index_path(tar)
    if not path.exists():
        return scan(tar)
    try:
        table = np.load(path, allow_pickle=False)
        index = TarIndex(
            keys=[key.decode("ascii") for key in table["key"].tolist()],
            offsets=table["offset"].astype(np.int64),
            sizes=table["size"].astype(np.int64),
            labels=table["label"].astype(np.int64),
        )
    except (OSError, ValueError, IndexError, EOFError) as error:
        raise FacewrightError(
            f"{path}: not an index of a shard ({error}): delete it to have the tar scanned"
        ) from error
    end, found = int((index.offsets + index.sizes).max(initial=0)), tar.stat().st_size
    if found < end:
        raise FacewrightError(
            f"{tar}: truncated: found {found} bytes, expected more than {end} ({path.name})"
        )
    return index


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY)
    except OSError as error:
        raise FacewrightError(f"{path}: cannot be read: {error.strerror}") from error


def _read_member(path: Path, descriptor: int, offset: int, size: int) -> bytes:
    data = os.pread(descriptor, BLOCK + size, offset - BLOCK)
    if len(data) != BLOCK + size:
        found = max(len(data) - BLOCK, 0)
        raise FacewrightError(
            f"{path}: truncated: found {found} of {size} bytes of the image at byte {offset}"
        )
    if not checksum_is_right(data[:BLOCK]):
        raise FacewrightError(f"{path}: damaged: no valid header at byte {offset - BLOCK}")
    return data[BLOCK:]
