"""Person and scenes as the arrays that the native call takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool

from facewright import _native
from facewright.geometry import Crop
from facewright.people.person import Person
from facewright.scenes.scene import Scenes
from facewright.scenes.worn import Slot

__all__ = ["inputs_of", "shot_arrays", "sitter_arrays"]


def inputs_of(person: Person, scenes: Scenes, crop: Crop, visible: Bool[np.ndarray, "n A"]) -> _native.Inputs:
    """What the native call takes for all images of one person. Raises ValueError for arrays that do not fit."""
    return _native.Inputs(
        **sitter_arrays(person, bool(scenes.worn[:, Slot.MAKE_UP].any())),
        **shot_arrays(scenes),
        visible=np.ascontiguousarray(visible, np.bool_).view(np.uint8),
        points_px=np.ascontiguousarray(crop.points_px, np.float64),
        framing=int(crop.framing),
    )


def sitter_arrays(person: Person, makes_up: bool) -> dict[str, Any]:
    """What all images of a person share; make-up is painted only where it is worn."""
    colours, texture = person.vertex_colours, person.texture
    made_up = person.made_up if makes_up else texture
    if colours is not None:
        texture = made_up = np.full((1, 1, 3), 255, np.uint8)
    return {
        "neutral_mm": np.ascontiguousarray(person.neutral_mm, np.float32),
        "texture": np.ascontiguousarray(texture, np.uint8),
        "made_up_texture": np.ascontiguousarray(made_up, np.uint8),
        "vertex_colours": np.ascontiguousarray(
            np.zeros((0, 3), np.uint8) if colours is None else colours, np.uint8
        ),
    }


def shot_arrays(scenes: Scenes) -> dict[str, Any]:
    """What differs from image to image."""
    cameras = [
        *(scenes.yaw_deg, scenes.pitch_deg, scenes.roll_deg, scenes.distance_mm),
        *(scenes.jitter_px[:, 0], scenes.jitter_px[:, 1], scenes.jitter_scale, scenes.jitter_deg),
        *(scenes.position_mm[:, 0], scenes.position_mm[:, 1], scenes.focal, scenes.scale),
        *(scenes.shift[:, 0], scenes.shift[:, 1], scenes.orthographic),
    ]
    return {
        "expression": np.ascontiguousarray(scenes.expression, np.float32),
        "cameras": np.stack(cameras, axis=1).astype(np.float32, copy=False),
        "light": np.ascontiguousarray(scenes.light, np.float32),
        "key": np.concatenate([scenes.key_direction, scenes.key_irradiance], axis=1, dtype=np.float32),
        "made_up": (scenes.worn[:, Slot.MAKE_UP] > 0).astype(np.uint8),
    }
