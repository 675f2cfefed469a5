"""Frames, crops and similarity alignment.

Head frame: +x the subject's left, +y up, +z out of the nose, millimetres.
Image frame: +x right, +y down, pixels, pixel centres at +0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float

from facewright.errors import FacewrightError

__all__ = [
    "ARCFACE_112",
    "CROPS",
    "CROP_NAMES",
    "FACENET_96",
    "FRAME_224",
    "UNALIGNED",
    "Crop",
    "Framing",
    "arcface_crop",
    "named_crop",
    "similarity_transform",
]


class Framing(IntEnum):
    """What decides where in an image the head comes to lie."""

    ALIGNMENT = 0
    """The five alignment landmarks meet a template, as a face detector's would."""
    FACEBOX = 1
    """The box about ears, chin and hairline fills the image, the nose's wings at its centre."""
    LANDMARK = 2
    """The mean of both eyes and the nose tip at the centre; the camera's focal length and distance give the size."""
    PINHOLE = 3
    """As the camera sees it, the principal point at the centre."""


@dataclass(frozen=True)
class Crop:
    """A square output image and, for alignment, where the five alignment landmarks belong in it.

    `points_px` is (5, 2): the subject's right eye, left eye, nose tip, right and left mouth corner
    (image order: left to right), in pixels with centres at +0.5. The other framings do not use them.
    """

    name: str
    size_px: int
    points_px: Float[np.ndarray, "5 2"]
    framing: Framing = Framing.ALIGNMENT


# InsightFace's template (arcface_torch, face_align.py) for a 112x112 image. It counts pixels from their centres
# at integer coordinates, as OpenCV's warpAffine does; here centres are at +0.5.
_ARCFACE_CV2 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)

ARCFACE_112 = Crop("arcface112", 112, _ARCFACE_CV2 + 0.5)
FACENET_96 = Crop("facenet96", 96, (_ARCFACE_CV2 + 0.5) * (96 / 112))
# No crop but a photo to find the face in: what arcface112 shows takes up the middle 45% of each side.
FRAME_224 = Crop("frame224", 224, (_ARCFACE_CV2 + 0.5 - 56) * (0.45 * 224 / 112) + 112)

CROPS = {crop.name: crop for crop in (ARCFACE_112, FACENET_96, FRAME_224)}
_FRAMINGS = {framing.name.lower(): framing for framing in Framing if framing is not Framing.ALIGNMENT}
CROP_NAMES = (*CROPS, *_FRAMINGS)
UNALIGNED = (FRAME_224.name, *_FRAMINGS)
"""Names of crops in which a face has yet to be found and aligned."""
_USUAL_SIZE_PX = 224
_SIZE_LIMIT_PX = 4096


def named_crop(name: str, size_px: int | None = None) -> Crop:
    """A template of `CROPS`, or `facebox`, `landmark` or `pinhole`, at its usual size or another one.

    Raises FacewrightError for another name and for a size outside 16 .. 4096.
    """
    if name not in CROP_NAMES:
        raise FacewrightError(f"crop: found '{name}', expected {' or '.join(CROP_NAMES)}")
    if size_px is not None and not 16 <= size_px <= _SIZE_LIMIT_PX:
        raise FacewrightError(f"size_px: found {size_px}, expected 16 .. {_SIZE_LIMIT_PX}")
    if name in CROPS:
        crop = CROPS[name]
        size = size_px or crop.size_px
        return crop if size == crop.size_px else Crop(name, size, crop.points_px * (size / crop.size_px))
    return Crop(name, size_px or _USUAL_SIZE_PX, np.zeros((5, 2)), _FRAMINGS[name])


def arcface_crop(size_px: int) -> Crop:
    """InsightFace's template at any size: `ARCFACE_112` at 112, `FACENET_96` at 96."""
    for crop in (ARCFACE_112, FACENET_96):
        if crop.size_px == size_px:
            return crop
    return Crop(f"arcface{size_px}", size_px, ARCFACE_112.points_px * (size_px / 112))


def similarity_transform(
    source: Float[np.ndarray, "n 2"], target: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "2 3"]:
    """The rotation, uniform scale and shift that bring `source` closest to `target` in least squares, no mirroring.

    Returns T with target ~ source @ T[:, :2].T + T[:, 2]. Raises ValueError when all source points coincide.
    Umeyama, "Least-squares estimation of transformation parameters between two point patterns" (1991); in the plane
    it has the closed form used here.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    spread = np.sum(a * a)
    if not spread > 0:
        raise ValueError("similarity_transform: all source points coincide")
    cosine = np.sum(a * b) / spread
    sine = np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / spread
    linear = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([linear, target_mean - linear @ source_mean])
