"""Something on a head that has a mesh of its own: hair, glasses, a hat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float32, Int32, UInt8

__all__ = ["Attachment", "Material"]


class Material(IntEnum):
    """How an attachment reflects light."""

    MATT = 0
    """Cloth, paper: diffuse only."""
    GLOSSY = 1
    """Plastic, leather: a clear highlight over diffuse."""
    METAL = 2
    """A strong highlight in the colour of the metal."""
    GLASS = 3
    """A see-through pane: tinted by its alpha, with a clear highlight and more reflection at grazing angles."""
    HAIR = 4
    """Strands along the texture's v axis: an anisotropic highlight (Kajiya and Kay, SIGGRAPH 1989)."""


@dataclass(frozen=True, eq=False)
class Attachment:
    """A textured mesh in the head frame that moves with the head.

    vertices_mm: (V, 3) on the head without expression.
    normals: (V, 3) unit vectors, used as they are (hair is shaded as the volume that it forms, not as single cards).
    triangles: (T, 3) counter-clockwise seen from outside; seen from behind they are drawn if `two_sided`, with the
        normal turned round.
    uv: (V, 2) origin at the texture's top left, u right, v down, 0 .. 1 (clamped).
    texture: (H, W, 4) sRGB and alpha (straight, 255 opaque). Shared between people: colour comes from `tint`.
    tint: linear RGB factors of the texture's colour.
    anchors: (V,) the vertex of the head whose expression displacement each vertex follows, -1 for those that stay
        with the skull.
    """

    name: str
    material: Material
    vertices_mm: Float32[np.ndarray, "V 3"]
    normals: Float32[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    uv: Float32[np.ndarray, "V 2"]
    texture: UInt8[np.ndarray, "H W 4"]
    tint: tuple[float, float, float]
    anchors: Int32[np.ndarray, " V"]
    two_sided: bool = False
