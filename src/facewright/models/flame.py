"""FLAME heads (2019, 2020, 2023): a pickle with the geometry, optionally a file with colours in texture space."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from facewright.errors import FacewrightError
from facewright.models.assembly import Parts, assemble, indices, numbers
from facewright.models.flame_albedo import FlameTexture, read_flame_texture
from facewright.models.landmarks import FLAME_LANDMARKS, read_landmark_list
from facewright.models.morphable import MorphableModel, Part
from facewright.models.pickles import read_pickled_arrays

__all__ = ["read_flame"]

_VERTICES = 5023
_IDENTITY = 300
# Columns of `weights` and rows of `J_regressor`.
_JAW, _LEFT_EYE, _RIGHT_EYE = 2, 3, 4
_JOINTS = 5
# Units at 1 are turns of 25 degrees, as on the embedded head. Written out: sines differ between machines.
_SIN_25, _COS_25 = 0.42261826174069944, 0.9063077870366499
# Name, joint, axis, and sign of the turn about it (x to the subject's left, y up): what a unit turns.
_TURNS: tuple[tuple[str, int, int, int], ...] = (
    ("jawOpen", _JAW, 0, 1),
    ("eyeLookDownLeft", _LEFT_EYE, 0, 1),
    ("eyeLookUpLeft", _LEFT_EYE, 0, -1),
    ("eyeLookOutLeft", _LEFT_EYE, 1, 1),
    ("eyeLookInLeft", _LEFT_EYE, 1, -1),
    ("eyeLookDownRight", _RIGHT_EYE, 0, 1),
    ("eyeLookUpRight", _RIGHT_EYE, 0, -1),
    ("eyeLookInRight", _RIGHT_EYE, 1, 1),
    ("eyeLookOutRight", _RIGHT_EYE, 1, -1),
)


def read_flame(
    path: Path, texture_files: tuple[Path, ...] = (), landmark_list: Path | None = None
) -> MorphableModel:
    """Read FLAME's pickle: v_template, shapedirs, posedirs, J_regressor, weights, f; metres.

    The first 300 shapedirs are identity, the others expression, each for one standard deviation. Jaw and eyes turn
    about joints (Li et al. 2017, linear blend skinning with pose correctives); here each turn is a straight line from
    0 to 25 degrees on the mean head, an expression unit named as ARKit's: exact at both ends.
    Raises FacewrightError for a file that is not FLAME, damaged, or names anything but arrays.
    """
    source = str(path)
    fields = read_pickled_arrays(path)
    for name in ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f"):
        if name not in fields:
            raise FacewrightError(f"{source}: found no {name}, expected a FLAME model")
    template = numbers(source, "v_template", fields["v_template"], (None, 3)).astype(np.float64)
    count = len(template)
    directions = numbers(source, "shapedirs", fields["shapedirs"], (count, 3, None))
    if directions.shape[2] <= _IDENTITY:
        raise FacewrightError(
            f"{source}: shapedirs: found {directions.shape[2]} directions, "
            f"expected {_IDENTITY} of identity and then some of expression"
        )
    basis = np.ascontiguousarray(directions.transpose(2, 0, 1), np.float32)
    names, turns = _turns(source, fields, template)
    gaussian = len(basis) - _IDENTITY
    triangles = indices(source, "f", numbers(source, "f", fields["f"], (None, 3)), count)
    parts = Parts(
        mean=template,
        identity=basis[:_IDENTITY],
        expression=np.concatenate([basis[_IDENTITY:], turns]),
        expression_names=(*(f"expression{i:03d}" for i in range(gaussian)), *names),
        gaussian=gaussian,
        triangles=triangles,
        parts=_eyes(source, fields, triangles),
        landmarks=_landmarks(source, count, landmark_list),
    )
    if texture_files:
        parts = _textured(parts, read_flame_texture(texture_files, len(triangles)))
    return assemble("flame", source, parts, mm_per_unit=1000.0)


def _landmarks(source: str, count: int, landmark_list: Path | None) -> Int32[np.ndarray, " 68"]:
    if landmark_list is not None:
        return read_landmark_list(landmark_list, count)
    if count != _VERTICES:
        raise FacewrightError(
            f"{source}: v_template: found {count} vertices, expected {_VERTICES} "
            "or a list of 68 vertices (FILE.pkl,LIST.txt)"
        )
    return np.array(FLAME_LANDMARKS, dtype=np.int32)


def _eyes(
    source: str, fields: Mapping[str, Any], triangles: Int32[np.ndarray, "T 3"]
) -> UInt8[np.ndarray, " T"]:
    """What turns with an eye's joint is that eye; the rest is skin."""
    weights = _weights(source, fields)
    parts = np.full(len(triangles), Part.SKIN, np.uint8)
    for joint, part in ((_LEFT_EYE, Part.LEFT_EYE), (_RIGHT_EYE, Part.RIGHT_EYE)):
        parts[(weights[:, joint] > 0.5)[triangles].all(axis=1)] = part
    return parts


def _weights(source: str, fields: Mapping[str, Any]) -> np.ndarray:
    return numbers(source, "weights", fields["weights"], (len(fields["v_template"]), _JOINTS))


def _turns(
    source: str, fields: Mapping[str, Any], template: Float64[np.ndarray, "V 3"]
) -> tuple[tuple[str, ...], Float32[np.ndarray, "U V 3"]]:
    """Displacements of the mean head for each unit that moves something."""
    count = len(template)
    weights = _weights(source, fields).astype(np.float64)
    regressor = numbers(source, "J_regressor", fields["J_regressor"], (_JOINTS, count)).astype(np.float64)
    correctives = numbers(source, "posedirs", fields["posedirs"], (count, 3, 9 * (_JOINTS - 1)))
    names, out = [], []
    for name, joint, axis, sign in _TURNS:
        if not weights[:, joint].any():
            continue
        turn = _rotation(axis, sign) - np.eye(3)
        centre = np.add.accumulate(regressor[joint][:, None] * template, axis=0)[-1]
        # Correctives are linear in the entries of R - 1 of the joints after the root, row by row.
        posed = template + _times(correctives[:, :, 9 * (joint - 1) : 9 * joint], turn.ravel())
        away = posed - centre
        moved = np.stack([_dot(turn[i], away) for i in range(3)], axis=1) * weights[:, joint, None]
        names.append(name)
        out.append((moved + posed - template).astype(np.float32))
    return tuple(names), np.stack(out) if out else np.zeros((0, count, 3), np.float32)


def _rotation(axis: int, sign: int) -> Float64[np.ndarray, "3 3"]:
    """25 degrees about +x or +y."""
    matrix = np.eye(3)
    i, j = (1, 2) if axis == 0 else (2, 0)
    matrix[i, i] = matrix[j, j] = _COS_25
    matrix[i, j], matrix[j, i] = -sign * _SIN_25, sign * _SIN_25
    return matrix


def _times(directions: np.ndarray, weights: Float64[np.ndarray, " n"]) -> np.ndarray:
    """sum_k directions[..., k] * weights[k] in the order of k."""
    total = np.zeros(directions.shape[:-1])
    for k, weight in enumerate(weights.tolist()):
        total = total + directions[..., k] * weight
    return total


def _dot(row: Float64[np.ndarray, " 3"], points: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, " V"]:
    x, y, z = row.tolist()
    product: Float64[np.ndarray, " V"] = points[:, 0] * x + points[:, 1] * y + points[:, 2] * z
    return product


def _textured(parts: Parts, texture: FlameTexture) -> Parts:
    """The same model with vertices split where its texture has a seam; vertices without a texture place go."""
    corners = np.stack([parts.triangles.ravel(), texture.triangles.ravel()], axis=1)
    pairs, where = np.unique(corners, axis=0, return_inverse=True)
    vertex, place = pairs[:, 0], pairs[:, 1]
    first = np.searchsorted(vertex, parts.landmarks)
    missing = vertex[first.clip(0, len(vertex) - 1)] != parts.landmarks
    if missing.any():
        raise FacewrightError(
            f"landmarks: found {int(missing.sum())} on vertices without triangles, expected none"
        )
    return Parts(
        mean=parts.mean[vertex],
        identity=np.ascontiguousarray(parts.identity[:, vertex]),
        expression=np.ascontiguousarray(parts.expression[:, vertex]),
        expression_names=parts.expression_names,
        gaussian=parts.gaussian,
        triangles=np.ascontiguousarray(where.reshape(-1, 3), np.int32),
        parts=parts.parts,
        landmarks=first.astype(np.int32),
        uv=np.ascontiguousarray(texture.uv[place], np.float32),
        albedo=texture.albedo,
    )
