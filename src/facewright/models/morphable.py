"""The one type that every head model becomes, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Float32, Int32, UInt8

__all__ = ["Albedo", "MorphableModel", "Part"]


class Part(IntEnum):
    """What a triangle belongs to."""

    SKIN = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    UPPER_TEETH = 3
    LOWER_TEETH = 4
    TONGUE = 5
    LASHES = 6
    MOUTH_INTERIOR = 7


@dataclass(frozen=True, eq=False)
class Albedo:
    """Colours of skin and eyes as a linear model: colour = mean + sum_k coefficient[k] * basis[k], cut off to 0 .. 1.

    Rows are the model's vertices, or the texels of a `texture_px` square in row order. Coefficients are drawn from
    N(0, 1). Colours are sRGB codes / 255, or linear light where `linear`.
    """

    mean: Float32[np.ndarray, "N 3"]
    basis: Float32[np.ndarray, "K N 3"]
    texture_px: int | None = None
    linear: bool = False


@dataclass(frozen=True, eq=False)
class MorphableModel:
    """A linear head model: a mesh, directions in which it varies, and named points on it.

    vertex = mean_mm + sum_k identity[k] * identity_basis_mm[k] + sum_e expression[e] * expression_basis_mm[e]

    Shapes: V vertices (split where UVs have a seam), T triangles, K identity and E expression directions. Units:
    millimetres in the head frame (+x the subject's left, +y up, +z out of the nose; origin between the eyeballs).
    Identity coefficients are in standard deviations (drawn from N(0, 1)). Of the expression directions the first
    `gaussian_expressions` are too; the others are units with ARKit-like names and coefficients 0 .. 1.
    Triangles are counter-clockwise seen from outside. `weld[v]` is the first vertex at the same place as v, so that
    normals are continuous over UV seams. `uv` has its origin at the texture's top left: u right, v down, 0 .. 1.
    `occlusion[v]` is the fraction of the sky that the mean head's vertex sees (1 unoccluded).
    `landmarks` are the 68 iBUG points in iBUG order (point 0 by the subject's right ear); `alignment_landmarks` are the
    two eye centres as a mean of six lid points each, nose tip and two mouth corners: rows of vertex indices, averaged.
    """

    name: str
    mean_mm: Float32[np.ndarray, "V 3"]
    identity_basis_mm: Float32[np.ndarray, "K V 3"]
    identity_names: tuple[str, ...]
    expression_basis_mm: Float32[np.ndarray, "E V 3"]
    expression_names: tuple[str, ...]
    triangles: Int32[np.ndarray, "T 3"]
    parts: UInt8[np.ndarray, " T"]
    weld: Int32[np.ndarray, " V"]
    uv: Float32[np.ndarray, "V 2"]
    occlusion: Float32[np.ndarray, " V"]
    landmarks: Int32[np.ndarray, " 68"]
    alignment_landmarks: Int32[np.ndarray, "5 6"]
    gaussian_expressions: int = 0
    albedo: Albedo | None = None
    """None where the model has shapes alone."""
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Where the head's origin lies in the frame of the model's own file."""
