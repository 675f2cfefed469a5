"""Which people go into which shard: a pure function of the configuration."""

from __future__ import annotations

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
    """Consecutive shards of about 1,000 images, never splitting a person."""
    per_shard = max(1, round(_IMAGES_PER_SHARD / config.samples))
    end = config.first_person + config.people
    starts = range(config.first_person, end, per_shard)
    return [
        ShardPlan(index, f"{index:06d}", range(start, min(start + per_shard, end)))
        for index, start in enumerate(starts)
    ]


def person_name(person: int) -> str:
    """The person's part of a key, and the name of their folder."""
    return f"{person:08d}"


def sample_key(person: int, sample: int) -> str:
    """Key of one image, unique among all people of a seed."""
    return f"{person_name(person)}_{sample:04d}"
