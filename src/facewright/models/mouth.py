"""A dark bag behind the lips of models whose mouth is a hole, so that an open mouth does not show the background."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from facewright.models.morphable import Albedo, MorphableModel, Part

__all__ = ["with_closed_mouth"]

# The hole of the mouth lies this near to the inner lips' middle and is about this wide (mm).
_NEAR_MM, _WIDTH_MM = 15.0, (20.0, 90.0)
# Behind the hole's rim a narrower ring, then one point: how far back, how wide (as a share), how much sky they see.
_RING = (-9.0, 0.85, 0.3)
_END = (-22.0, 0.0, 0.05)


def with_closed_mouth(model: MorphableModel) -> MorphableModel:
    """The model with a bag behind its inner lips, if they are the rim of a hole.

    The bag's vertices move with the rim and have its colours; its triangles are Part.MOUTH_INTERIOR.
    """
    rim = _mouth_rim(model)
    if rim is None:
        return model
    count, size = len(model.mean_mm), len(rim)
    centre = model.mean_mm[rim].astype(np.float64).mean(axis=0).astype(np.float32)
    offsets = np.zeros((2 * size + 1, 3), np.float32)
    rows = np.concatenate([rim, rim, rim[:1]])
    for (back, width, _), own in ((_RING, slice(size, 2 * size)), (_END, slice(2 * size, None))):
        offsets[own] = (centre - model.mean_mm[rows[own]]) * np.float32(1 - width)
        offsets[own, 2] += np.float32(back)
    sky = np.concatenate([np.ones(size), np.full(size, _RING[2]), [_END[2]]]).astype(np.float32)
    ring = np.arange(size, dtype=np.int32)
    following = np.roll(ring, -1)
    outer, inner, end = count + ring, count + size + ring, np.full(size, count + 2 * size, np.int32)
    bag = np.concatenate(
        [
            np.stack([count + following, outer, inner], axis=1),
            np.stack([count + following, inner, count + size + following], axis=1),
            np.stack([count + size + following, inner, end], axis=1),
        ]
    ).astype(np.int32)
    return replace(
        model,
        mean_mm=np.concatenate([model.mean_mm, model.mean_mm[rows] + offsets]),
        identity_basis_mm=_with_rows(model.identity_basis_mm, rows, rim),
        expression_basis_mm=_with_rows(model.expression_basis_mm, rows, rim),
        triangles=np.concatenate([model.triangles, bag]),
        parts=np.concatenate([model.parts, np.full(len(bag), Part.MOUTH_INTERIOR, np.uint8)]),
        weld=np.concatenate(
            [model.weld, model.weld[rim], np.arange(count + size, count + 2 * size + 1)]
        ).astype(np.int32),
        uv=np.concatenate([model.uv, model.uv[rows]]),
        occlusion=np.concatenate([model.occlusion, model.occlusion[rows] * sky]),
        albedo=_albedo(model.albedo, rows),
    )


def _with_rows(
    basis: Float32[np.ndarray, "K V 3"], rows: Int64[np.ndarray, " n"], rim: Int64[np.ndarray, " m"]
) -> Float32[np.ndarray, "K W 3"]:
    """The basis with copies of `rows` behind; the last vertex moves as the rim does on the whole."""
    out = np.concatenate([basis, basis[:, rows]], axis=1)
    if len(basis):
        out[:, -1] = np.add.accumulate(basis[:, rim].astype(np.float64), axis=1)[:, -1] / len(rim)
    return out


def _albedo(albedo: Albedo | None, rows: Int64[np.ndarray, " n"]) -> Albedo | None:
    if albedo is None or albedo.texture_px is not None:
        return albedo
    return replace(
        albedo,
        mean=np.concatenate([albedo.mean, albedo.mean[rows]]),
        basis=np.concatenate([albedo.basis, albedo.basis[:, rows]], axis=1),
    )


def _mouth_rim(model: MorphableModel) -> Int64[np.ndarray, " n"] | None:
    """The vertices round the mouth's hole, in the order of the skin's own edges; None where there is no such hole."""
    if (model.parts == Part.MOUTH_INTERIOR).any():
        return None
    middle = model.mean_mm[model.landmarks[60:68]].astype(np.float64).mean(axis=0)
    for loop in _holes(model.weld[model.triangles[model.parts == Part.SKIN]], len(model.mean_mm)):
        points = model.mean_mm[loop].astype(np.float64)
        away: Float64[np.ndarray, " 3"] = points.mean(axis=0) - middle
        width = float(points[:, 0].max() - points[:, 0].min())
        if len(loop) >= 6 and (away * away).sum() < _NEAR_MM**2 and _WIDTH_MM[0] < width < _WIDTH_MM[1]:
            return loop
    return None


def _holes(triangles: Int32[np.ndarray, "T 3"], count: int) -> list[Int64[np.ndarray, " n"]]:
    """Closed chains of edges that belong to one triangle only, where no two such chains touch."""
    starts = triangles.ravel().astype(np.int64)
    ends = np.roll(triangles, -1, axis=1).ravel().astype(np.int64)
    alone = ~np.isin(starts * count + ends, ends * count + starts)
    after: dict[int, int] = {}
    for a, b in zip(starts[alone].tolist(), ends[alone].tolist(), strict=True):
        after[a] = -1 if a in after else b
    out = []
    while after:
        first, following = after.popitem()
        chain = [first]
        while following in after:
            chain.append(following)
            following = after.pop(following)
        if following == first:
            out.append(np.array(chain))
    return out
