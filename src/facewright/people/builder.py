"""Builds a person of the embedded head: geometry from identity coefficients, albedo from painted layers."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from facewright import _native
from facewright.models.embedded import EmbeddedHead
from facewright.people.albedo import paint_albedo
from facewright.people.config import PeopleConfig
from facewright.people.identity import draw_identity
from facewright.people.lids import with_plausible_lids
from facewright.people.person import Person
from facewright.people.traits import Traits, draw_traits
from facewright.streams import Factor, RelatedStreams, Streams

__all__ = ["build_person"]


def build_person(config: PeopleConfig, head: EmbeddedHead, index: int, seed: int) -> Person:
    """Draw the person `index` of `seed`."""
    model = head.model
    streams = _streams(config, index, seed)
    identity = draw_identity(config, head, streams)
    traits = draw_traits(identity, streams)
    neutral = _native.combine(model.mean_mm, model.identity_basis_mm, identity.coefficients)
    neutral = with_plausible_lids(model, neutral)
    neutral = _native.combine(neutral, head.hair_basis_mm, _hair_volume(head, traits))
    texture = paint_albedo(head, traits)
    return Person(
        index=index,
        seed=seed,
        model=model,
        neutral_mm=neutral,
        texture=texture,
        made_up=texture,
        hair=(),
        traits=traits.as_columns(),
    )


def _streams(config: PeopleConfig, index: int, seed: int) -> Streams:
    if config.related_to is None:
        return Streams(seed, index)
    # The relation itself is the person's own: drawn from the same stream at sample 1.
    p = Streams(seed, index).uniform(Factor.ATTRIBUTES, 1, 1, 1)[0]
    distance = float(config.relation.quantile(p)[0])
    return RelatedStreams(seed, index, config.related_to, correlation=1 - distance * distance)


def _hair_volume(head: EmbeddedHead, traits: Traits) -> Float32[np.ndarray, " H"]:
    """Weights of the hair outlines; none on a shaved head."""
    volumes = np.array([getattr(traits, f"hair_{name}") for name in head.hair_names])
    return volumes.astype(np.float32)
