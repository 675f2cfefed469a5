"""Which people there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from facewright.distributions import (
    Component,
    Constant,
    Distribution,
    Mixture,
    Normal,
    TruncatedNormal,
    Uniform,
    require_within,
)
from facewright.errors import FacewrightError

__all__ = ["AGE_RANGE_YEARS", "POPULATION_AGE", "POPULATION_MASCULINITY", "PeopleConfig"]

AGE_RANGE_YEARS = (20.0, 80.0)
"""What ages 0 and 1 of the head's geometry stand for."""

POPULATION_AGE = TruncatedNormal(38, 15, 20, 80)
POPULATION_MASCULINITY = Mixture((Component(0.5, Uniform(0, 0.2)), Component(0.5, Uniform(0.8, 1))))
"""What is drawn where nothing is asked for."""

# Bounds of everything given as a distribution.
_LIMITS = {
    "age": AGE_RANGE_YEARS,
    "masculinity": (0.0, 1.0),
    "african": (0.0, 1.0),
    "asian": (0.0, 1.0),
    "caucasian": (0.0, 1.0),
    "relation": (0.0, 2**0.5 + 1e-9),
}
_COLOUR_LIMIT = 2.5
_ANCESTRIES = ("african", "asian", "caucasian")


@dataclass(frozen=True)
class PeopleConfig:
    """How different people are from each other, and who they are.

    Geometry is drawn given age, gender and ancestry, and everything that goes with them (skin, hair, wrinkles) follows.
    """

    shape_sigma: float = 1.2
    """Standard deviation of the identity coefficients. 1 is the model's own population; people differ a little more."""
    shape_limit: float = 2.0
    """Coefficients are kept within this many standard deviations, so that nobody is deformed."""
    shape: Distribution = Normal(0, 1)
    """Each identity coefficient, in units of shape_sigma."""
    colour: Distribution = Normal(0, 1)
    """Each colour coefficient of a model that has a statistical albedo."""
    shape_dimensions: int | None = None
    """Only the first so many identity coefficients differ between people."""
    colour_dimensions: int | None = None
    """As shape_dimensions."""
    age: Distribution | None = None
    """Years, 20 to 80: --age 20..60, --age 35 or any distribution. By default 38 +- 15."""
    masculinity: Distribution | None = None
    """0 female to 1 male. By default one half of the people is below 0.2, the other above 0.8."""
    african: Distribution | None = None
    """Share of this ancestry, 0 to 1; at most two of the three are given. By default most people have one of the three
    in the main, and some two."""
    asian: Distribution | None = None
    """As african."""
    caucasian: Distribution | None = None
    """As african."""
    related_to: int | None = None
    """Index of a person of the same seed to whom everybody is related as `relation` says."""
    relation: Distribution = Constant(0.5)
    """Distance from that person: 0 the same, 1 as far as strangers usually are, 1.41 (sqrt 2) the opposite person."""

    def drawn_shape(self, p: Float64[np.ndarray, " K"]) -> Float64[np.ndarray, " K"]:
        """Identity coefficients from as many uniform numbers."""
        coefficients = self.shape.quantile(p) * self.shape_sigma
        if self.shape_dimensions is not None:
            coefficients[self.shape_dimensions :] = 0.0
        limited: Float64[np.ndarray, " K"] = coefficients.clip(-self.shape_limit, self.shape_limit)
        return limited

    def drawn_colour(self, p: Float64[np.ndarray, " K"]) -> Float64[np.ndarray, " K"]:
        """Colour coefficients from as many uniform numbers."""
        coefficients = self.colour.quantile(p)
        if self.colour_dimensions is not None:
            coefficients[self.colour_dimensions :] = 0.0
        limited: Float64[np.ndarray, " K"] = coefficients.clip(-_COLOUR_LIMIT, _COLOUR_LIMIT)
        return limited

    def __post_init__(self) -> None:
        if not 0 <= self.shape_sigma <= 3:
            raise FacewrightError(f"people shape_sigma: found {self.shape_sigma}, expected 0 .. 3")
        if not 0 < self.shape_limit <= 5:
            raise FacewrightError(
                f"people shape_limit: found {self.shape_limit}, expected above 0 and at most 5"
            )
        for name in ("shape_dimensions", "colour_dimensions"):
            if (found := getattr(self, name)) is not None and found < 0:
                raise FacewrightError(f"{name}: found {found}, expected 0 or more")
        for name, (low, high) in _LIMITS.items():
            distribution: Distribution | None = getattr(self, name)
            if distribution is not None:
                require_within(name, distribution, low, high)
        given = [name for name in _ANCESTRIES if getattr(self, name) is not None]
        if len(given) == len(_ANCESTRIES):
            raise FacewrightError(f"ancestry: found {', '.join(given)}, expected at most two of them")
        if self.related_to is not None and self.related_to < 0:
            raise FacewrightError(f"related_to: found {self.related_to}, expected a person's index")
