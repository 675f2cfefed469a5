"""What a pixel shows, by name."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from jaxtyping import Float32, Int32, UInt8

from facewright.models.embedded import EmbeddedHead, load_head
from facewright.models.morphable import MorphableModel, Part
from facewright.people.attachment import Attachment

__all__ = ["Region", "segmentation"]


class Region(IntEnum):
    """Classes of a segmentation. Left and right are the subject's."""

    BACKGROUND = 0
    SKIN = 1
    NOSE = 2
    LEFT_EYE = 3
    RIGHT_EYE = 4
    LEFT_BROW = 5
    RIGHT_BROW = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    LIPS = 9
    MOUTH_INTERIOR = 10
    TEETH = 11
    NECK = 12
    HAIR = 13
    BEARD = 14
    GLASSES = 15
    HEAD_WEAR = 16
    FACE_WEAR = 17


_OF_PARTS = {
    Part.SKIN: Region.SKIN,
    Part.LEFT_EYE: Region.LEFT_EYE,
    Part.RIGHT_EYE: Region.RIGHT_EYE,
    Part.UPPER_TEETH: Region.TEETH,
    Part.LOWER_TEETH: Region.TEETH,
    Part.TONGUE: Region.MOUTH_INTERIOR,
    Part.LASHES: Region.SKIN,
    Part.MOUTH_INTERIOR: Region.MOUTH_INTERIOR,
}
# By the names of attachments; everything else is worn on the head.
_OF_THINGS = {
    "hair": Region.HAIR,
    "beard": Region.BEARD,
    "moustache": Region.BEARD,
    "glasses": Region.GLASSES,
    "sunglasses": Region.GLASSES,
    "mask": Region.FACE_WEAR,
}
# The embedded head's masks, the later over the earlier.
_OF_MASKS = {
    "neck": Region.NECK,
    "ears": Region.LEFT_EAR,
    "nose": Region.NOSE,
    "lips": Region.LIPS,
    "brows": Region.LEFT_BROW,
}
_MIRRORED = {Region.LEFT_BROW: Region.RIGHT_BROW, Region.LEFT_EAR: Region.RIGHT_EAR}


def segmentation(
    triangle: Int32[np.ndarray, "*s"],
    uv: Float32[np.ndarray, "*s 2"],
    reference_mm: Float32[np.ndarray, "*s 3"],
    model: MorphableModel,
    attachments: Sequence[Attachment],
) -> UInt8[np.ndarray, "*s"]:
    """The `Region` of each pixel, from what `Annotations` says of it.

    Nose, lips, brows, ears and neck are told apart on the embedded head only; on other models they are skin. Hair,
    brows and stubble that are painted on the skin count as what they are painted on.
    """
    of_triangle = np.concatenate(
        [
            np.array([_OF_PARTS[Part(part)] for part in range(len(Part))], np.uint8)[model.parts],
            *(np.full(len(one.triangles), _thing(one.name), np.uint8) for one in attachments),
            np.zeros(1, np.uint8),  # of triangle -1
        ]
    )
    out: UInt8[np.ndarray, "*s"] = of_triangle[triangle]
    head = load_head()
    if model is not head.model:
        return out
    skin = (out == Region.SKIN) & (triangle < len(model.triangles))
    side = head.masks.shape[1]
    column, row = (np.clip((uv[skin] * side).astype(int), 0, side - 1)).T
    painted = _painted(head)[row, column]
    for left, right in _MIRRORED.items():
        painted = np.where((painted == left) & (reference_mm[skin][:, 0] < 0), right, painted)
    out[skin] = painted
    return out


def _thing(name: str) -> Region:
    return _OF_THINGS.get(name, Region.HEAD_WEAR)


@functools.lru_cache(maxsize=1)
def _painted(head: EmbeddedHead) -> UInt8[np.ndarray, "S S"]:
    """The region of each texel of the skin, brows and ears as if all were on the left."""
    out = np.full(head.masks.shape[1:], Region.SKIN, np.uint8)
    for name, region in _OF_MASKS.items():
        out[head.mask(name) >= 128] = region
    return out
