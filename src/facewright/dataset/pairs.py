"""Pairs of images of a data set, as LFW lists them: the same person or two, in folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facewright.dataset.config import DatasetConfig
from facewright.dataset.plan import sample_key
from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic
from facewright.streams import Factor, Streams

__all__ = ["draw_pairs", "write_pairs"]


def draw_pairs(config: DatasetConfig, folds: int, pairs: int, seed: int) -> list[list[str]]:
    """Lines of each fold: `pairs` of one person, then as many of two people. No pair and no person is in two folds.

    Raises FacewrightError when a fold would have too few people.
    """
    people = np.arange(config.first_person, config.first_person + config.people)
    order = np.argsort(Streams(seed, 0).uniform(Factor.PAIRS, 0, 1, len(people))[0], kind="stable")
    return [
        _fold(config, people[order[fold::folds]].tolist(), pairs, Streams(seed, fold + 1))
        for fold in range(folds)
    ]


def write_pairs(config: DatasetConfig, path: Path, folds: int = 10, pairs: int = 300, seed: int = 0) -> int:
    """Write them in the format of LFW's pairs.txt, numbers being samples; returns how many. Raises as `draw_pairs`."""
    if folds < 2 or pairs < 1:
        raise FacewrightError(f"pairs: found {folds} folds of {pairs}, expected at least 2 of 1")
    lines = [f"{folds}\t{pairs}", *(line for fold in draw_pairs(config, folds, pairs, seed) for line in fold)]
    write_atomic(path, ["\n".join([*lines, ""]).encode()])
    return len(lines) - 1


def _name(person: int) -> str:
    """The folder of their images."""
    return sample_key(person, 0).partition("_")[0]


def _fold(config: DatasetConfig, people: list[int], pairs: int, streams: Streams) -> list[str]:
    several = [person for person in people if config.samples_of(person) > 1]
    most = sum(config.samples_of(person) * (config.samples_of(person) - 1) // 2 for person in several)
    if most < pairs or len(people) * (len(people) - 1) // 2 < pairs:
        raise FacewrightError(
            f"pairs: found {len(people)} people in a fold, {len(several)} of them with several images, too few for "
            f"{pairs} pairs of each kind"
        )
    same: dict[tuple[int, int, int], None] = {}
    different: dict[tuple[int, int], str] = {}
    attempt = 0
    while len(same) < pairs or len(different) < pairs:
        p = streams.uniform(Factor.PAIRS, attempt, 1, 7)[0]
        attempt += 1
        if several and len(same) < pairs:
            person = several[int(p[0] * len(several))]
            count = config.samples_of(person)
            a = int(p[1] * count)
            b = (a + 1 + int(p[2] * (count - 1))) % count
            same.setdefault((person, min(a, b), max(a, b)))
        i = int(p[3] * len(people))
        j = (i + 1 + int(p[4] * (len(people) - 1))) % len(people)
        if len(different) < pairs:
            one, two = people[min(i, j)], people[max(i, j)]
            a, b = int(p[5] * config.samples_of(one)), int(p[6] * config.samples_of(two))
            different.setdefault((one, two), f"{_name(one)}\t{a}\t{_name(two)}\t{b}")
    return [f"{_name(person)}\t{a}\t{b}" for person, a, b in same] + list(different.values())
