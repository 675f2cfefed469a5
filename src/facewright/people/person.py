"""One person: everything that stays the same in all of their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from facewright.models.morphable import MorphableModel

__all__ = ["Person"]


@dataclass(frozen=True)
class Person:
    """Geometry and albedo of one person, built once and used for all samples.

    neutral_mm: (V, 3) the person's vertices without expression, head frame.
    texture: (S, S, 3) uint8 sRGB albedo over the model's UVs.
    traits: the drawn quantities by name (age, tones, ...), for the parameter table.
    """

    index: int
    model: MorphableModel
    neutral_mm: Float32[np.ndarray, "V 3"]
    texture: UInt8[np.ndarray, "S S 3"]
    traits: Mapping[str, float]
