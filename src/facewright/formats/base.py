"""The one reader and the one writer interface that every container format implements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int64

from facewright.formats.atomic import FileRecord
from facewright.formats.storage import Place

__all__ = ["AnnotatedReader", "DatasetReader", "Sample", "ShardWriter", "image_suffix"]


@dataclass(frozen=True)
class Sample:
    """An encoded image (JPEG, or PNG from elsewhere) and its class. `key` is unique in its set: "00000012_0003".

    annotations: what is known of its pixels, an .npz; None where nothing is stored. Iterating readers leave it out.
    """

    key: str
    jpeg: bytes
    label: int
    annotations: bytes | None = None


def image_suffix(data: bytes) -> str:
    """What an encoded image's file name should end in."""
    return "png" if data.startswith(b"\x89PNG") else "jpg"


@runtime_checkable
class DatasetReader(Protocol):
    """Random and sequential access to a labelled image set.

    `labels[i]` is the class of image i, 0 .. classes-1 without gaps; `read(i)` returns its encoded bytes, `key(i)`
    its key. Iteration goes in stored order. Reading a damaged file raises FacewrightError naming the file. A reader
    holds no open files between calls: it can be pickled, forked and used from several threads.
    """

    path: Place
    labels: Int64[np.ndarray, " n"]
    classes: int

    def __len__(self) -> int: ...
    def key(self, index: int) -> str: ...
    def read(self, index: int) -> bytes: ...
    def __iter__(self) -> Iterator[Sample]: ...


@runtime_checkable
class AnnotatedReader(DatasetReader, Protocol):
    """A reader of a format that has room for annotations; `annotations(i)` are those of image i, None without any."""

    def annotations(self, index: int) -> bytes | None: ...


@runtime_checkable
class ShardWriter(Protocol):
    """Collects the samples of one shard; `close` makes them visible, all or nothing per file or folder.

    Samples of one class come one after the other. A shard that is never closed leaves nothing behind.
    """

    def __init__(self, root: Place, shard: str) -> None: ...
    def add(self, sample: Sample) -> None: ...
    def close(self) -> dict[str, FileRecord]:
        """Write the shard. Returns its files and folders by their names in `root`."""
