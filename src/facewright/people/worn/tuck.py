"""Hair under headwear: pulled in until it fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from facewright.people.attachment import Attachment
from facewright.people.worn.shell import Shell, between, scaled_about

__all__ = ["tucked"]


def tucked(hair: Attachment, shell: Shell, limit_mm: Float64[np.ndarray, "R C"]) -> Attachment:
    """The same hair with no vertex farther out than `limit_mm`, a grid of radii over the shell's rows and columns."""
    vertices = hair.vertices_mm.astype(np.float64)
    row, column, radius = shell.locate(vertices)
    factor = np.minimum(1.0, between(limit_mm, row, column) / radius.clip(1.0, None))
    moved = scaled_about(shell, vertices, factor)
    return replace(hair, vertices_mm=moved.astype(np.float32))
