"""Grows a style on a head: cards of strands as attachments."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from facewright import _native
from facewright.errors import FacewrightError
from facewright.models.embedded import EmbeddedHead
from facewright.people.attachment import Attachment, Material
from facewright.people.hair.roots import Roots, height_mm, mask_at, place_roots, skin_triangles
from facewright.people.hair.strands import mean_level, strand_atlas
from facewright.people.hair.style import HairStyle

__all__ = ["grow_hair"]

# Vertices, normals, triangles, texture coordinates, anchors.
Mesh = tuple[
    Float32[np.ndarray, "N 3"],
    Float32[np.ndarray, "N 3"],
    Int32[np.ndarray, "M 3"],
    Float32[np.ndarray, "N 2"],
    Int32[np.ndarray, " N"],
]

_ROOTS = 640
_FAIR = 92.0
"""Green, sRGB, from which hair is fair."""
_CANDIDATES = 6000


def grow_hair(
    head: EmbeddedHead,
    neutral_mm: Float32[np.ndarray, "V 3"],
    style: HairStyle,
    colour: Float64[np.ndarray, " 3"],
    grey: float = 0.0,
) -> tuple[Attachment, ...]:
    """Cards of hair, beard and moustache, those that the style has, for a person's head without expression.

    colour: sRGB 0 .. 255; grey: 0 .. 1, between which dark and white strands are mixed.
    Raises FacewrightError when the vertices are not the head's.
    """
    if neutral_mm.shape != head.model.mean_mm.shape:
        raise FacewrightError(
            f"hair: found a head of shape {neutral_mm.shape}, expected {head.model.mean_mm.shape}"
        )
    neutral = np.ascontiguousarray(neutral_mm, np.float32)
    grown = {
        "hair": _grower(head).grow(neutral, style) if style.cards >= 1 else None,
        "beard": _beard(head, neutral, style),
        "moustache": _moustache(head, neutral, style),
    }
    grizzled, fair = 0.2 < grey < 0.8, float(colour[1]) > _FAIR
    curls = {name: _curl_step(style.curl if name == "hair" else min(style.curl, 0.5)) for name in grown}
    return tuple(
        Attachment(
            name=name,
            material=Material.HAIR,
            vertices_mm=mesh[0],
            normals=mesh[1],
            triangles=mesh[2],
            uv=mesh[3],
            texture=strand_atlas(curls[name], grizzled, fair),
            tint=_tint(colour, mean_level(curls[name])),
            anchors=mesh[4],
            two_sided=True,
        )
        for name, mesh in grown.items()
        if mesh is not None and len(mesh[2])
    )


def _beard(head: EmbeddedHead, neutral: Float32[np.ndarray, "V 3"], style: HairStyle) -> Mesh | None:
    """Longest at the chin; a small `beard_cover` leaves only that."""
    if style.beard_mm <= 0:
        return None
    roots = _beard_roots(head, "beard", 280)
    side, mask = np.abs(roots.places_mm[:, 0]), roots.mask
    widest = 16 + 80 * style.beard_cover
    # Longest at the chin, short and sparse at the edges.
    share = (1 - side * np.float32(1 / 60)).clip(0.4, 1) * (mask * np.float32(1.3)).clip(0.5, 1)
    lengths = (share * np.float32(style.beard_mm)).clip(8)
    shaved = (roots.places_mm[:, 1] > -40 - 1.5 * style.cheek_mm) & (style.cheek_mm > 0) & (side < 58)
    return _lower_face(head, neutral, style, roots, (side < widest) & (mask > 0.3) & ~shaved, lengths, 0.1)


def _moustache(head: EmbeddedHead, neutral: Float32[np.ndarray, "V 3"], style: HairStyle) -> Mesh | None:
    if style.moustache_mm <= 0:
        return None
    roots = _beard_roots(head, "moustache", 90)
    lengths = style.moustache_mm * (0.5 + 0.6 * roots.mask).clip(0.5, 1)
    return _lower_face(head, neutral, style, roots, roots.mask > 0.4, lengths, 1.3, 0.6)


def _lower_face(
    head: EmbeddedHead,
    neutral: Float32[np.ndarray, "V 3"],
    style: HairStyle,
    roots: Roots,
    grows: Bool[np.ndarray, " R"],
    lengths: Float32[np.ndarray, " R"],
    sideways: float,
    width: float = 1.0,
) -> Mesh:
    return _native.grow_beard(
        mean=head.model.mean_mm,
        neutral=neutral,
        roots=roots.places_mm[grows],
        normals=roots.normals[grows],
        anchors=roots.anchors[grows],
        lengths=lengths[grows].astype(np.float32),
        width=style.beard_width * width,
        sideways=sideways,
        seed=int(style.strands),
    )


@functools.lru_cache(maxsize=4)
def _beard_roots(head: EmbeddedHead, mask: str, count: int) -> Roots:
    return place_roots(head, mask, count, 1500)


def _curl_step(curl: float) -> float:
    """The nearest of a few atlases, so that they are drawn once."""
    return int(curl * 4 + 0.5) / 4


@functools.lru_cache(maxsize=2)
def _grower(head: EmbeddedHead) -> _native.HairGrower:
    roots = place_roots(head, "scalp", _ROOTS, _CANDIDATES)
    return _native.HairGrower(
        mean=head.model.mean_mm,
        skin=skin_triangles(head),
        skin_heights=height_mm(mask_at(head, "scalp", head.model.uv)),
        roots=roots.places_mm,
        root_normals=roots.normals,
        heights=height_mm(roots.mask),
        anchors=roots.anchors,
    )


def _tint(colour: Float64[np.ndarray, " 3"], mean_level: float) -> tuple[float, float, float]:
    """Linear factors that turn the strands' mean level into the colour."""
    red, green, blue = (linear_light(level) / linear_light(mean_level) for level in colour.tolist())
    return red, green, blue


def linear_light(level: float) -> float:
    """Linear light 0 .. 1 of an sRGB level 0 .. 255 (IEC 61966-2-1), in plain arithmetic."""
    x = level / 255
    if x <= 0.04045:
        return x / 12.92
    base = (x + 0.055) / 1.055
    square = base * base
    root = 1.0  # fifth root of the square by Newton's method: base^2.4 = square * square^(1/5)
    for _ in range(12):
        root = (4 * root + square / (root * root * root * root)) / 5
    return square * root
