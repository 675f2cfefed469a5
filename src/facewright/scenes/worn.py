"""What is worn in each image: drawn per scene, built for the person who wears it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from jaxtyping import Float64, UInt32

from facewright.errors import FacewrightError

__all__ = ["DRAWS", "Slot", "WornConfig", "draw_worn"]

DRAWS = 10
"""Uniform numbers that one scene takes: two a slot."""

_HABITUAL = np.array([0.8, 0.8, 0.8, 0.8, 0.0])
"""For each `Slot`, the part of all wearing that is a habit."""
_FAITHFUL = 0.85
"""How often somebody wears what is their habit, at least."""


class Slot(IntEnum):
    """Where something is worn; at most one thing in each."""

    EYES = 0
    HEAD = 1
    FACE = 2
    MAKE_UP = 3
    HAIR = 4
    """The person's own hair in another arrangement."""


@dataclass(frozen=True)
class WornConfig:
    """Probability of each kind of thing in an image (DigiFace-1M, Bae et al. 2023: .15 for glasses and make-up).

    Wearing is a habit: four fifths of what is worn is worn by people who wear that kind of thing nearly always.
    """

    eyewear: float = 0.2
    headwear: float = 0.05
    facewear: float = 0.01
    makeup: float = 0.3
    """Of those who wear any: people who look male do not."""
    restyled: float = 0.15
    """Hair done differently than usual: tied or let down, parted elsewhere, fuller or flatter."""
    worn_styles: int = 2
    """How many styles of each kind a person owns; the first is worn most."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "worn_styles" and not 0 <= value <= 1:
                raise FacewrightError(f"worn {field.name}: found {value}, expected a probability 0 .. 1")
        if not 1 <= self.worn_styles <= 1000:
            raise FacewrightError(f"worn_styles: found {self.worn_styles}, expected 1 .. 1000")


def draw_worn(
    config: WornConfig, habits: Float64[np.ndarray, " 5"], p: Float64[np.ndarray, "n draws"]
) -> UInt32[np.ndarray, "n 5"]:
    """For each row of `DRAWS` uniform numbers and each `Slot`: 0 for nothing, else 1 + the number of a style.

    habits: the person's own uniform number for each slot, which says whether they are in the habit.
    """
    chances = np.array([config.eyewear, config.headwear, config.facewear, config.makeup, config.restyled])
    faithful = np.maximum(chances, _FAITHFUL)
    in_habit = _HABITUAL * chances / faithful
    otherwise = (1 - _HABITUAL) * chances / (1 - in_habit)
    wears = p[:, 0::2] < np.where(habits < in_habit, faithful, otherwise)
    style = (p[:, 1::2] * p[:, 1::2] * config.worn_styles).astype(np.uint32)
    return np.where(wears, np.minimum(style, config.worn_styles - 1) + 1, 0).astype(np.uint32)
