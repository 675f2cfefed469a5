"""LFW's pair lists: who is compared with whom, and in which fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

from facewright.errors import FacewrightError

__all__ = ["PairList", "distinct_photos", "find_dev_pairs", "read_pairs"]


@dataclass(frozen=True)
class PairList:
    """n pairs of photos of a folder.

    source: the file they were read from.
    first, second: the photos of each pair, relative to the photo folder ("Name/Name_0001.jpg").
    same: true where both show one person.
    folds: each pair's fold, 0 .. folds-1, or None where the file has no folds (View 1).
    """

    source: Path
    first: tuple[str, ...]
    second: tuple[str, ...]
    same: Bool[np.ndarray, " n"]
    folds: Int[np.ndarray, " n"] | None

    def __len__(self) -> int:
        return len(self.first)


def read_pairs(path: Path) -> PairList:
    """Read LFW's `pairs.txt` (folds) or `pairsDevTrain.txt` / `pairsDevTest.txt` (none).

    The first line is "<folds> <pairs of each kind per fold>" or "<pairs of each kind>". "Name 1 4" compares two photos
    of one person, "NameA 1 NameB 2" photos of two. Raises FacewrightError with file and line number.
    Format: the README of LFW (http://vis-www.cs.umass.edu/lfw/).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise FacewrightError(f"{path}: cannot read the pairs ({reason})") from error
    folds, pairs_per_kind = _counts(path, lines)
    pairs = [_pair(path, number, line) for number, line in enumerate(lines[1:], 2) if line.strip()]
    expected = (folds or 1) * 2 * pairs_per_kind
    if len(pairs) != expected:
        raise FacewrightError(f"{path}: found {len(pairs)} pairs, expected {expected} as its first line says")
    first, second, is_same = zip(*pairs, strict=True)
    same = np.array(is_same, bool)
    for fold, genuine in enumerate(same.reshape(folds or 1, -1).sum(axis=1)):
        if genuine != pairs_per_kind:
            where = f"fold {fold + 1}" if folds else "the file"
            raise FacewrightError(
                f"{path}: {where} has {genuine} pairs of one person, expected {pairs_per_kind}"
            )
    return PairList(
        source=path,
        first=first,
        second=second,
        same=same,
        folds=None if folds is None else np.repeat(np.arange(folds), 2 * pairs_per_kind),
    )


def find_dev_pairs(pairs: Path) -> Path | None:
    """The development pairs beside a View 1 test list: `pairsDevTrain.txt` next to `pairsDevTest.txt`."""
    sibling = pairs.with_name("pairsDevTrain.txt")
    return sibling if pairs.name == "pairsDevTest.txt" and sibling.is_file() else None


def distinct_photos(folder: Path, pair_lists: Sequence[PairList]) -> list[str]:
    """Every photo that the lists name, once, sorted.

    Raises FacewrightError naming the first photo that is missing from `folder`.
    """
    if not folder.is_dir():
        raise FacewrightError(f"{folder}: found no such folder, expected the LFW photos (Name/Name_0001.jpg)")
    names = sorted({name for pairs in pair_lists for name in (*pairs.first, *pairs.second)})
    for name in names:
        if not (folder / name).is_file():
            users = [str(pairs.source) for pairs in pair_lists if name in pairs.first or name in pairs.second]
            raise FacewrightError(f"{folder / name}: photo not found, though {users[0]} names it")
    return names


def _counts(path: Path, lines: list[str]) -> tuple[int | None, int]:
    words = lines[0].split() if lines else []
    match [int(word) if _is_number(word) else 0 for word in words]:
        case [pairs] if pairs > 0:
            return None, pairs
        case [folds, pairs] if folds > 1 and pairs > 0:
            return folds, pairs
    found = repr(lines[0][:60]) if lines else "an empty file"
    raise FacewrightError(
        f"{path}, line 1: found {found}, expected one count of pairs, or 2+ folds and a count"
    )


def _pair(path: Path, number: int, line: str) -> tuple[str, str, bool]:
    words = line.split()
    match words:
        case [name, one, two] if _is_number(one) and _is_number(two):
            return _photo(name, one), _photo(name, two), True
        case [name, one, other, two] if _is_number(one) and _is_number(two):
            return _photo(name, one), _photo(other, two), False
    raise FacewrightError(
        f"{path}, line {number}: found {line[:60]!r}, expected 'Name 1 2' or 'NameA 1 NameB 2'"
    )


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _photo(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}.jpg"
