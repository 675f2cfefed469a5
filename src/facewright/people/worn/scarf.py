"""A head scarf: round the face, over hair, ears and neck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int32

from facewright import _native
from facewright.people.attachment import Attachment, Material
from facewright.people.worn.fit import FaceFit
from facewright.people.worn.mesh import attach, grid_mesh
from facewright.people.worn.shell import COLUMNS, DOME, ROWS, Shell, between
from facewright.people.worn.style import Draws
from facewright.people.worn.textures import linear, weave

__all__ = ["Scarf", "build_scarf", "draw_scarf"]

_TINTS = {
    0x17181B: 0.26, 0xD9CFC0: 0.12, 0x6F5A4B: 0.1, 0x8E8A86: 0.08, 0x2B3350: 0.09, 0xC59A94: 0.09, 0x6B2B35: 0.07,
    0x4F6355: 0.06, 0xEDE9E2: 0.06, 0x3F7D85: 0.04, 0x8A6FA0: 0.03,
}  # fmt: skip
_ABOVE, _BESIDE, _BELOW = 8, 15, 8
_ALONG = 41
"""Columns from one edge of the opening round the back to the other, odd."""


@dataclass(frozen=True)
class Scarf:
    """One style. front_mm: height of its edge above the brows; width: of the opening, 1 as wide as the face;
    room_mm: thickness over the head; slope: how steeply it comes in under the chin; folds_mm: their depth; phase: which
    folds."""

    front_mm: float
    width: float
    room_mm: float
    slope: float
    folds_mm: float
    phase: float
    tint: tuple[float, float, float]


def draw_scarf(draws: Draws) -> Scarf:
    """A style from its numbers."""
    return Scarf(
        front_mm=draws.uniform(20, 36),
        width=draws.uniform(0.9, 1.0),
        room_mm=draws.uniform(3.5, 8),
        slope=draws.uniform(0.15, 0.6),
        folds_mm=draws.uniform(1.0, 3.0),
        phase=draws.uniform(0, 50),
        tint=linear(draws.chosen(_TINTS)),
    )


def build_scarf(style: Scarf, shell: Shell, fit: FaceFit) -> tuple[Attachment, ...]:
    """The scarf on one head. It covers all hair but that of the beard."""
    row, column = _grid(style, shell, fit)
    radius = between(shell.hull_mm, row, column) + style.room_mm + _over_ears(row, column)
    radius = _draped(style, shell, row, radius)
    radius += style.folds_mm * _folds(style, shell, row, column) * ((row - 4) / 8).clip(0.15, 1)
    radius = _hemmed(style, shell, row, column, radius)
    mesh = grid_mesh(shell.place(row, column, radius), _anchors(shell, row, column))
    return (attach("scarf", Material.MATT, mesh, weave(), style.tint, two_sided=True),)


def _grid(
    style: Scarf, shell: Shell, fit: FaceFit
) -> tuple[Float64[np.ndarray, "K c"], Float64[np.ndarray, "K c"]]:
    """Rows and columns of the shell: over the head, beside the opening, round the neck."""
    centre, scale = shell.centre_mm[1], fit.scale
    top = float(fit.marks[17:27, 1].max()) + style.front_mm * scale - centre
    bottom = float(fit.marks[8, 1]) - 11 * scale - centre
    turned = _native.sincos_deg(np.arange(_BESIDE, dtype=np.float64) * (180 / (_BESIDE - 1)))
    sine, cosine = turned[:, 0], turned[:, 1]
    height = (top + bottom) / 2 + cosine * (top - bottom) / 2
    # Wider at the cheekbones than at the jaw.
    half = 6.5 * style.width * sine * (0.94 + 0.14 * cosine)
    across = np.linspace(0, 1, _ALONG)
    ends = np.concatenate([[0.0], across, [1.0]])
    beside = half[:, None] + (COLUMNS - 2 * half[:, None]) * ends
    first = beside[:1]
    level = shell.row_of_height(np.repeat(height[:, None], beside.shape[1], axis=1), beside)
    over = np.linspace(0, 1, _ABOVE + 1)[:-1, None] * level[:1]
    below = level[-1:] + 1.6 * np.arange(1, _BELOW + 1)[:, None]
    column = np.concatenate([np.repeat(first, _ABOVE, axis=0), beside, np.repeat(first, _BELOW, axis=0)])
    row = np.concatenate([over, level, below])
    return row.clip(0, ROWS - 1.01), column.clip(0, COLUMNS)


def _over_ears(
    row: Float64[np.ndarray, "K c"], column: Float64[np.ndarray, "K c"]
) -> Float64[np.ndarray, "K c"]:
    """A little more room where ears are pressed to the head."""
    aside = (np.abs(np.minimum(column, COLUMNS - column) - COLUMNS / 4) / 5).clip(0, 1)
    down = (np.abs(row - DOME - 4) / 6).clip(0, 1)
    room: Float64[np.ndarray, "K c"] = 3.0 * (1 - aside) * (1 - down)
    return room


def _draped(
    style: Scarf, shell: Shell, row: Float64[np.ndarray, "K c"], radius: Float64[np.ndarray, "K c"]
) -> Float64[np.ndarray, "K c"]:
    """Below its widest place cloth hangs: it comes in less steeply than the neck does, and rests on the shoulders."""
    hung = radius.copy()
    for k in range(_ABOVE + 2 * _BESIDE // 3, len(row)):
        fall = (row[k] - row[k - 1]) * shell.step_mm
        hung[k] = np.minimum(np.maximum(hung[k], hung[k - 1] - style.slope * fall), hung[k - 1] + 0.9 * fall)
    return hung


def _hemmed(
    style: Scarf,
    shell: Shell,
    row: Float64[np.ndarray, "K c"],
    column: Float64[np.ndarray, "K c"],
    radius: Float64[np.ndarray, "K c"],
) -> Float64[np.ndarray, "K c"]:
    """The edge of the opening turns in to the skin of forehead and cheeks; under the chin it hangs free."""
    skin = between(shell.radius_mm, row, column)
    down = np.linspace(0, 1, _BESIDE)
    free = ((down - 0.6) / 0.15).clip(0, 1)
    rows = slice(_ABOVE, _ABOVE + _BESIDE)
    hemmed = radius.copy()
    # The lower hem lies on the shoulders.
    hemmed[-1] = np.minimum(radius[-1], np.maximum(skin[-1] - 4, radius[-2] - 10))
    # At the forehead's middle both edges meet: nothing to turn in.
    free[0] = 1.0
    for edge, inner in ((0, 1), (-1, -2)):
        tucked = skin[rows, edge] - 2.5
        hemmed[rows, edge] = tucked + (radius[rows, edge] - tucked) * free
        close = np.minimum(radius[rows, inner], skin[rows, inner] + style.room_mm * 0.7)
        hemmed[rows, inner] = close + (radius[rows, inner] - close) * free
    return hemmed


def _folds(
    style: Scarf, shell: Shell, row: Float64[np.ndarray, "K c"], column: Float64[np.ndarray, "K c"]
) -> Float64[np.ndarray, "K c"]:
    """-1 .. 1, long along the edge of the cloth."""
    slanted = np.stack([column * 0.33 + row * 0.15, row * 0.16, np.full(row.shape, style.phase)], axis=-1)
    noise = _native.noise_at(slanted.reshape(-1, 3).astype(np.float32), 31)
    return noise.astype(np.float64).reshape(row.shape)


def _anchors(
    shell: Shell, row: Float64[np.ndarray, "K c"], column: Float64[np.ndarray, "K c"]
) -> Int32[np.ndarray, "K c"]:
    """In front the cloth follows the jaw; behind the ears it stays with the skull."""
    nearest = shell.anchors[(row + 0.5).astype(np.int64), (column + 0.5).astype(np.int64) % COLUMNS]
    front = (np.minimum(column, COLUMNS - column) < 11) & (row > 8)
    return np.where(front, nearest, -1).astype(np.int32)
