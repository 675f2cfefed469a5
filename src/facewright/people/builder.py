"""Builds a person of the embedded head: geometry from identity coefficients, albedo from painted layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from facewright import _native
from facewright.errors import FacewrightError
from facewright.models.embedded import EmbeddedHead
from facewright.people.albedo import paint_albedo
from facewright.people.lids import with_plausible_lids
from facewright.people.person import Person
from facewright.people.traits import Traits, draw_traits
from facewright.streams import Factor, Streams

__all__ = ["PeopleConfig", "build_person"]


@dataclass(frozen=True)
class PeopleConfig:
    """How different people are from each other."""

    shape_sigma: float = 1.2
    """Standard deviation of the identity coefficients; 1 is the model's own population."""
    shape_limit: float = 2.5
    """Coefficients are kept within this many standard deviations, so that nobody is deformed."""

    def __post_init__(self) -> None:
        if not 0 <= self.shape_sigma <= 3:
            raise FacewrightError(f"people shape_sigma: found {self.shape_sigma}, expected 0 .. 3")
        if not 0 < self.shape_limit <= 5:
            raise FacewrightError(
                f"people shape_limit: found {self.shape_limit}, expected above 0 and at most 5"
            )


def build_person(config: PeopleConfig, head: EmbeddedHead, index: int, streams: Streams) -> Person:
    """Draw the person `index` from their streams."""
    model = head.model
    identity = _identity(config, len(model.identity_basis_mm), streams)
    traits = draw_traits(head, identity, streams)
    neutral = _native.combine(model.mean_mm, model.identity_basis_mm, identity)
    neutral = with_plausible_lids(model, neutral)
    neutral = _native.combine(neutral, head.hair_basis_mm, _hair_volume(head, traits))
    return Person(
        index=index,
        model=model,
        neutral_mm=neutral,
        texture=paint_albedo(head, traits),
        traits=traits.as_columns(),
    )


def _identity(config: PeopleConfig, dimensions: int, streams: Streams) -> Float32[np.ndarray, " K"]:
    drawn = streams.normal(Factor.SHAPE, 0, 1, dimensions)[0] * config.shape_sigma
    limited: Float64[np.ndarray, " K"] = drawn.clip(-config.shape_limit, config.shape_limit)
    return limited.astype(np.float32)


def _hair_volume(head: EmbeddedHead, traits: Traits) -> Float32[np.ndarray, " H"]:
    """Weights of the hair outlines; none on a shaved head."""
    volumes = np.array([getattr(traits, f"hair_{name}") for name in head.hair_names])
    return volumes.astype(np.float32)
