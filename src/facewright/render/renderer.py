"""Person and scenes in, pictures out: one native call for all of a person's images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from facewright.errors import FacewrightError
from facewright.geometry import Crop
from facewright.people.person import Person
from facewright.render.rig import rig_of
from facewright.scenes.backgrounds import draw_backgrounds
from facewright.scenes.scene import Scenes

__all__ = ["Renderings", "draw_heads", "render"]


@dataclass(frozen=True)
class Renderings:
    """The pictures of n scenes and where the model's landmarks fell in them.

    images: (n, H, W, 3) uint8 sRGB.
    landmarks_px: (n, 68, 2) image frame, pixel centres at +0.5; they may lie outside the image.
    """

    images: UInt8[np.ndarray, "n H W 3"]
    landmarks_px: Float32[np.ndarray, "n 68 2"]


def render(person: Person, scenes: Scenes, crop: Crop) -> Renderings:
    """Draw every scene of `person` into `crop`, aligned by the model's own five landmarks.

    Raises FacewrightError when an array does not fit the person's model or a number is not finite.
    """
    return draw_heads(person, scenes, crop, draw_backgrounds(scenes.background, crop.size_px))


def draw_heads(
    person: Person, scenes: Scenes, crop: Crop, background: UInt8[np.ndarray, "n H W 3"]
) -> Renderings:
    """Draw every scene of `person` over given backgrounds (sRGB, of the crop's size).

    The same bytes on every machine and from any number of threads; the call releases the GIL.

    Vertices are neutral_mm plus the expression, turned by R_camera_head and seen by a pinhole at distance_mm. The
    image is laid so that the five alignment landmarks meet crop.points_px in the least-squares sense (Umeyama, PAMI
    1991, without reflection), then jittered. Light is diffuse (order-2 spherical harmonics times occlusion) with a
    Blinn-Phong highlight of the light's dominant direction; 2 x 2 samples a pixel are averaged in linear light. Values
    above 0.8 bend smoothly towards 1, so that bright skin does not clip.

    Raises FacewrightError when an array does not fit the person's model or a number is not finite.
    """
    size = crop.size_px
    if background.shape != (len(scenes), size, size, 3):
        raise FacewrightError(
            f"background: found shape {background.shape}, expected {(len(scenes), size, size, 3)}"
        )
    cameras = [
        *(scenes.yaw_deg, scenes.pitch_deg, scenes.roll_deg, scenes.distance_mm),
        *(scenes.jitter_px[:, 0], scenes.jitter_px[:, 1], scenes.jitter_scale, scenes.jitter_deg),
    ]
    try:
        images, landmarks = rig_of(person.model).draw(
            neutral_mm=np.ascontiguousarray(person.neutral_mm, np.float32),
            texture=np.ascontiguousarray(person.texture, np.uint8),
            expression=np.ascontiguousarray(scenes.expression, np.float32),
            cameras=np.stack(cameras, axis=1).astype(np.float32, copy=False),
            light=np.ascontiguousarray(scenes.light, np.float32),
            points_px=np.ascontiguousarray(crop.points_px, np.float64),
            background=np.ascontiguousarray(background, np.uint8),
        )
    except ValueError as error:
        raise FacewrightError(f"scenes of person {person.index}: {error}") from error
    return Renderings(images, landmarks)
