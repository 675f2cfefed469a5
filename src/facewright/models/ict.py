"""ICT-FaceKit: a folder of OBJ files, one for each identity direction and each expression."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8

from facewright.errors import FacewrightError, first_line
from facewright.models.assembly import Parts, assemble
from facewright.models.landmarks import ICT_LANDMARKS, read_landmark_list
from facewright.models.morphable import MorphableModel, Part

__all__ = ["ict_files", "read_ict"]

_NEUTRAL, _INDEX = "generic_neutral_mesh.obj", "vertex_indices.json"
_VERTICES = 26719
_UPPER_TEETH_END = 19247
# First vertex of each piece of the mesh, in the order of the file (README of ICT-FaceKit). None: see-through layers
# over the eyes and lash cards, which need materials that are not here.
_PIECES: tuple[tuple[int, Part | None], ...] = (
    (0, Part.SKIN),
    (11248, Part.MOUTH_INTERIOR),
    (13294, Part.SKIN),
    (14062, Part.TONGUE),
    (17039, Part.UPPER_TEETH),
    (_UPPER_TEETH_END, Part.LOWER_TEETH),
    (21451, Part.LEFT_EYE),
    (23021, Part.RIGHT_EYE),
    (24591, None),
)


def ict_files(folder: Path) -> list[Path]:
    """The files of the model in a folder FaceXModel, in a fixed order. Raises FacewrightError if there are none."""
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        raise FacewrightError(f"{folder}: found {found}, expected ICT-FaceKit's folder FaceXModel")
    if not (folder / _NEUTRAL).is_file():
        raise FacewrightError(f"{folder}: found no {_NEUTRAL}, expected ICT-FaceKit's folder FaceXModel")
    identities = sorted(folder.glob("identity[0-9][0-9][0-9].obj"))
    if not identities:
        raise FacewrightError(f"{folder}: found no identity000.obj, expected ICT-FaceKit's folder FaceXModel")
    for i, path in enumerate(identities):
        if path.name != f"identity{i:03d}.obj":
            raise FacewrightError(f"{folder}: found {path.name} next, expected identity{i:03d}.obj")
    index = folder / _INDEX
    expressions = [folder / f"{name}.obj" for name in _expressions(folder)]
    for path in expressions:
        if not path.is_file():
            raise FacewrightError(f"{path}: found no such file, expected it as {_INDEX} names it")
    return [folder / _NEUTRAL, *([index] if index.is_file() else []), *identities, *expressions]


def read_ict(folder: Path, landmark_list: Path | None = None) -> MorphableModel:
    """Read a folder FaceXModel of ICT-FaceKit; centimetres.

    Identity and expression files hold whole meshes; the neutral one is taken off. Identity weights are N(0, 1).
    Expressions are units named as ARKit's. Gums and tongue, teeth, eyeballs and mouth keep their parts by vertex
    number; tear film, eye shadow layers and lashes are left out.
    Raises FacewrightError for missing or damaged files and for a mesh of another size.
    """
    files = ict_files(folder)
    names = _expressions(folder)
    source = str(folder / _NEUTRAL)
    text = _read(files[0])
    neutral = _vertices(files[0], text)
    if len(neutral) != _VERTICES:
        raise FacewrightError(f"{source}: found {len(neutral)} vertices, expected {_VERTICES}")
    triangles, parts = _visible(_faces(source, text, len(neutral)))
    landmarks = _landmarks(folder, landmark_list)
    kept = np.unique(np.concatenate([triangles.ravel(), landmarks]))
    place = np.zeros(len(neutral), np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    shapes = [path for path in files if re.fullmatch(r"identity\d{3}\.obj", path.name)]
    faces = [folder / f"{name}.obj" for name in names]
    parts_found = Parts(
        mean=neutral[kept],
        identity=_differences(shapes, neutral, kept),
        expression=_differences(faces, neutral, kept),
        expression_names=tuple(_arkit(name) for name in names),
        gaussian=0,
        triangles=place[triangles],
        parts=parts,
        landmarks=place[landmarks],
    )
    return assemble("ict", source, parts_found, mm_per_unit=10.0)


def _arkit(name: str) -> str:
    """browDown_L -> browDownLeft"""
    return re.sub(r"_R$", "Right", re.sub(r"_L$", "Left", name))


def _index(folder: Path) -> dict[str, object]:
    path = folder / _INDEX
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        reason = first_line(problem)
        raise FacewrightError(f"{path}: found something else ({reason}), expected JSON") from None
    if not isinstance(content, dict):
        raise FacewrightError(f"{path}: found a {type(content).__name__}, expected an object of lists")
    return content


def _expressions(folder: Path) -> list[str]:
    """The names in vertex_indices.json; without that file, every OBJ that is neither neutral nor an identity."""
    names = _index(folder).get("expressions")
    if names is None:
        stems = sorted(path.stem for path in folder.glob("*.obj"))
        return [stem for stem in stems if not re.fullmatch(r"identity\d{3}|generic_neutral_mesh", stem)]
    if not isinstance(names, list) or not all(isinstance(n, str) and re.fullmatch(r"\w+", n) for n in names):
        raise FacewrightError(
            f"{folder / _INDEX}: expressions: found something else, expected a list of names"
        )
    return [str(name) for name in names]


def _landmarks(folder: Path, landmark_list: Path | None) -> Int32[np.ndarray, " 68"]:
    if landmark_list is not None:
        return read_landmark_list(landmark_list, _VERTICES)
    found = _index(folder).get("idx_to_landmark_verts", list(ICT_LANDMARKS))
    good = isinstance(found, list) and len(found) == 68 and all(type(v) is int for v in found)
    if not good or not all(0 <= v < _VERTICES for v in found):  # type: ignore[attr-defined]
        raise FacewrightError(
            f"{folder / _INDEX}: idx_to_landmark_verts: found something else, expected 68 vertices below {_VERTICES}"
        )
    return np.array(found, dtype=np.int32)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError as problem:
        raise FacewrightError(f"{path}: cannot be read: {problem.strerror}") from None


def _vertices(path: Path, text: str) -> Float64[np.ndarray, "V 3"]:
    """The places in the lines "v x y z"."""
    lines = [line for line in text.splitlines() if line.startswith("v ")]
    if not lines:
        raise FacewrightError(f"{path}: found no vertices, expected v x y z")
    try:
        places: Float64[np.ndarray, "V 3"] = np.loadtxt(lines, usecols=(1, 2, 3), ndmin=2)
    except ValueError:
        raise FacewrightError(f"{path}: found lines that are not three numbers, expected v x y z") from None
    if not np.isfinite(places).all():
        raise FacewrightError(f"{path}: found NaN or infinity, expected finite numbers")
    return places


def _faces(source: str, text: str, count: int) -> Int32[np.ndarray, "T 3"]:
    """The polygons in the lines "f v/vt/vn ...", cut into triangles as fans."""
    out: list[tuple[int, int, int]] = []
    try:
        for line in text.splitlines():
            if line.startswith("f "):
                corners = [int(word.partition("/")[0]) - 1 for word in line.split()[1:]]
                out.extend((corners[0], b, c) for b, c in itertools.pairwise(corners[1:]))
    except (ValueError, IndexError):
        raise FacewrightError(
            f"{source}: found a face that is not vertex numbers, expected f v v v"
        ) from None
    if not out:
        raise FacewrightError(f"{source}: found no faces, expected a whole mesh")
    triangles = np.array(out, dtype=np.int64)
    if triangles.min() < 0 or triangles.max() >= count:
        low, high = triangles.min() + 1, triangles.max() + 1
        raise FacewrightError(f"{source}: faces: found vertices {low} .. {high}, expected 1 .. {count}")
    return triangles.astype(np.int32)


def _visible(
    triangles: Int32[np.ndarray, "T 3"],
) -> tuple[Int32[np.ndarray, "U 3"], UInt8[np.ndarray, " U"]]:
    """The triangles that are drawn, and what each belongs to: sockets share their rim with the face before them."""
    starts = np.array([start for start, _ in _PIECES])
    piece = np.searchsorted(starts, triangles.max(axis=1), side="right") - 1
    codes = np.array([255 if part is None else int(part) for _, part in _PIECES], np.uint8)
    parts = codes[piece]
    return triangles[parts != 255], parts[parts != 255]


def _differences(
    paths: list[Path], neutral: Float64[np.ndarray, "V 3"], kept: np.ndarray
) -> Float32[np.ndarray, "K W 3"]:
    """Each file's mesh less the neutral one, at the vertices that are kept."""
    out = np.empty((len(paths), len(kept), 3), np.float32)
    for k, path in enumerate(paths):
        places = _vertices(path, _read(path))
        if len(places) != len(neutral):
            raise FacewrightError(f"{path}: found {len(places)} vertices, expected {len(neutral)}")
        out[k] = (places - neutral)[kept]
    return out
