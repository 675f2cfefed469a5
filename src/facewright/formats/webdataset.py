"""Tar shards in the layout of the webdataset library: `key.jpg` and `key.cls` (ASCII class number) per sample,
`key.npz` too where there are annotations.

Beside each `000000.tar` lies `000000.idx.npy`, a table of key, offset, size and label. It is a numpy file and not part
of the Parquet file of parameters, so that reading images needs neither pyarrow nor the parameters.
"""

from __future__ import annotations

import bisect
import io
import itertools
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Int64

from facewright.errors import FacewrightError
from facewright.formats.atomic import FileRecord, write_atomic
from facewright.formats.base import Sample, image_suffix
from facewright.formats.manifest import Manifest, read_manifest
from facewright.formats.storage import Place, list_sizes, opened, read_all, read_range
from facewright.formats.tar import BLOCK, END, TarIndex, checksum_is_right, member, scan

__all__ = ["WebDatasetReader", "WebDatasetWriter"]

_INDEX_SUFFIX = ".idx.npy"


class WebDatasetWriter:
    """Writes one shard: `<shard>.tar` and `<shard>.idx.npy`."""

    def __init__(self, root: Place, shard: str) -> None:
        self._tar = root / f"{shard}.tar"
        self._chunks: list[bytes] = []
        self._rows: list[tuple[str, int, int, int]] = []
        self._end = 0

    def add(self, sample: Sample) -> None:
        first = len(self._chunks)
        image = member(f"{sample.key}.{image_suffix(sample.jpeg)}", sample.jpeg)
        label = member(f"{sample.key}.cls", b"%d" % sample.label)
        self._rows.append((sample.key, self._end + BLOCK, len(sample.jpeg), sample.label))
        self._chunks += (image, label)
        if sample.annotations is not None:
            self._chunks.append(member(f"{sample.key}.npz", sample.annotations))
        self._end += sum(map(len, self._chunks[first:]))

    def close(self) -> dict[str, FileRecord]:
        longest = max((len(key) for key, *_ in self._rows), default=1)
        kind = [("key", f"S{longest}"), ("offset", "<i8"), ("size", "<i8"), ("label", "<i8")]
        table = io.BytesIO()
        np.save(table, np.array(self._rows, dtype=kind), allow_pickle=False)
        index = _index_path(self._tar)
        return {
            self._tar.name: write_atomic(self._tar, [*self._chunks, END]),
            index.name: write_atomic(index, [table.getvalue()]),
        }


class WebDatasetReader:
    """Reads a folder of tar files, or one of them: shards by facewright or by other tools, archives of class folders.

    Files without an index are scanned once. Labels are renumbered to 0 .. classes-1 in ascending order (nothing
    changes for a whole set made by facewright), folders by name. Raises FacewrightError for a truncated or damaged
    file.
    """

    def __init__(self, path: Place) -> None:
        self.path = path
        manifest = read_manifest(path) if path.is_dir() else None
        sizes = _find_shards(path, manifest)
        self._shards = list(sizes)
        indexes = [_load_index(shard, size) for shard, size in sizes.items()]
        self._keys = [key for index in indexes for key in index.keys]
        self._offsets = np.concatenate([index.offsets for index in indexes])
        self._sizes = np.concatenate([index.sizes for index in indexes])
        self._ends = list(itertools.accumulate(len(index.keys) for index in indexes))
        if len({index.labels.dtype.kind for index in indexes}) > 1:
            raise FacewrightError(
                f"{path}: found tar files with .cls labels and without, expected the same in all of them"
            )
        found, labels = np.unique(np.concatenate([index.labels for index in indexes]), return_inverse=True)
        self.labels: Int64[np.ndarray, " n"] = labels.astype(np.int64)
        self.classes = len(found)
        if manifest is not None and len(self) != manifest.images:
            raise FacewrightError(
                f"{path}: found {len(self)} images, expected {manifest.images} (manifest.json)"
            )

    def __len__(self) -> int:
        return len(self._keys)

    def key(self, index: int) -> str:
        return self._keys[index]

    def read(self, index: int) -> bytes:
        path, offset, size = self._place(index)
        return _member(path, read_range(path, offset - BLOCK, BLOCK + size), offset, size)

    def annotations(self, index: int) -> bytes | None:
        """`key.npz`, one of the files of its key that follow the image."""
        path, offset, size = self._place(index)
        stem = PurePosixPath(self._keys[index]).name
        while True:
            offset += size + -size % BLOCK + BLOCK
            name, size = _named(path, read_range(path, offset - BLOCK, BLOCK), offset)
            if name.partition(".")[0] != stem:
                return None
            if name == f"{stem}.npz":
                return _member(path, read_range(path, offset - BLOCK, BLOCK + size), offset, size)

    def _place(self, index: int) -> tuple[Place, int, int]:
        """Shard, offset and size of an image."""
        if not 0 <= index < len(self):
            raise IndexError(f"image {index}: expected 0 .. {len(self) - 1}")
        path = self._shards[bisect.bisect_right(self._ends, index)]
        return path, int(self._offsets[index]), int(self._sizes[index])

    def __iter__(self) -> Iterator[Sample]:
        first = 0
        for path, end in zip(self._shards, self._ends, strict=True):
            with opened(path) as read:
                for row in range(first, end):
                    offset, size = int(self._offsets[row]), int(self._sizes[row])
                    data = _member(path, read(offset - BLOCK, BLOCK + size), offset, size)
                    yield Sample(self._keys[row], data, int(self.labels[row]))
            first = end


def _index_path(tar: Place) -> Place:
    return tar.with_name(tar.name.removesuffix(".tar") + _INDEX_SUFFIX)


def _find_shards(path: Place, manifest: Manifest | None) -> dict[Place, int]:
    """The shards at `path` and their sizes."""
    if not path.is_dir():
        return {path: path.stat().st_size}
    sizes = list_sizes(path)
    if manifest is None:
        names = sorted(name for name in sizes if name.endswith(".tar"))
    else:
        names = [f"{shard}.tar" for shard in manifest.shards]
        for name, record in zip(names, manifest.shards.values(), strict=True):
            expected = record.files[name].bytes
            if sizes.get(name, expected) != expected:
                raise FacewrightError(
                    f"{path / name}: found {sizes[name]} bytes, expected {expected} (manifest.json): "
                    f"`facewright verify {path} --repair` redraws it"
                )
    if not names:
        raise FacewrightError(f"{path}: found no .tar files, expected at least one shard")
    missing = next((name for name in names if name not in sizes), None)
    if missing is not None:
        raise FacewrightError(f"{path / missing}: not found, expected a tar shard")
    return {path / name: sizes[name] for name in names}


def _load_index(tar: Place, found: int) -> TarIndex:
    """The index of a shard of so many bytes."""
    path = _index_path(tar)
    if not path.exists():
        return scan(tar)
    try:
        table = np.load(io.BytesIO(read_all(path)), allow_pickle=False)
        index = TarIndex(
            keys=[key.decode("ascii") for key in table["key"].tolist()],
            offsets=table["offset"].astype(np.int64),
            sizes=table["size"].astype(np.int64),
            labels=table["label"].astype(np.int64),
        )
    except (ValueError, IndexError, EOFError) as error:
        raise FacewrightError(
            f"{path}: not an index of a shard ({error}): delete it to have the tar scanned"
        ) from error
    end = int((index.offsets + index.sizes).max(initial=0))
    if found < end:
        raise FacewrightError(
            f"{tar}: truncated: found {found} bytes, expected more than {end} ({path.name})"
        )
    return index


def _named(path: Place, header: bytes, offset: int) -> tuple[str, int]:
    """File name and size in a header block; no name at the end."""
    if not any(header):
        return "", 0
    if len(header) != BLOCK or not checksum_is_right(header):
        raise FacewrightError(f"{path}: damaged: no valid header at byte {offset - BLOCK}")
    name = header[:100].partition(b"\0")[0].decode("utf-8", "replace")
    return PurePosixPath(name).name, int(header[124:136].strip(b" \0") or b"0", 8)


def _member(path: Place, data: bytes, offset: int, size: int) -> bytes:
    """The file in a header block and what follows it."""
    if len(data) != BLOCK + size:
        found = max(len(data) - BLOCK, 0)
        raise FacewrightError(
            f"{path}: truncated: found {found} of {size} bytes of the file at byte {offset}"
        )
    if not checksum_is_right(data[:BLOCK]):
        raise FacewrightError(f"{path}: damaged: no valid header at byte {offset - BLOCK}")
    return data[BLOCK:]
