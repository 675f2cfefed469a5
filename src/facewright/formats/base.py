"""The one reader and the one writer interface that every container format implements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int64

__all__ = ["DatasetReader", "Sample", "ShardWriter"]


@dataclass(frozen=True)
class Sample:
    """An encoded image and the class it belongs to. `key` is unique in its data set, e.g. "00000012_0003"."""

    key: str
    jpeg: bytes
    label: int


@runtime_checkable
class DatasetReader(Protocol):
    """Random and sequential access to a labelled image set.

    `labels[i]` is the class of image i, 0 .. classes-1 without gaps; `read(i)` returns its encoded bytes. Iteration
    goes in stored order. Reading a damaged file raises FacewrightError naming the file. A reader holds no open files
    between calls: it can be pickled, forked and used from several threads.
    """

    path: Path
    labels: Int64[np.ndarray, " n"]
    classes: int

    def __len__(self) -> int: ...
    def read(self, index: int) -> bytes: ...
    def __iter__(self) -> Iterator[Sample]: ...


@runtime_checkable
class ShardWriter(Protocol):
    """Collects the samples of one shard in memory; `close` makes them visible, all or nothing per file.

    A shard that is never closed leaves nothing behind.
    """

    def __init__(self, root: Path, shard: str) -> None: ...
    def add(self, sample: Sample) -> None: ...
    def close(self) -> None: ...

    @staticmethod
    def outputs(shard: str, people: Sequence[str]) -> list[str]:
        """Names, relative to the root, of all files and folders that a shard with these people makes."""
