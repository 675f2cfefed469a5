"""Which people go into which shard: a pure function of the configuration."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from facewright.dataset.config import DatasetConfig

__all__ = ["ShardPlan", "person_name", "plan_shards", "sample_key"]

_IMAGES_PER_SHARD = 1000


@dataclass(frozen=True)
class ShardPlan:
    """One unit of work, and of resuming: all images of a range of people (indices of the seed's people)."""

    index: int
    name: str
    people: range


def plan_shards(config: DatasetConfig) -> list[ShardPlan]:
    """Consecutive shards of about 1,000 images or a little less, never splitting a person.

    Their sizes differ by one person at most, so that workers end together.
    """
    most_people = max(1, round(_IMAGES_PER_SHARD / config.samples))
    count = math.ceil(config.people / most_people)
    starts = [config.first_person + -(-config.people * index // count) for index in range(count + 1)]
    return [
        ShardPlan(index, f"{index:06d}", range(start, end))
        for index, (start, end) in enumerate(itertools.pairwise(starts))
    ]


def person_name(person: int) -> str:
    """The person's part of a key, and the name of their folder."""
    return f"{person:08d}"


def sample_key(person: int, sample: int) -> str:
    """Key of one image, unique among all people of a seed."""
    return f"{person_name(person)}_{sample:04d}"
