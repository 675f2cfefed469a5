"""Attachments prepared for drawing; their textures are prepared once and shared."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from facewright import _native
from facewright.people.attachment import Attachment

__all__ = ["wardrobe_of"]

# By the identity of the array, for as long as the array lives.
_textures: dict[int, tuple[weakref.ref[np.ndarray], _native.MipTexture]] = {}


def wardrobe_of(attachments: Sequence[Attachment]) -> _native.Wardrobe:
    """The native form of `attachments`, numbered in this order. Raises ValueError for arrays that do not fit."""
    wardrobe = _native.Wardrobe()
    for one in attachments:
        wardrobe.add(
            name=one.name,
            material=int(one.material),
            vertices_mm=np.ascontiguousarray(one.vertices_mm, np.float32),
            normals=np.ascontiguousarray(one.normals, np.float32),
            triangles=np.ascontiguousarray(one.triangles, np.int32),
            uv=np.ascontiguousarray(one.uv, np.float32),
            texture=_texture_of(one.texture),
            tint=np.array(one.tint, np.float32),
            anchors=np.ascontiguousarray(one.anchors, np.int32),
            two_sided=one.two_sided,
        )
    return wardrobe


def _texture_of(texels: UInt8[np.ndarray, "H W 4"]) -> _native.MipTexture:
    key = id(texels)
    if key not in _textures:
        prepared = _native.MipTexture(np.ascontiguousarray(texels, np.uint8))
        _textures[key] = (weakref.ref(texels, lambda _: _textures.pop(key, None)), prepared)
    return _textures[key][1]
