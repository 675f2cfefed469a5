"""Distributions of scalar quantities, drawn by inverse distribution function from uniform numbers.

Nothing here uses numpy's transcendental functions: what is drawn ends up in pixels, and their last bits differ between
machines.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from facewright import _native
from facewright.errors import FacewrightError

__all__ = [
    "Component",
    "Constant",
    "Distribution",
    "Empirical",
    "Mixture",
    "Normal",
    "TruncatedNormal",
    "Uniform",
    "bounds",
    "format_distribution",
    "parse_distribution",
    "require_within",
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


@dataclass(frozen=True)
class Empirical:
    """One of the observed `values`, each as likely as the others."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        ok = bool(self.values) and all(map(math.isfinite, self.values))
        _require(ok, "empirical", self.values, "at least one number, all finite")

    def quantile(self, p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
        ordered = np.sort(np.array(self.values, np.float64))
        chosen: Float64[np.ndarray, "*n"] = ordered[
            np.minimum((p * len(ordered)).astype(int), len(ordered) - 1)
        ]
        return chosen


@dataclass(frozen=True)
class Component:
    """Part of a mixture: how much of it comes from `distribution`."""

    weight: float
    distribution: Distribution


@dataclass(frozen=True)
class Mixture:
    """One of the components, chosen by weight; weights need not sum to 1.

    One uniform number chooses the component, and what is left of it the value.
    """

    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        weights = [component.weight for component in self.components]
        ok = bool(weights) and all(math.isfinite(weight) and weight > 0 for weight in weights)
        _require(ok, "mixture", weights, "at least one component, with weights above 0")

    def quantile(self, p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
        total = math.fsum(component.weight for component in self.components)
        out = np.empty_like(p)
        low = 0.0
        for i, component in enumerate(self.components):
            share = component.weight / total
            high = 1.0 if i == len(self.components) - 1 else low + share
            chosen = (p >= low) & (p < high)
            inside = ((p[chosen] - low) / (high - low)).clip(*_OPEN_UNIT)
            out[chosen] = component.distribution.quantile(inside)
            low = high
        return out


Distribution = Constant | Uniform | Normal | TruncatedNormal | Empirical | Mixture

_OPEN_UNIT = (2.0**-33, 1 - 2.0**-33)
_ALMOST_ALL = np.array([1e-6, 1 - 1e-6])

_BY_NAME: dict[str, tuple[Callable[..., Distribution], int]] = {
    "constant": (Constant, 1),
    "uniform": (Uniform, 2),
    "normal": (Normal, 2),
    "truncated_normal": (TruncatedNormal, 4),
    "linspace": (lambda low, high, count: Empirical(_evenly(low, high, count)), 3),
}
_NAMES: dict[type, str] = {
    Constant: "constant",
    Uniform: "uniform",
    Normal: "normal",
    TruncatedNormal: "truncated_normal",
    Empirical: "empirical",
}
_EXPECTED = (
    "V, LOW..HIGH, normal:MEAN:STD, truncated_normal:MEAN:STD:LOW:HIGH, linspace:LOW:HIGH:COUNT, "
    "empirical:V:V:..., empirical:FILE or WEIGHT*DISTRIBUTION+WEIGHT*DISTRIBUTION"
)
_MIXED = re.compile(r"\s*([0-9.]+(?:e-?[0-9]+)?)\*(.*)", re.DOTALL)


def bounds(distribution: Distribution) -> tuple[float, float]:
    """Between which values all but one of a million draws lie."""
    if isinstance(distribution, Mixture):
        parts = [bounds(component.distribution) for component in distribution.components]
        return min(low for low, _ in parts), max(high for _, high in parts)
    if isinstance(distribution, Empirical):
        return min(distribution.values), max(distribution.values)
    low, high = distribution.quantile(_ALMOST_ALL).tolist()
    return low, high


def require_within(name: str, distribution: Distribution, low: float, high: float) -> None:
    """Raise FacewrightError unless practically everything that is drawn lies within low .. high."""
    least, most = bounds(distribution)
    if not low <= least <= most <= high:
        found = format_distribution(distribution)
        raise FacewrightError(f"{name}: found {found}, expected values from {low:g} to {high:.4g}")


def parse_distribution(text: str) -> Distribution:
    """Read `constant:V`, `uniform:LOW:HIGH`, `normal:MEAN:STD`, `truncated_normal:MEAN:STD:LOW:HIGH`,
    `empirical:V:V:...`, `empirical:FILE` (one number a line), `linspace:LOW:HIGH:COUNT` (evenly spaced values), or
    a mixture of them, `0.6*uniform:-90:90+0.4*normal:0:2`.

    Short forms: `V` is a constant, `LOW..HIGH` is uniform.
    """
    if "*" in text:
        return _parse_mixture(text)
    name, *fields = _written_out(text).split(":")
    if name == "empirical" and len(fields) == 1 and not _is_number(fields[0]):
        return Empirical(_read_values(Path(fields[0])))
    known = name == "empirical" or (name in _BY_NAME and len(fields) == _BY_NAME[name][1])
    if not known:
        raise FacewrightError(f"distribution: found '{text}', expected {_EXPECTED}")
    try:
        numbers = [float(field) for field in fields]
    except ValueError:
        raise FacewrightError(f"distribution: found '{text}', expected numbers after '{name}:'") from None
    return Empirical(tuple(numbers)) if name == "empirical" else _BY_NAME[name][0](*numbers)


def _parse_mixture(text: str) -> Mixture:
    components = []
    for part in re.split(r"\+(?=\s*[0-9.]+(?:e-?[0-9]+)?\*)", text):
        match = _MIXED.fullmatch(part)
        if match is None:
            raise FacewrightError(f"mixture: found '{part}', expected WEIGHT*DISTRIBUTION")
        try:
            weight = float(match[1])
        except ValueError:
            raise FacewrightError(f"mixture: found weight '{match[1]}', expected a number") from None
        components.append(Component(weight, parse_distribution(match[2].strip())))
    return Mixture(tuple(components))


def _written_out(text: str) -> str:
    if ":" in text:
        return text
    return f"uniform:{text.replace('..', ':', 1)}" if ".." in text else f"constant:{text}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_values(path: Path) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in path.read_text().split())
    except OSError as error:
        raise FacewrightError(
            f"{path}: cannot be read: {error.strerror}, expected one number a line"
        ) from error
    except ValueError as error:
        raise FacewrightError(f"{path}: {error}, expected one number a line") from error


def _evenly(low: float, high: float, count: float) -> tuple[float, ...]:
    _require(count == int(count) and 2 <= count <= 1_000_000, "linspace", count, "a count of 2 .. 1000000")
    steps = int(count) - 1
    return tuple(low + (high - low) * (i / steps) for i in range(steps + 1))


def format_distribution(distribution: Distribution) -> str:
    """The text that `parse_distribution` reads back."""
    if isinstance(distribution, Mixture):
        parts = distribution.components
        return "+".join(f"{part.weight:g}*{format_distribution(part.distribution)}" for part in parts)
    values = distribution.values if isinstance(distribution, Empirical) else dataclasses.astuple(distribution)
    return ":".join([_NAMES[type(distribution)], *(f"{value:g}" for value in values)])


def _normal_quantile(p: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
    values: Float64[np.ndarray, "*n"] = _native.normal_quantile(np.ascontiguousarray(p).ravel()).reshape(
        p.shape
    )
    return values
