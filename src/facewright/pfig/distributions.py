"""Distributions of its configurations."""

from __future__ import annotations

import math
from itertools import accumulate

from facewright.distributions import (
    Component,
    Constant,
    Distribution,
    Empirical,
    Mixture,
    Normal,
    TruncatedNormal,
    Uniform,
    bounds,
)
from facewright.errors import FacewrightError
from facewright.pfig.fields import Fields

__all__ = ["parse", "scaled"]


def parse(fields: Fields, exact: bool) -> Distribution:
    """Read constant, gaussian, uniform or mixture.

    The software takes a "variance" for a standard deviation, and draws anew for each component of a mixture, so that
    weights .6, .2, .2 become .6, .32, .08; `exact` does the same.
    """
    kind = fields.get("type", str)
    if kind == "constant":
        return Constant(fields.get("value", float))
    if kind == "gaussian":
        mean, variance = fields.get("mean", float), fields.get("variance", float)
        if variance < 0:
            raise FacewrightError(f"{fields.where}.variance: found {variance}, expected 0 or more")
        return Normal(mean, variance if exact else math.sqrt(variance))
    if kind == "uniform":
        low, high = fields.get("lower", float), fields.get("higher", float)
        return Uniform(min(low, high), max(low, high))
    if kind == "mixture":
        return _mixture(fields, exact)
    raise FacewrightError(
        f"{fields.where}.type: found '{kind}', expected constant, gaussian, uniform or mixture"
    )


def _mixture(fields: Fields, exact: bool) -> Mixture:
    weights, parts = [], []
    for i, component in enumerate(fields.get("components", list)):
        if not isinstance(component, list) or len(component) != 2 or not isinstance(component[1], dict):
            raise FacewrightError(
                f"{fields.where}.components[{i}]: found {component!r}, expected [weight, distribution]"
            )
        weights.append(float(component[0]))
        parts.append(parse(Fields(f"{fields.where}.components[{i}]", component[1]), exact))
    if exact:
        total = math.fsum(weights)
        weights = _redrawn([share / total for share in accumulate(weights)])
    chosen = [Component(weight, part) for weight, part in zip(weights, parts, strict=True) if weight > 0]
    return Mixture(tuple(chosen))


def _redrawn(cumulative: list[float]) -> list[float]:
    """Chances when each component in turn is compared with a number of its own."""
    left, chances = 1.0, []
    for share in cumulative:
        chances.append(left * min(share, 1.0))
        left *= 1 - min(share, 1.0)
    return chances


def scaled(
    distribution: Distribution, factor: float, offset: float = 0.0, limit: float = math.inf
) -> Distribution:
    """`distribution` times a factor plus an offset; of normals, only what lies within +-limit."""

    def moved(value: float) -> float:
        return value * factor + offset

    match distribution:
        case Constant(value):
            return Constant(moved(value))
        case Uniform(low, high):
            return Uniform(*sorted((moved(low), moved(high))))
        case Normal(mean, std):
            out = Normal(moved(mean), abs(factor) * std)
            low, high = bounds(out)
            if low < -limit or high > limit:
                return TruncatedNormal(moved(mean), abs(factor) * std, -limit, limit)
            return out
        case Mixture(components):
            return Mixture(
                tuple(
                    Component(part.weight, scaled(part.distribution, factor, offset, limit))
                    for part in components
                )
            )
        case Empirical(values):
            return Empirical(tuple(moved(value) for value in values))
        case TruncatedNormal(mean, std, low, high):
            return TruncatedNormal(moved(mean), abs(factor) * std, *sorted((moved(low), moved(high))))
