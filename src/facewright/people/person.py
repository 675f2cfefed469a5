"""One person: everything that stays the same in all of their images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, UInt8

from facewright.models.morphable import MorphableModel
from facewright.people.attachment import Attachment

__all__ = ["Person"]


@dataclass(frozen=True)
class Person:
    """Geometry and albedo of one person, built once and used for all samples.

    neutral_mm: (V, 3) the person's vertices without expression, head frame.
    texture: (S, S, 3) uint8 sRGB albedo over the model's UVs.
    make_up: puts the person's make-up on a texture; it takes a while and most images do without. None: wears none.
    hair: hair and beard, in front of what is painted on the skin.
    restyled: the same hair in another arrangement, by its number. None: always the same.
    vertex_colours: (V, 3) uint8 sRGB albedo of each vertex, for models that have no texture; it replaces both textures.
    traits: the drawn quantities by name (age, tones, ...), for the parameter table.
    """

    index: int
    seed: int
    model: MorphableModel
    neutral_mm: Float32[np.ndarray, "V 3"]
    texture: UInt8[np.ndarray, "S S 3"]
    hair: tuple[Attachment, ...]
    traits: Mapping[str, float]
    vertex_colours: UInt8[np.ndarray, "V 3"] | None = None
    restyled: Callable[[int], tuple[Attachment, ...]] | None = None
    make_up: Callable[[UInt8[np.ndarray, "S S 3"]], UInt8[np.ndarray, "S S 3"]] | None = None

    @cached_property
    def made_up(self) -> UInt8[np.ndarray, "S S 3"]:
        """The texture with make-up, painted when it is first asked for."""
        return self.texture if self.make_up is None else self.make_up(self.texture)
