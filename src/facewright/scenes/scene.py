"""A person's scenes as plain data; a scene knows nothing of what draws it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt32

__all__ = ["Scenes"]


@dataclass(frozen=True)
class Scenes:
    """n scenes of one person as a structure of arrays.

    samples: the sample index of each scene.
    expression: coefficients of the model's expression directions, 0 .. 1.
    yaw_deg: positive turns the face to the subject's left (to the right in the image); pitch_deg: positive looks down;
        roll_deg: positive tilts the head clockwise in the image (about -z). Pitch is applied first, then yaw, then
        roll.
    distance_mm: from the camera to the head's origin (perspective strength).
    position_mm: the head's origin beside the camera's axis, (to the image's right, up).
    focal: focal length in parts of the image's side, for crops that do not scale the face themselves.
    orthographic: whether every depth is imaged as distance_mm is.
    scale: enlarges the image about its centre after cropping; shift: then moves it, (right, down), in parts of its
        side.
    light: environment radiance in real spherical harmonics (order 1; y, z, x; xy, yz, 3z2-1, zx, x2-y2), per
        RGB channel, in the camera frame (+x right, +y up, +z towards the camera). A surface with normal n has
        radiance = albedo * sum_i k_i light_i Y_i(n), k = pi, 2pi/3 (3 times), pi/4 (5 times).
    key_direction: unit vectors towards the key light, camera frame; key_irradiance: its RGB irradiance on a surface
        that faces it. It comes on top of `light`, and it alone casts shadows; 0 leaves the spherical harmonics only.
    worn: what is worn in each scene, by slot (see `facewright.scenes.worn.Slot`): 0 nothing, else 1 + the number of the
        style. A style is a function of (person, slot, number).
    jitter_px, jitter_scale, jitter_deg: the error of an imagined landmark detector, applied after cropping about the
        crop's centre, px of a 112-px crop; not to `pinhole`, which detects nothing.
    background: four random words per scene from which its background is drawn: a surface where the last two bits are
        set, else a place; zeros for plain grey; or, with a folder of images, which part of which image; where a grid
        says which image, its number and zeros.
    """

    samples: UInt32[np.ndarray, " n"]
    expression: Float32[np.ndarray, "n E"]
    yaw_deg: Float32[np.ndarray, " n"]
    pitch_deg: Float32[np.ndarray, " n"]
    roll_deg: Float32[np.ndarray, " n"]
    distance_mm: Float32[np.ndarray, " n"]
    position_mm: Float32[np.ndarray, "n 2"]
    focal: Float32[np.ndarray, " n"]
    orthographic: Bool[np.ndarray, " n"]
    scale: Float32[np.ndarray, " n"]
    shift: Float32[np.ndarray, "n 2"]
    light: Float32[np.ndarray, "n 9 3"]
    key_direction: Float32[np.ndarray, "n 3"]
    key_irradiance: Float32[np.ndarray, "n 3"]
    worn: UInt32[np.ndarray, "n 5"]
    jitter_px: Float32[np.ndarray, "n 2"]
    jitter_scale: Float32[np.ndarray, " n"]
    jitter_deg: Float32[np.ndarray, " n"]
    background: UInt32[np.ndarray, "n 4"]

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, rows: Int[np.ndarray, " m"]) -> Scenes:
        """The scenes of these rows, in this order."""
        return Scenes(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})
