"""Person and scenes in, pictures out: one native call for all of a person's images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from facewright.geometry import Crop
from facewright.people.person import Person
from facewright.scenes.scene import Scenes

__all__ = ["Renderings", "render"]


@dataclass(frozen=True)
class Renderings:
    """The pictures of n scenes and where the model's landmarks fell in them.

    images: (n, H, W, 3) uint8 sRGB.
    landmarks_px: (n, 68, 2) image frame, pixel centres at +0.5; they may lie outside the image.
    """

    images: UInt8[np.ndarray, "n H W 3"]
    landmarks_px: Float32[np.ndarray, "n 68 2"]


def render(person: Person, scenes: Scenes, crop: Crop) -> Renderings:
    """Draw every scene of `person` into `crop`, aligned by the model's own five landmarks."""
    raise NotImplementedError
