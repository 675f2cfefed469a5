"""Which people go into which shard: a pure function of the configuration."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from facewright.dataset.config import DatasetConfig

__all__ = ["ShardPlan", "plan_classes", "plan_shards", "sample_key"]

_IMAGES_PER_SHARD = 1000


@dataclass(frozen=True)
class ShardPlan:
    """One unit of work, and of resuming: all images of a range of people, so many in all."""

    index: int
    name: str
    people: range
    images: int


def plan_shards(config: DatasetConfig) -> list[ShardPlan]:
    """Consecutive shards of about 1,000 images or a little less, never splitting a person.

    Among people with equally many images their sizes differ by one person at most, so that workers end together.
    """
    pieces = [(piece, samples) for people, samples in config.groups for piece in _pieces(people, samples)]
    return [
        ShardPlan(index, f"{index:06d}", people, len(people) * samples)
        for index, (people, samples) in enumerate(pieces)
    ]


def plan_classes(images: Sequence[int]) -> list[ShardPlan]:
    """Consecutive shards of at most 1,000 images, or of one class. images: how many each class has."""
    shards: list[ShardPlan] = []
    first = total = 0
    for label, count in enumerate([*images, _IMAGES_PER_SHARD]):
        if total and total + count > _IMAGES_PER_SHARD:
            shards.append(ShardPlan(len(shards), f"{len(shards):06d}", range(first, label), total))
            first, total = label, 0
        total += count
    return shards


def _pieces(people: range, samples: int) -> Iterator[range]:
    count = math.ceil(len(people) / max(1, round(_IMAGES_PER_SHARD / samples)))
    starts = [people.start + -(-len(people) * index // count) for index in range(count + 1)]
    return itertools.starmap(range, itertools.pairwise(starts))


def sample_key(person: int, sample: int) -> str:
    """Key of one image, unique among all people of a seed."""
    return f"{person:08d}_{sample:04d}"
