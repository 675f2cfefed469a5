"""Who a person is: identity coefficients, and the age, gender and ancestry that go with them."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from facewright import _native
from facewright.distributions import Distribution
from facewright.models.embedded import EmbeddedHead
from facewright.people.config import AGE_RANGE_YEARS, POPULATION_AGE, POPULATION_MASCULINITY, PeopleConfig
from facewright.streams import Factor, Streams

__all__ = ["Identity", "draw_identity", "measured_attributes"]

_DRAWS = 5
_ANCESTRIES = ("african", "asian", "caucasian")
_CONDITIONED = ("age", "gender", "african", "asian")
"""The third ancestry follows, as the shares sum to 1."""
# Coefficients are limited after conditioning, which moves the attributes a little; this often is enough to settle.
_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Identity:
    """Coefficients (K,) of the head's identity directions and what they amount to, each 0 .. 1.

    age: 0 is 20 years, 1 is 80; masculinity: 0 female, 1 male; african, asian, caucasian sum to 1.
    """

    coefficients: Float32[np.ndarray, " K"]
    age: float
    masculinity: float
    african: float
    asian: float
    caucasian: float


def draw_identity(config: PeopleConfig, head: EmbeddedHead, streams: Streams) -> Identity:
    """Draw coefficients from N(0, shape_sigma^2), given the person's age, gender and ancestry.

    The attributes condition the Gaussian: the coefficients move along the attributes' directions to the nearest
    point, in the Mahalanobis sense, where the attributes are as drawn from `config`.
    """
    attributes = _draw_attributes(config, streams.uniform(Factor.ATTRIBUTES, 0, 1, _DRAWS)[0])
    coefficients = config.drawn_shape(
        streams.uniform(Factor.SHAPE, 0, 1, len(head.model.identity_basis_mm))[0]
    )
    rows, offsets = _rows(head)
    wanted = np.array([attributes[name] for name in _CONDITIONED]) - offsets
    conditioned = _native.conditioned(coefficients, rows, wanted, config.shape_limit, _ROUNDS)
    return Identity(
        coefficients=conditioned.astype(np.float32),
        age=attributes["age"],
        masculinity=attributes["gender"],
        african=attributes["african"],
        asian=attributes["asian"],
        caucasian=attributes["caucasian"],
    )


def measured_attributes(head: EmbeddedHead, coefficients: Float64[np.ndarray, " K"]) -> dict[str, float]:
    """The head's attributes as its coefficients show them."""
    return {
        name: float(offset) + _inner(direction, coefficients)
        for name, direction, offset in zip(
            head.attribute_names, head.attribute_directions, head.attribute_offsets, strict=True
        )
    }


def _draw_attributes(config: PeopleConfig, p: Float64[np.ndarray, " draws"]) -> dict[str, float]:
    """Age, gender and ancestries in the head's units."""

    def value(distribution: Distribution, draw: int) -> float:
        return float(distribution.quantile(p[draw : draw + 1])[0])

    youngest, oldest = AGE_RANGE_YEARS
    given: dict[str, float] = {}
    free: dict[str, float] = {}
    for draw, name in enumerate(_ANCESTRIES, 2):
        distribution: Distribution | None = getattr(config, name)
        if distribution is not None:
            given[name] = value(distribution, draw)
        else:
            square = float(p[draw] * p[draw])
            free[name] = square * square  # most people have one ancestry in the main
    total = max(sum(given.values()), 1.0)
    left = 1 - sum(given.values()) / total
    shares = {name: share / total for name, share in given.items()}
    shares |= {name: left * part / sum(free.values()) for name, part in free.items()}
    return {
        "age": (value(config.age or POPULATION_AGE, 0) - youngest) / (oldest - youngest),
        "gender": value(config.masculinity or POPULATION_MASCULINITY, 1),
        **shares,
    }


@functools.lru_cache(maxsize=4)
def _rows(
    head: EmbeddedHead,
) -> tuple[Float64[np.ndarray, "attributes carriers"], Float64[np.ndarray, " attributes"]]:
    """Directions and offsets of the attributes that are conditioned on, over the coefficients that carry them."""
    indices = [head.attribute_names.index(name) for name in _CONDITIONED]
    directions = head.attribute_directions[indices].astype(np.float64)
    carriers = int(np.flatnonzero(directions.any(axis=0))[-1]) + 1
    return np.ascontiguousarray(directions[:, :carriers]), head.attribute_offsets[indices].astype(np.float64)


def _inner(a: np.ndarray, b: np.ndarray) -> float:
    """Exactly rounded, so the same on every machine, unlike numpy's dot."""
    return math.fsum((a.astype(np.float64) * b).tolist())
