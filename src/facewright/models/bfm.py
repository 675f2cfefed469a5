"""The Basel Face Models: 2017 and 2019 as Statismo HDF5 files, 2009 as a MATLAB file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from jaxtyping import Float32, Float64, Int32

from facewright.errors import FacewrightError, first_line
from facewright.models.assembly import Parts, assemble, indices, numbers, sigma_directions
from facewright.models.landmarks import (
    BFM2009_LANDMARKS,
    BFM_POINTS,
    complete_landmarks,
    read_landmark_list,
)
from facewright.models.morphable import Albedo, MorphableModel

__all__ = ["read_bfm2009", "read_statismo"]

_Array = np.ndarray[Any, np.dtype[Any]]
_BFM2009_VERTICES = 53490
_LENGTH_TOLERANCE = 0.02


def read_statismo(path: Path, name: str, landmark_list: Path | None = None) -> MorphableModel:
    """Read a BFM 2017 or 2019 file (Statismo's HDF5 layout).

    instance = mean_s + B_s (a sqrt(v_s)) + mean_e + B_e (d sqrt(v_e)), in millimetres; the mean expression is part of
    the model's mean. From version 0.9 on B is orthonormal; in version 0.8 and in files without a version its columns
    are U sqrt(lambda), so their length is taken out. Colours are 0 .. 1, or 0 .. 255 in some files. Landmarks come from
    metadata/landmarks/json or /text, completed to 68, unless `landmark_list` names them.
    Raises FacewrightError for anything missing, of a wrong size, not finite or out of range.
    """
    source = str(path)
    try:
        with h5py.File(path, "r") as file:
            return _statismo(source, name, file, landmark_list)
    except FileNotFoundError:
        raise FacewrightError(f"{path}: found no such file, expected a Basel Face Model (.h5)") from None
    except FacewrightError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as problem:
        raise FacewrightError(
            f"{path}: found an unreadable file ({first_line(problem)}), expected a Basel Face Model (.h5)"
        ) from None


def _statismo(source: str, name: str, file: h5py.File, landmark_list: Path | None) -> MorphableModel:
    orthonormal = _version(file) >= (0, 9)
    triangles = _triangles(source, file)
    mean, identity = _linear_model(source, file, "shape", orthonormal)
    shift, expression = _linear_model(source, file, "expression", orthonormal)
    colour, colours = _linear_model(source, file, "color", orthonormal)
    for group, rows in (("expression", shift), ("color", colour)):
        if len(rows) != len(mean):
            raise FacewrightError(
                f"{source}: {group}/model/mean: found {len(rows)} vertices, expected {len(mean)} as in shape"
            )
    if landmark_list is None:
        landmarks = _landmarks(source, file, mean)
    else:
        landmarks = read_landmark_list(landmark_list, len(mean))
    parts = Parts(
        mean=mean + shift,
        identity=identity,
        expression=expression,
        expression_names=tuple(f"expression{i:03d}" for i in range(len(expression))),
        gaussian=len(expression),
        triangles=indices(source, "shape/representer cells", triangles, len(mean)),
        parts=np.zeros(len(triangles), np.uint8),
        landmarks=landmarks,
        albedo=_albedo(colour, colours),
    )
    return assemble(name, source, parts, mm_per_unit=1.0)


def _version(file: h5py.File) -> tuple[int, int]:
    """Statismo's format version; files older than the field count as 0.0."""
    if "version/majorVersion" not in file or "version/minorVersion" not in file:
        return (0, 0)
    major, minor = (np.ravel(file[f"version/{part}"][()])[0] for part in ("majorVersion", "minorVersion"))
    return int(major), int(minor)


def _field(source: str, file: h5py.File, name: str) -> Any:
    if name not in file:
        raise FacewrightError(f"{source}: found no {name}, expected a Basel Face Model of 2017 or 2019")
    return file[name][()]


def _linear_model(
    source: str, file: h5py.File, group: str, orthonormal: bool
) -> tuple[Float64[np.ndarray, "V 3"], Float32[np.ndarray, "K V 3"]]:
    """Mean, and directions for one standard deviation."""
    at = f"{group}/model"
    mean = numbers(source, f"{at}/mean", np.ravel(_field(source, file, f"{at}/mean")), (None,))
    if len(mean) % 3:
        raise FacewrightError(
            f"{source}: {at}/mean: found {len(mean)} numbers, expected three for each vertex"
        )
    variance = numbers(
        source, f"{at}/pcaVariance", np.ravel(_field(source, file, f"{at}/pcaVariance")), (None,)
    ).astype(np.float64)
    if variance.min() < 0:
        raise FacewrightError(f"{source}: {at}/pcaVariance: found {variance.min():g}, expected none below 0")
    basis = numbers(
        source, f"{at}/pcaBasis", _field(source, file, f"{at}/pcaBasis"), (len(mean), len(variance))
    )
    rows = np.ascontiguousarray(basis.T)
    lengths = _lengths(rows)
    if orthonormal and np.abs(lengths - 1).max() > _LENGTH_TOLERANCE:
        odd = lengths[np.abs(lengths - 1).argmax()]
        raise FacewrightError(
            f"{source}: {at}/pcaBasis: found a column of length {odd:.4g}, expected 1 in this version"
        )
    if not orthonormal:
        variance = np.where(lengths > 0, variance, 0.0)
        basis_scale = np.sqrt(variance) / np.where(lengths > 0, lengths, 1.0)
    else:
        basis_scale = np.sqrt(variance)
    return mean.astype(np.float64).reshape(-1, 3), sigma_directions(rows, basis_scale)


def _lengths(rows: _Array) -> Float64[np.ndarray, " K"]:
    """Each row's, summed one number after the other, so the same on every machine."""
    squares = (np.square(row.astype(np.float64)) for row in rows)
    lengths: Float64[np.ndarray, " K"] = np.sqrt([np.add.accumulate(square)[-1] for square in squares])
    return lengths


def _triangles(source: str, file: h5py.File) -> _Array:
    """(T, 3), from the new representer or the old one."""
    if "shape/representer/cells" in file:
        cells = numbers(source, "shape/representer/cells", file["shape/representer/cells"][()], (3, None))
        return cells.T
    old = "shape/representer/reference-mesh/triangle-list"
    if old in file:
        return numbers(source, old, file[old][()], (None, 3))
    raise FacewrightError(
        f"{source}: found no shape/representer/cells nor {old}, expected a Basel Face Model of 2017 or 2019"
    )


def _landmarks(source: str, file: h5py.File, mean: Float64[np.ndarray, "V 3"]) -> Int32[np.ndarray, " 68"]:
    """The named points of the metadata, on the mean shape, completed to the 68."""
    if "metadata/landmarks/json" in file:
        named = _json_landmarks(source, _text(file["metadata/landmarks/json"][()]))
    elif "metadata/landmarks/text" in file:
        named = _text_landmarks(_text(file["metadata/landmarks/text"][()]))
    else:
        raise FacewrightError(
            f"{source}: found no metadata/landmarks, expected them there or a list of 68 vertices (FILE.h5,LIST.txt)"
        )
    anchors = {
        BFM_POINTS[key]: numbers(source, f"landmark {key}", place, (3,)).astype(np.float64)
        for key, place in named.items()
        if key in BFM_POINTS
    }
    try:
        return complete_landmarks(mean, anchors)
    except FacewrightError as problem:
        raise FacewrightError(f"{source}: metadata/{problem}") from None


def _text(value: Any) -> str:
    """The first string of a scalar or a one-element array, as bytes or characters."""
    while isinstance(value, np.ndarray):
        value = value.tobytes() if value.dtype.kind in "iu" else value.ravel()[0]
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _json_landmarks(source: str, text: str) -> dict[str, Any]:
    """[{"id": NAME, "coordinates": [x, y, z]}, ...]"""
    try:
        return {str(entry["id"]): entry["coordinates"] for entry in json.loads(text.rstrip("\0"))}
    except (ValueError, TypeError, KeyError):
        raise FacewrightError(
            f"{source}: metadata/landmarks/json: found something else, expected a list of ids with coordinates"
        ) from None


def _text_landmarks(text: str) -> dict[str, Any]:
    """A line each: name, sometimes whether it is visible, x, y, z."""
    rows = (line.replace(",", " ").split() for line in text.rstrip("\0").splitlines())
    return {row[0]: [float(word) for word in row[-3:]] for row in rows if len(row) >= 4}


def _albedo(mean: Float64[np.ndarray, "V 3"], basis: Float32[np.ndarray, "K V 3"]) -> Albedo:
    """Colours 0 .. 1; a mean above 2 can only be meant as 0 .. 255."""
    scale = 1 / 255 if mean.max() > 2 else 1.0
    return Albedo((mean * scale).astype(np.float32), basis * np.float32(scale))


def read_bfm2009(path: Path, landmark_list: Path | None = None) -> MorphableModel:
    """Read 01_MorphableModel.mat of 2009: micrometres, no expressions.

    shapeEV and texEV are standard deviations, textures are 0 .. 255, tl is 1-based with the winding turned round.
    Raises FacewrightError for anything missing, of a wrong size, not finite or out of range.
    """
    source = str(path)
    fields = _read_mat(path)
    mean, identity = _pca2009(source, fields, "shape")
    colour, colours = _pca2009(source, fields, "tex")
    if len(colour) != len(mean):
        raise FacewrightError(f"{source}: texMU: found {len(colour)} vertices, expected {len(mean)}")
    triangles = numbers(source, "tl", fields["tl"], (None, 3)).astype(np.float64)[:, [0, 2, 1]] - 1
    if landmark_list is not None:
        landmarks = read_landmark_list(landmark_list, len(mean))
    elif len(mean) == _BFM2009_VERTICES:
        landmarks = complete_landmarks(mean, {(i,): mean[v] for i, v in BFM2009_LANDMARKS.items()})
    else:
        raise FacewrightError(
            f"{source}: shapeMU: found {len(mean)} vertices, expected {_BFM2009_VERTICES} "
            "or a list of 68 vertices (FILE.mat,LIST.txt)"
        )
    parts = Parts(
        mean=mean,
        identity=identity,
        expression=np.zeros((0, len(mean), 3), np.float32),
        expression_names=(),
        gaussian=0,
        triangles=indices(source, "tl", triangles, len(mean)),
        parts=np.zeros(len(triangles), np.uint8),
        landmarks=landmarks,
        albedo=Albedo((colour / 255).astype(np.float32), colours / np.float32(255)),
    )
    return assemble("bfm2009", source, parts, mm_per_unit=1e-3)


def _read_mat(path: Path) -> Mapping[str, Any]:
    wanted = ["shapeMU", "shapePC", "shapeEV", "texMU", "texPC", "texEV", "tl"]
    if not path.exists():
        raise FacewrightError(f"{path}: found no such file, expected 01_MorphableModel.mat")
    try:
        fields: dict[str, Any] = scipy.io.loadmat(path, variable_names=wanted, appendmat=False)
    except Exception as problem:  # scipy's readers raise nearly anything on damaged files
        raise FacewrightError(
            f"{path}: found an unreadable file ({first_line(problem)}), expected 01_MorphableModel.mat"
        ) from None
    for name in wanted:
        if name not in fields:
            raise FacewrightError(f"{path}: found no {name}, expected the Basel Face Model of 2009")
    return fields


def _pca2009(
    source: str, fields: Mapping[str, Any], kind: str
) -> tuple[Float64[np.ndarray, "V 3"], Float32[np.ndarray, "K V 3"]]:
    mean = numbers(source, f"{kind}MU", np.ravel(fields[f"{kind}MU"]), (None,))
    if len(mean) % 3:
        raise FacewrightError(
            f"{source}: {kind}MU: found {len(mean)} numbers, expected three for each vertex"
        )
    sigma = numbers(source, f"{kind}EV", np.ravel(fields[f"{kind}EV"]), (None,)).astype(np.float64)
    basis = numbers(source, f"{kind}PC", fields[f"{kind}PC"], (len(mean), len(sigma)))
    rows = np.ascontiguousarray(basis.T)
    lengths = _lengths(rows)
    if np.abs(lengths - 1).max() > _LENGTH_TOLERANCE:
        odd = lengths[np.abs(lengths - 1).argmax()]
        raise FacewrightError(f"{source}: {kind}PC: found a column of length {odd:.4g}, expected 1")
    return mean.astype(np.float64).reshape(-1, 3), sigma_directions(rows, sigma)
