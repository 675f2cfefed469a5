"""Controlled scenes: every combination of given values instead of random ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64

from facewright.distributions import Distribution
from facewright.errors import FacewrightError

__all__ = [
    "NOTHING_GIVEN",
    "Axis",
    "Given",
    "cells",
    "format_axis",
    "parse_axis",
    "quantity",
    "require_whole_grids",
    "values_on",
]

Given = Mapping[str, Float64[np.ndarray, " n"]]
"""Values by the name of their quantity, one for each scene, that replace drawn ones."""
NOTHING_GIVEN: Given = MappingProxyType({})
_LIMIT = 1_000_000


@dataclass(frozen=True)
class Axis:
    """A quantity, named as its option is (`yaw_deg`, `key_azimuth_deg`, ...), and the values that it takes in turn."""

    name: str
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values or not all(map(math.isfinite, self.values)):
            raise FacewrightError(f"grid {self.name}: found {list(self.values)}, expected finite numbers")


def cells(grid: Sequence[Axis]) -> int:
    """How many combinations there are."""
    return math.prod(len(axis.values) for axis in grid)


def require_whole_grids(grid: Sequence[Axis], samples: int) -> None:
    """Raise FacewrightError unless `samples` images show every combination equally often."""
    if samples % cells(grid):
        raise FacewrightError(
            f"samples: found {samples}, expected a multiple of {cells(grid)}, the combinations of the grid"
        )


def values_on(grid: Sequence[Axis], first: int, count: int) -> Given:
    """By axis, the values for samples `first` .. `first + count - 1`: the last axis changes fastest."""
    cell = np.arange(first, first + count) % cells(grid)
    values = {}
    for axis in reversed(grid):
        cell, place = np.divmod(cell, len(axis.values))
        values[axis.name] = np.array(axis.values, np.float64)[place]
    return values


def quantity(
    config: object, name: str, p: Float64[np.ndarray, " n"], given: Given
) -> Float64[np.ndarray, " n"]:
    """The values that are given for `name`, else those drawn from the distribution of that name in `config`."""
    if name in given:
        return given[name]
    distribution: Distribution = getattr(config, name)
    return distribution.quantile(p)


def parse_axis(text: str) -> Axis:
    """Read `NAME=START:STOP:STEP`, both ends included, or `NAME=V,V,...`."""
    name, _, values = text.partition("=")
    try:
        if ":" not in values:
            return Axis(name.strip().replace("-", "_"), tuple(float(value) for value in values.split(",")))
        start, stop, step = (float(value) for value in values.split(":"))
    except ValueError:
        raise FacewrightError(
            f"grid: found '{text}', expected NAME=START:STOP:STEP or NAME=V,V,..."
        ) from None
    if not step > 0 or not start <= stop or (stop - start) / step > _LIMIT:
        raise FacewrightError(f"grid: found '{text}', expected START at most STOP and a STEP above 0")
    count = int((stop - start) / step + 1e-9) + 1
    return Axis(name.strip().replace("-", "_"), tuple(start + i * step for i in range(count)))


def format_axis(axis: Axis) -> str:
    """The text that `parse_axis` reads back."""
    return f"{axis.name}={','.join(f'{value:g}' for value in axis.values)}"
