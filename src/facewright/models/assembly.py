"""From what a file says to a MorphableModel: units, origin, winding, welding and the checks all readers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from facewright.errors import FacewrightError
from facewright.models.landmarks import alignment_rows
from facewright.models.morphable import Albedo, MorphableModel, Part
from facewright.models.mouth import with_closed_mouth

__all__ = ["Parts", "assemble", "indices", "numbers", "sigma_directions"]

# From the lids' plane to the middle of the eyeballs, for models without eyeballs (mm, as on the embedded head).
_LIDS_TO_EYEBALL_MM = 14.0
# Distance of the eyes' outer corners, mm. People have 75 .. 105; a wrong unit is off by a factor of ten.
_OUTER_CORNERS_MM = (60.0, 130.0)


@dataclass(frozen=True, eq=False)
class Parts:
    """A model as its file says, x to the subject's left, y up, z out of the nose, any unit and origin.

    mean (V, 3); identity (K, V, 3) and expression (E, V, 3): directions for one standard deviation, or for a unit at
    1; the first `gaussian` expressions are of the former kind. triangles (T, 3) 0-based, in any consistent winding;
    parts (T,), see `Part`; uv (V, 2) as in MorphableModel; landmarks (68,).
    """

    mean: Float64[np.ndarray, "V 3"]
    identity: Float32[np.ndarray, "K V 3"]
    expression: Float32[np.ndarray, "E V 3"]
    expression_names: tuple[str, ...]
    gaussian: int
    triangles: Int32[np.ndarray, "T 3"]
    parts: UInt8[np.ndarray, " T"]
    landmarks: Int32[np.ndarray, " 68"]
    uv: Float32[np.ndarray, "V 2"] | None = None
    albedo: Albedo | None = None


def assemble(name: str, source: str, parts: Parts, mm_per_unit: float) -> MorphableModel:
    """The model in millimetres in the head frame. Raises FacewrightError, beginning with `source`, for a wrong face."""
    mean = parts.mean * mm_per_unit
    _require_face(source, mean[parts.landmarks])
    origin = _between_eyeballs(mean, parts)
    mean = mean - origin
    identity, expression = (_scaled(basis, mm_per_unit) for basis in (parts.identity, parts.expression))
    mean_mm = np.ascontiguousarray(mean, np.float32)
    count = len(mean_mm)
    model = MorphableModel(
        name=name,
        mean_mm=mean_mm,
        identity_basis_mm=identity,
        identity_names=tuple(f"shape{i:03d}" for i in range(len(identity))),
        expression_basis_mm=expression,
        expression_names=parts.expression_names,
        triangles=_outwards(mean, parts.triangles, int(parts.landmarks[30])),
        parts=parts.parts,
        weld=_weld(mean_mm, identity, expression),
        uv=np.zeros((count, 2), np.float32) if parts.uv is None else parts.uv,
        occlusion=np.ones(count, np.float32),
        landmarks=parts.landmarks,
        alignment_landmarks=alignment_rows(parts.landmarks),
        gaussian_expressions=parts.gaussian,
        albedo=parts.albedo,
        origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
    )
    return with_closed_mouth(model)


def _scaled(basis: Float32[np.ndarray, "K V 3"], scale: float) -> Float32[np.ndarray, "K V 3"]:
    return basis if scale == 1 else basis * np.float32(scale)


def numbers(
    source: str, field: str, value: Any, shape: tuple[int | None, ...]
) -> np.ndarray[Any, np.dtype[Any]]:
    """`value` as a finite numeric array of `shape` (None: any length above 0). Raises FacewrightError naming field."""
    array = np.asarray(value)
    wanted = "(" + ", ".join("n" if size is None else str(size) for size in shape) + ")"
    fits = array.ndim == len(shape) and all(
        found == size if size is not None else found > 0
        for found, size in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.kind not in "fiu":
        raise FacewrightError(
            f"{source}: {field}: found {array.dtype} {array.shape}, expected numbers {wanted}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise FacewrightError(f"{source}: {field}: found NaN or infinity, expected finite numbers")
    return array


def indices(
    source: str, field: str, array: np.ndarray[Any, np.dtype[Any]], count: int
) -> Int32[np.ndarray, ...]:
    """Vertex numbers as int32, checked to be 0 .. count - 1."""
    whole = array.astype(np.int64)
    if (whole != array).any() or whole.min() < 0 or whole.max() >= count:
        raise FacewrightError(
            f"{source}: {field}: found vertices {array.min():g} .. {array.max():g}, expected 0 .. {count - 1}"
        )
    return np.ascontiguousarray(whole, np.int32)


def sigma_directions(
    rows: np.ndarray[Any, np.dtype[Any]], sigma: Float64[np.ndarray, " K"]
) -> Float32[np.ndarray, "K V 3"]:
    """Directions (K, 3V), interleaved xyz, each scaled by its standard deviation, as (K, V, 3)."""
    out = np.empty((rows.shape[0], rows.shape[1] // 3, 3), np.float32)
    for row, scale, place in zip(rows, sigma, out, strict=True):
        place[:] = (row.astype(np.float64) * scale).reshape(-1, 3)
    return out


def _require_face(source: str, points: Float64[np.ndarray, "68 3"]) -> None:
    """The landmarks must lie as on a face of human size, or the unit, the axes or the landmarks are wrong."""
    corners = points[45] - points[36]
    apart = float(np.sqrt(corners[0] ** 2 + corners[1] ** 2 + corners[2] ** 2))
    low, high = _OUTER_CORNERS_MM
    if not low <= apart <= high:
        raise FacewrightError(
            f"{source}: landmarks: found outer eye corners {apart:.3g} mm apart, expected {low:g} .. {high:g}: "
            "another kind of model, or other units"
        )
    upright = points[27, 1] > points[33, 1] > points[57, 1] > points[8, 1]
    leftwards = points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]
    if not (
        upright and leftwards and points[48, 0] < points[54, 0] and points[30, 2] > points[[36, 45], 2].max()
    ):
        raise FacewrightError(
            f"{source}: landmarks: found them out of order, expected a face with x to its left, y up and z to the front"
        )


def _between_eyeballs(mean: Float64[np.ndarray, "V 3"], parts: Parts) -> Float64[np.ndarray, " 3"]:
    """The point midway between the eyeballs, or where they should be behind the lids."""
    balls = [np.unique(parts.triangles[parts.parts == part]) for part in (Part.LEFT_EYE, Part.RIGHT_EYE)]
    if all(len(ball) for ball in balls):
        left, right = (_middle(mean[ball]) for ball in balls)
        behind = 0.0
    else:
        left, right = _middle(mean[parts.landmarks[42:48]]), _middle(mean[parts.landmarks[36:42]])
        behind = _LIDS_TO_EYEBALL_MM
    between: Float64[np.ndarray, " 3"] = (left + right) / 2 - np.array([0, 0, behind])
    return between


def _middle(points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " 3"]:
    middle: Float64[np.ndarray, " 3"] = (points.min(axis=0) + points.max(axis=0)) / 2
    return middle


def _outwards(
    mean: Float64[np.ndarray, "V 3"], triangles: Int32[np.ndarray, "T 3"], nose: int
) -> Int32[np.ndarray, ...]:
    """The triangles counter-clockwise seen from outside: those at the nose's tip must face the front."""
    around = triangles[(triangles == nose).any(axis=1)]
    a, b, c = (mean[around[:, i]] for i in range(3))
    u, v = b - a, c - a
    forward = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).tolist()
    return triangles if sum(forward) > 0 else np.ascontiguousarray(triangles[:, [0, 2, 1]])


def _weld(
    mean: Float32[np.ndarray, "V 3"],
    identity: Float32[np.ndarray, "K V 3"],
    expression: Float32[np.ndarray, "E V 3"],
) -> Int32[np.ndarray, " V"]:
    """For each vertex the first one at the same place; only vertices that never part are welded."""
    rows = np.ascontiguousarray(mean + np.float32(0)).view(np.dtype((np.void, 12))).ravel()
    _, first, group = np.unique(rows, return_index=True, return_inverse=True)
    weld = first[group]
    apart = np.flatnonzero(weld != np.arange(len(weld)))
    for basis in (identity, expression):
        differ = (basis[:, apart] != basis[:, weld[apart]]).any(axis=(0, 2))
        weld[apart[differ]] = apart[differ]
        apart = apart[~differ]
    return np.ascontiguousarray(weld, np.int32)
