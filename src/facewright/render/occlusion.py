"""Ambient occlusion of one person: how much of the sky each vertex sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from facewright.errors import FacewrightError
from facewright.people.attachment import Attachment
from facewright.people.person import Person
from facewright.render.rig import rig_of
from facewright.render.wardrobe import wardrobe_of

__all__ = ["bake_occlusion"]


def bake_occlusion(
    person: Person, attachments: Sequence[Attachment] = (), *, coarse: bool = False
) -> Float32[np.ndarray, " V"]:
    """(V,) the fraction of the sky that each vertex sees, cosine-weighted, 0 .. 1, as draw_heads uses it.

    It is the model's own occlusion, which has the detail (lids, lips, nostrils), times how much more or less open the
    person with the large ones of `attachments` is than the mean head. That is measured past depth maps in 24
    directions, good for features from about a centimetre up; `coarse` returns this measure alone.
    Raises FacewrightError when an array does not fit the person's model.
    """
    try:
        occlusion: Float32[np.ndarray, " V"] = rig_of(person.model).openness(
            neutral_mm=np.ascontiguousarray(person.neutral_mm, np.float32),
            wardrobe=wardrobe_of(attachments),
            coarse=coarse,
        )
    except ValueError as error:
        raise FacewrightError(f"occlusion of person {person.index}: {error}") from error
    return occlusion
