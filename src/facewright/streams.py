"""Keyed random streams: what is drawn depends on (seed, person, factor, sample) and on nothing else.

Philox4x32-10 (Salmon et al., SC 2011) with key = seed and counter = (block, sample, person, factor). A factor's
number is part of the format of a data set: changing it changes every image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float64, UInt32

from facewright import _native

__all__ = ["Factor", "RelatedStreams", "Streams"]


class Factor(IntEnum):
    """Everything that varies, each with a stream of its own, so that changing one leaves the others alone."""

    SHAPE = 1
    ALBEDO = 2
    HAIR = 3
    STYLE = 4
    """Of things worn: sample = style, one block of draws a slot."""
    ATTRIBUTES = 5
    MAKE_UP = 6
    MIXUP = 7
    HABITS = 8
    """Of wearing things."""
    EXPRESSION = 16
    POSE = 17
    CAMERA = 18
    LIGHT = 19
    BACKGROUND = 20
    ALIGNMENT = 21
    WORN = 22
    PHOTO = 23
    NOISE = 24
    PAIRS = 25


@dataclass(frozen=True)
class Streams:
    """The streams of one person. Rows are samples `first` .. `first + count - 1`, columns are draws."""

    seed: int
    person: int

    def uniform(
        self, factor: Factor, first: int, count: int, draws: int
    ) -> Float64[np.ndarray, "count draws"]:
        """Numbers in the open interval (0, 1)."""
        values: Float64[np.ndarray, "count draws"] = _native.random_uniform(
            self.seed, self.person, int(factor), first, count, draws
        )
        return values

    def choice(self, factor: Factor, sample: int, draws: int) -> Float64[np.ndarray, " draws"]:
        """Numbers in (0, 1) to choose kinds by, which relatives have in common or not; uses up 2 `draws`."""
        return self.uniform(factor, sample, 1, 2 * draws)[0, :draws]

    def normal(
        self, factor: Factor, first: int, count: int, draws: int
    ) -> Float64[np.ndarray, "count draws"]:
        """Standard normal numbers."""
        values: Float64[np.ndarray, "count draws"] = _native.random_normal(
            self.seed, self.person, int(factor), first, count, draws
        )
        return values

    def words(self, factor: Factor, first: int, count: int, draws: int) -> UInt32[np.ndarray, "count draws"]:
        """Random 32-bit words."""
        values: UInt32[np.ndarray, "count draws"] = _native.random_words(
            self.seed, self.person, int(factor), first, count, draws
        )
        return values


@dataclass(frozen=True)
class RelatedStreams(Streams):
    """Streams of a person related to another one: every draw correlates with that person's by `correlation` (-1 .. 1).

    Each draw is still distributed as before. 1 gives the other person's own draws, -1 their mirror image.
    """

    other: int
    correlation: float

    def normal(
        self, factor: Factor, first: int, count: int, draws: int
    ) -> Float64[np.ndarray, "count draws"]:
        """Standard normal numbers."""
        own = super().normal(factor, first, count, draws)
        others = Streams(self.seed, self.other).normal(factor, first, count, draws)
        rest = math.sqrt(max(0.0, 1 - self.correlation * self.correlation))
        return self.correlation * others + rest * own

    def uniform(
        self, factor: Factor, first: int, count: int, draws: int
    ) -> Float64[np.ndarray, "count draws"]:
        """Numbers in the open interval (0, 1)."""
        drawn = self.normal(factor, first, count, draws)
        values: Float64[np.ndarray, "count draws"] = _native.normal_cdf(drawn.ravel()).reshape(drawn.shape)
        return values

    def choice(self, factor: Factor, sample: int, draws: int) -> Float64[np.ndarray, " draws"]:
        """Each number is the other person's (mirrored if correlation is negative) with probability correlation squared.

        So relatives usually have the same kind, where correlated numbers would fall on either side of a threshold.
        """
        own = Streams(self.seed, self.person).uniform(factor, sample, 1, 2 * draws)[0]
        others = Streams(self.seed, self.other).uniform(factor, sample, 1, 2 * draws)[0, :draws]
        shared = own[draws:] < self.correlation * self.correlation
        return np.where(shared, others if self.correlation > 0 else 1 - others, own[:draws])
