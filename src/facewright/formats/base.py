"""The one reader and the one writer interface that every container format implements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["DatasetReader", "Sample"]


@dataclass(frozen=True)
class Sample:
    """An encoded image and the class it belongs to. `key` is unique in its data set, e.g. "00000012_0003"."""

    key: str
    jpeg: bytes
    label: int


class DatasetReader(Protocol):
    """Random and sequential access to a labelled image set.

    `labels[i]` is the class of image i, 0 .. classes-1 without gaps; `read(i)` returns its encoded bytes. Iteration
    goes in stored order. Reading a damaged file raises FacewrightError naming the file.
    """

    path: Path
    labels: Sequence[int]
    classes: int

    def __len__(self) -> int: ...
    def read(self, index: int) -> bytes: ...
    def __iter__(self) -> Iterator[Sample]: ...
