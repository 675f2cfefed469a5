"""Who a person is: identity coefficients, and the age, gender and ancestry that go with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from facewright.models.embedded import EmbeddedHead
from facewright.people.config import AGE_RANGE_YEARS, PeopleConfig
from facewright.streams import Factor, Streams

__all__ = ["Identity", "draw_identity", "measured_attributes"]

_DRAWS = 8
_ANCESTRIES = ("african", "asian", "caucasian")
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
    """Draw coefficients from N(0, shape_sigma^2), given the attributes that `config` sets.

    A given attribute conditions the Gaussian: the coefficients move along the attributes' directions to the nearest
    point, in the Mahalanobis sense, where the attributes are as asked for.
    """
    p = streams.uniform(Factor.ATTRIBUTES, 0, 1, _DRAWS)[0]
    wanted = _wanted(config, p)
    drawn = streams.normal(Factor.SHAPE, 0, 1, len(head.model.identity_basis_mm))[0] * config.shape_sigma
    coefficients = drawn.clip(-config.shape_limit, config.shape_limit)
    for _ in range(_ROUNDS if wanted else 0):
        moved = _moved_to(head, coefficients, wanted)
        coefficients = moved.clip(-config.shape_limit, config.shape_limit)
    return _identity(coefficients.astype(np.float32), measured_attributes(head, coefficients), wanted, p)


def measured_attributes(head: EmbeddedHead, coefficients: Float64[np.ndarray, " K"]) -> dict[str, float]:
    """The head's attributes as its coefficients show them."""
    return {
        name: float(offset) + _inner(direction, coefficients)
        for name, direction, offset in zip(
            head.attribute_names, head.attribute_directions, head.attribute_offsets, strict=True
        )
    }


def _wanted(config: PeopleConfig, p: Float64[np.ndarray, " draws"]) -> dict[str, float]:
    """The attributes that are given, in the head's units."""
    given = {
        "age": config.age,
        "gender": config.masculinity,
        **{name: getattr(config, name) for name in _ANCESTRIES},
    }
    values = {
        name: float(distribution.quantile(p[i : i + 1])[0])
        for i, (name, distribution) in enumerate(given.items())
        if distribution is not None
    }
    if "age" in values:
        youngest, oldest = AGE_RANGE_YEARS
        values["age"] = (values["age"] - youngest) / (oldest - youngest)
    return values


def _moved_to(
    head: EmbeddedHead, coefficients: Float64[np.ndarray, " K"], wanted: Mapping[str, float]
) -> Float64[np.ndarray, " K"]:
    """z + D^T (D D^T)^-1 (wanted - D z - offset), D the rows of the wanted attributes."""
    rows = [head.attribute_directions[head.attribute_names.index(name)].astype(np.float64) for name in wanted]
    now = measured_attributes(head, coefficients)
    missing = [value - now[name] for name, value in wanted.items()]
    steps = _solve([[_inner(a, b) for b in rows] for a in rows], missing)
    moved = coefficients.copy()
    for step, row in zip(steps, rows, strict=True):
        moved = moved + step * row
    return moved


def _inner(a: np.ndarray, b: np.ndarray) -> float:
    """Exactly rounded, so the same on every machine, unlike numpy's dot."""
    return math.fsum((a.astype(np.float64) * b).tolist())


def _solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """A small positive definite system by Gaussian elimination, the same on every machine."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    count = len(rows)
    for i in range(count):
        for j in range(i + 1, count):
            factor = rows[j][i] / rows[i][i]
            rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    out = [0.0] * count
    for i in reversed(range(count)):
        known = math.fsum(rows[i][j] * out[j] for j in range(i + 1, count))
        out[i] = (rows[i][count] - known) / rows[i][i]
    return out


def _identity(
    coefficients: Float32[np.ndarray, " K"],
    measured: Mapping[str, float],
    wanted: Mapping[str, float],
    p: Float64[np.ndarray, " draws"],
) -> Identity:
    """How a person seems: as the geometry says, give or take a little where nothing was asked for."""
    age = wanted.get("age", 0.75 * measured["age"] + 0.45 * (p[5] - 0.35))
    masculinity = wanted.get("gender", measured["gender"] + 0.25 * (p[6] - 0.5))
    shares = [max(wanted.get(name, measured[name]), 0.0) + 1e-3 for name in _ANCESTRIES]
    total = shares[0] + shares[1] + shares[2]
    african, asian, caucasian = (share / total for share in shares)
    return Identity(coefficients, _unit(age), _unit(masculinity), african, asian, caucasian)


def _unit(value: float) -> float:
    return min(max(float(value), 0.0), 1.0)
