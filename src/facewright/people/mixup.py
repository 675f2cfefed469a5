"""Identity mixup: images of two people at once, blended before they are drawn.

Qiu et al., "SynFace: Face Recognition with Synthetic Data" (ICCV 2021): the identity coefficients of an image
are weight * first + (1 - weight) * second, and its label is blended alike.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Float32, Int64

from facewright.distributions import Distribution, Empirical, require_within
from facewright.errors import FacewrightError
from facewright.people.identity import Identity
from facewright.people.traits import Traits
from facewright.streams import Factor, Streams

__all__ = ["MixupConfig", "Mixes", "blend_identities", "blend_traits", "draw_mixes"]

SYNFACE_WEIGHTS = Empirical(tuple(step / 20 for step in range(21)))
# What belongs to hair, or is a pattern rather than an amount: it is one person's or the other's.
_WHOLE = (
    "hair_lightness", "hair_red", "grey", "baldness", "hairline", "hair_texture", "beard", "moustache", "moles",
)  # fmt: skip


@dataclass(frozen=True)
class MixupConfig:
    """Images of two people at once, with two labels and the weight of the first."""

    mixup: bool = False
    """Blend each person with others of the set."""
    mixup_weight: Distribution = SYNFACE_WEIGHTS
    """Share of the person whose image it is; the rest is the other's."""
    mixup_partners: int | None = None
    """How many (partner, weight) pairs a person has; by default each image has its own, which takes longest to draw."""

    def __post_init__(self) -> None:
        require_within("mixup_weight", self.mixup_weight, 0.0, 1.0)
        if self.mixup_partners is not None and self.mixup_partners < 1:
            raise FacewrightError(f"mixup_partners: found {self.mixup_partners}, expected at least 1")


@dataclass(frozen=True)
class Mixes:
    """For each of n images the index of the second person, and the weight of the first."""

    partner: Int64[np.ndarray, " n"]
    weight: Float32[np.ndarray, " n"]


def draw_mixes(config: MixupConfig, streams: Streams, people: range, first: int, count: int) -> Mixes:
    """Partners of the person of `streams` among the other `people`, for samples `first` .. `first + count - 1`."""
    samples = np.arange(first, first + count)
    rows = samples if config.mixup_partners is None else samples % config.mixup_partners
    p = streams.uniform(Factor.MIXUP, 0, int(rows.max()) + 1, 2)[rows]
    others = len(people) - 1
    place = np.minimum((p[:, 0] * others).astype(np.int64), others - 1) + people.start
    partner = place + (place >= streams.person)
    return Mixes(partner, config.mixup_weight.quantile(p[:, 1]).astype(np.float32))


def blend_identities(first: Identity, second: Identity, weight: float) -> Identity:
    """weight * first + (1 - weight) * second, in every coefficient and attribute."""
    if weight in (0.0, 1.0):
        return first if weight else second
    mixed = {
        f.name: weight * getattr(first, f.name) + (1 - weight) * getattr(second, f.name)
        for f in fields(Identity)
    }
    mixed["coefficients"] = np.ascontiguousarray(mixed["coefficients"], np.float32)
    return Identity(**mixed)


def blend_traits(first: Traits, second: Traits, weight: float) -> Traits:
    """The same for traits, but hair, beard and moles are those of the heavier person."""
    if weight in (0.0, 1.0):
        return first if weight else second
    heavier = first if weight >= 0.5 else second
    mixed = {
        f.name: weight * getattr(first, f.name) + (1 - weight) * getattr(second, f.name)
        for f in fields(Traits)
    }
    return replace(heavier, **{name: value for name, value in mixed.items() if name not in _WHOLE})
