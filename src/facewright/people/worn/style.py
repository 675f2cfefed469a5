"""Uniform numbers of one style, and choices made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from facewright.scenes.worn import Slot
from facewright.streams import Factor, Streams

__all__ = ["Draws", "draw_style"]

Item = TypeVar("Item")

_BLOCK = 24
"""Uniform numbers that the style of one slot may take."""


class Draws:
    """Numbers of one style, taken one after another: a fixed count for each kind of thing."""

    def __init__(self, numbers: list[float]) -> None:
        self._numbers = iter(numbers)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number from low to high."""
        return low + (high - low) * next(self._numbers)

    def chosen(self, weights: Mapping[Item, float]) -> Item:
        """A key, each as often as its weight says."""
        total = 0.0
        for weight in weights.values():
            total += weight
        left = next(self._numbers) * total
        for key, weight in list(weights.items())[:-1]:
            left -= weight
            if left < 0:
                return key
        return list(weights)[-1]


def draw_style(seed: int, person: int, slot: Slot, number: int) -> Draws:
    """The numbers of a person's style: a pure function of its arguments."""
    row = Streams(seed, person).uniform(Factor.STYLE, number, 1, _BLOCK * len(Slot))[0]
    return Draws(row[_BLOCK * slot : _BLOCK * (slot + 1)].tolist())
