"""Distributions of scalar quantities, drawn by inverse distribution function from uniform numbers.

Nothing here uses numpy's transcendental functions: what is drawn ends up in pixels, and their last bits differ between
machines.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from facewright import _native
from facewright.errors import FacewrightError

__all__ = [
    "Constant",
    "Distribution",
    "Normal",
    "TruncatedNormal",
    "Uniform",
    "format_distribution",
    "parse_distribution",
]


def _require(ok: bool, name: str, found: object, expected: str) -> None:
    if not ok:
        raise FacewrightError(f"{name}: found {found}, expected {expected}")


@dataclass(frozen=True)
class Constant:
    """Always `value`."""

    value: float

    def __post_init__(self) -> None:
        _require(math.isfinite(self.value), "constant", self.value, "a finite number")

    def quantile(self, p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
        return np.full_like(p, self.value)


@dataclass(frozen=True)
class Uniform:
    """Uniform between `low` and `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        ok = math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high
        _require(ok, "uniform", f"{self.low}:{self.high}", "finite low <= high")

    def quantile(self, p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
        return self.low + (self.high - self.low) * p


@dataclass(frozen=True)
class Normal:
    """Normal with `mean` and standard deviation `std`."""

    mean: float
    std: float

    def __post_init__(self) -> None:
        ok = math.isfinite(self.mean) and math.isfinite(self.std) and self.std >= 0
        _require(ok, "normal", f"{self.mean}:{self.std}", "a finite mean and a standard deviation >= 0")

    def quantile(self, p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
        return self.mean + self.std * _normal_quantile(p)


@dataclass(frozen=True)
class TruncatedNormal:
    """Normal with `mean` and `std` before truncation to `low` .. `high`."""

    mean: float
    std: float
    low: float
    high: float

    def __post_init__(self) -> None:
        values = (self.mean, self.std, self.low, self.high)
        ok = all(map(math.isfinite, values)) and self.std > 0 and self.low < self.high
        _require(ok, "truncated_normal", ":".join(map(str, values)), "finite mean, std > 0 and low < high")
        mass = self._mass(self.high) - self._mass(self.low)
        _require(
            mass > 1e-6, "truncated_normal", ":".join(map(str, values)), "bounds that keep some of the normal"
        )

    def _mass(self, x: float) -> float:
        cdf: float = _native.normal_cdf(np.array([(x - self.mean) / self.std])).item()
        return cdf

    def quantile(self, p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
        low, high = self._mass(self.low), self._mass(self.high)
        inside = self.mean + self.std * _normal_quantile(low + (high - low) * p)
        return np.clip(inside, self.low, self.high)


Distribution = Constant | Uniform | Normal | TruncatedNormal

_BY_NAME: dict[str, tuple[type[Distribution], int]] = {
    "constant": (Constant, 1),
    "uniform": (Uniform, 2),
    "normal": (Normal, 2),
    "truncated_normal": (TruncatedNormal, 4),
}


def parse_distribution(text: str) -> Distribution:
    """Read `constant:V`, `uniform:LOW:HIGH`, `normal:MEAN:STD` or `truncated_normal:MEAN:STD:LOW:HIGH`.

    Short forms: `V` is a constant, `LOW..HIGH` is uniform.
    """
    name, *fields = _written_out(text).split(":")
    if name not in _BY_NAME or len(fields) != _BY_NAME[name][1]:
        raise FacewrightError(
            f"distribution: found '{text}', expected V, LOW..HIGH, normal:MEAN:STD or "
            "truncated_normal:MEAN:STD:LOW:HIGH"
        )
    try:
        numbers = [float(field) for field in fields]
    except ValueError:
        raise FacewrightError(f"distribution: found '{text}', expected numbers after '{name}:'") from None
    return _BY_NAME[name][0](*numbers)


def _written_out(text: str) -> str:
    if ":" in text:
        return text
    return f"uniform:{text.replace('..', ':', 1)}" if ".." in text else f"constant:{text}"


def format_distribution(distribution: Distribution) -> str:
    """The text that `parse_distribution` reads back."""
    name = next(name for name, (kind, _) in _BY_NAME.items() if kind is type(distribution))
    return ":".join([name, *(f"{value:g}" for value in dataclasses.astuple(distribution))])


def _normal_quantile(p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
    values: Float64[np.ndarray, "*n"] = _native.normal_quantile(np.ascontiguousarray(p).ravel()).reshape(
        p.shape
    )
    return values
