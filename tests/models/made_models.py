"""Small files in the exact layouts of the models that users bring, made from the embedded head's mesh."""

from __future__ import annotations

import functools
import io
import json
import pickle
import struct
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
import scipy.io
import scipy.sparse

from facewright.models import Part, load_head
from facewright.models.landmarks import BFM2009_LANDMARKS, BFM_POINTS, FLAME_LANDMARKS
from facewright.people.builder import build_person
from facewright.people.config import PeopleConfig

MODES, EXPRESSIONS = 5, ("jawOpen", "mouthSmileLeft", "browInnerUp")
# Where the made files have their origin, in the head frame (mm).
ORIGIN_MM = np.array([2.0, -40.0, -70.0])


@dataclass(frozen=True)
class Source:
    """The embedded head without seams: what the files are made of, mm in the head frame."""

    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    triangles: np.ndarray
    parts: np.ndarray
    landmarks: np.ndarray
    colours: np.ndarray


@functools.cache
def source(*kept: Part) -> Source:
    """The named parts alone, each vertex once."""
    head = load_head()
    model = head.model
    chosen = np.isin(model.parts, kept)
    welded = model.weld[model.triangles[chosen]]
    landmarks = model.weld[model.landmarks]
    used = np.unique(np.concatenate([welded.ravel(), landmarks]))
    place = np.zeros(len(model.weld), np.int64)
    place[used] = np.arange(len(used))
    units = [model.expression_names.index(name) for name in EXPRESSIONS]
    person = build_person(PeopleConfig(), head, 3, 5)
    size = person.texture.shape[0]
    at = (model.uv[used] * size).astype(int).clip(0, size - 1)
    return Source(
        mean=model.mean_mm[used].astype(np.float64),
        identity=model.identity_basis_mm[:MODES, used].astype(np.float64),
        expression=model.expression_basis_mm[units][:, used].astype(np.float64),
        triangles=place[welded],
        parts=model.parts[chosen],
        landmarks=place[landmarks],
        colours=person.texture[at[:, 1], at[:, 0]] / 255.0,
    )


def face_and_eyes() -> Source:
    return source(Part.SKIN, Part.LEFT_EYE, Part.RIGHT_EYE)


@dataclass(frozen=True)
class Pca:
    """mean (3V,), orthonormal basis (3V, K), sigma (K,)."""

    mean: np.ndarray
    basis: np.ndarray
    sigma: np.ndarray

    def instance(self, coefficients: np.ndarray) -> np.ndarray:
        return (self.mean + self.basis @ (coefficients * self.sigma)).reshape(-1, 3)


def pca(mean: np.ndarray, directions: np.ndarray) -> Pca:
    u, sigma, _ = np.linalg.svd(directions.reshape(len(directions), -1).T, full_matrices=False)
    return Pca(mean.ravel(), u, sigma)


def colour_pca(made: Source) -> Pca:
    grey = np.ones_like(made.colours)
    red = grey * [0.05, 0.0, -0.02]
    return pca(made.colours, np.stack([0.06 * grey, red]))


# --- Basel, Statismo


@dataclass(frozen=True)
class Statismo:
    """What a made file holds."""

    path: Path
    shape: Pca
    expression: Pca
    colour: Pca
    triangles: np.ndarray
    landmarks: np.ndarray


def write_statismo(
    path: Path,
    version: tuple[int, int] | None = (0, 9),
    old_representer: bool = False,
    landmarks: str | None = "json",
    colour_scale: float = 1.0,
) -> Statismo:
    made = face_and_eyes()
    mean = made.mean - ORIGIN_MM
    made_file = Statismo(
        path=path,
        shape=pca(mean, made.identity),
        expression=pca(0.1 * made.expression[1], 0.3 * made.expression),
        colour=colour_pca(made),
        triangles=made.triangles,
        landmarks=made.landmarks,
    )
    with h5py.File(path, "w") as file:
        if version is not None:
            file["version/majorVersion"], file["version/minorVersion"] = (
                np.int32(version[0]),
                np.int32(version[1]),
            )
        scales = {"shape": 1.0, "expression": 1.0, "color": colour_scale}
        models = {"shape": made_file.shape, "expression": made_file.expression, "color": made_file.colour}
        for group, model in models.items():
            sigma = model.sigma * scales[group]
            orthonormal = version is not None and version >= (0, 9)
            file[f"{group}/model/mean"] = (model.mean * scales[group]).astype(np.float32)
            file[f"{group}/model/pcaBasis"] = (model.basis * (1 if orthonormal else sigma)).astype(np.float32)
            file[f"{group}/model/pcaVariance"] = (sigma**2).astype(np.float32)
            file[f"{group}/model/noiseVariance"] = np.zeros(1, np.float32)
            _write_representer(file, group, mean, made.triangles, old_representer)
        named = {
            name: mean[made.landmarks[list(points)]].mean(axis=0).tolist()
            for name, points in BFM_POINTS.items()
        } | {"left.ear.tragus.tip": [70.0, 0.0, 0.0]}
        _write_landmarks(file, landmarks, named)
    return made_file


def _write_representer(
    file: h5py.File, group: str, mean: np.ndarray, triangles: np.ndarray, old: bool
) -> None:
    if old:
        at = f"{group}/representer/reference-mesh"
        file[f"{at}/vertex-coordinates"] = mean.astype(np.float32)
        file[f"{at}/triangle-list"] = triangles.astype(np.int32)
    else:
        file[f"{group}/representer/points"] = mean.T.astype(np.float32)
        file[f"{group}/representer/cells"] = triangles.T.astype(np.int32)


def _write_landmarks(file: h5py.File, kind: str | None, named: dict[str, list[float]]) -> None:
    if kind == "json":
        entries = [{"id": name, "coordinates": place} for name, place in named.items()]
        file["metadata/landmarks/json"] = np.array([json.dumps(entries).encode()], dtype=object)
    elif kind == "text":
        lines = (f"{name} 1 {x} {y} {z}" for name, (x, y, z) in named.items())
        file["metadata/landmarks/text"] = "\n".join(lines) + "\n"


# --- Basel 2009


def scattered(made: Source, count: int, places: dict[int, int]) -> np.ndarray:
    """(count,) for each vertex of a larger model the source's: `places` (model's: source's), the others, vertex 0."""
    out = np.full(count, -1)
    for vertex, original in places.items():
        out[vertex] = original
    rest = np.setdiff1d(np.arange(len(made.mean)), out)
    free = np.flatnonzero(out < 0)
    out[free[: len(rest)]] = rest
    out[out < 0] = 0
    return out


def renumbered(triangles: np.ndarray, originals: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Triangles of the source in the numbers of the larger model."""
    place = np.zeros(originals.max() + 1, np.int64)
    place[originals[::-1]] = np.arange(len(originals))[::-1]
    place[originals[landmarks]] = landmarks
    return place[triangles]


def write_bfm2009(path: Path, **changes: Any) -> tuple[Pca, np.ndarray]:
    made = face_and_eyes()
    originals = scattered(made, 53490, {v: int(made.landmarks[i]) for i, v in BFM2009_LANDMARKS.items()})
    shape = pca(1000 * (made.mean - ORIGIN_MM)[originals], 1000 * made.identity[:, originals])
    colour = colour_pca(made)
    colours = pca(255 * made.colours[originals], 255 * colour.basis.T.reshape(2, -1, 3)[:, originals] * 3)
    triangles = renumbered(made.triangles, originals, np.array(list(BFM2009_LANDMARKS.values())))
    fields = {
        "shapeMU": shape.mean[:, None].astype(np.float32),
        "shapePC": shape.basis.astype(np.float32),
        "shapeEV": shape.sigma[:, None].astype(np.float32),
        "texMU": colours.mean[:, None].astype(np.float32),
        "texPC": colours.basis.astype(np.float32),
        "texEV": colours.sigma[:, None].astype(np.float32),
        "tl": (triangles[:, [0, 2, 1]] + 1).astype(np.float64),
        "segbin": np.zeros((2, 4)),
    }
    fields = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    scipy.io.savemat(path, fields)
    return shape, originals


# --- FLAME


class Python2Pickler(pickle._Pickler):  # type: ignore[misc]
    """Writes bytes as Python 2 wrote its strings, as in FLAME's files."""

    dispatch: ClassVar[dict[type, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_bytes(self, content: bytes) -> None:
        self.write(b"T" + struct.pack("<i", len(content)) + content)
        self.memoize(content)

    dispatch[bytes] = save_bytes


@contextmanager
def pretended_modules() -> Iterator[tuple[type, type]]:
    """chumpy.ch.Ch and the old scipy.sparse.csc.csc_matrix, for as long as a pickle is written."""

    class Ch:
        def __init__(self, x: np.ndarray) -> None:
            self.x, self._dirty_vars, self._itr = x, set(), None

        def __getstate__(self) -> dict[str, Any]:
            return {"x": self.x, "_itr": None}

    class csc_matrix:
        def __init__(self, matrix: np.ndarray) -> None:
            sparse = scipy.sparse.csc_matrix(matrix)
            self._shape, self.maxprint, self.format = sparse.shape, 50, "csc"
            self.data, self.indices, self.indptr = sparse.data, sparse.indices, sparse.indptr

    added = {}
    for cls, module in ((Ch, "chumpy.ch"), (csc_matrix, "scipy.sparse.csc")):
        cls.__module__, cls.__qualname__ = module, cls.__name__
        for name in ("chumpy", module):
            added[name] = sys.modules.get(name)
            sys.modules[name] = types.ModuleType(name)
        setattr(sys.modules[module], cls.__name__, cls)
    try:
        yield Ch, csc_matrix
    finally:
        for name, before in added.items():
            if before is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = before


def python2_pickle(content: object) -> bytes:
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol=2).dump(content)
    return buffer.getvalue().replace(b"cnumpy._core.", b"cnumpy.core.")


def flame_fields() -> tuple[dict[str, Any], np.ndarray]:
    """A FLAME model in metres, 300 identity directions of which the first are not zero, and the source's vertices."""
    made = face_and_eyes()
    keep = (
        made.mean[made.triangles][:, :, 2].max(axis=1) > -75
    )  # few enough vertices: without the back of the head
    used = np.unique(np.concatenate([made.triangles[keep].ravel(), made.landmarks]))
    places = dict(zip(FLAME_LANDMARKS, made.landmarks.tolist(), strict=True))
    thin = Source(made.mean[used], *([np.zeros(0)] * 6))
    originals = used[scattered(thin, 5023, {v: int(np.searchsorted(used, o)) for v, o in places.items()})]
    place = renumbered(
        np.arange(len(made.mean)).clip(0, originals.max()), originals, np.array(FLAME_LANDMARKS)
    )
    directions = np.zeros((5023, 3, 400))
    directions[:, :, :MODES] = made.identity[:, originals].transpose(1, 2, 0) / 1000
    directions[:, :, 300:303] = 0.3 * made.expression[:, originals].transpose(1, 2, 0) / 1000
    weights = np.zeros((5023, 5))
    for part, joint in ((Part.LEFT_EYE, 3), (Part.RIGHT_EYE, 4)):
        eye = np.zeros(len(made.mean), bool)
        eye[made.triangles[made.parts == part]] = True
        weights[:, joint] = eye[originals]
    drop = -made.expression[0][originals, 1]
    weights[:, 2] = (drop / drop.max()).clip(0, 1) * (1 - weights[:, 3] - weights[:, 4])
    weights[:, 1] = 1 - weights.sum(axis=1)
    regressor = np.zeros((5, 5023))
    regressor[2, [FLAME_LANDMARKS[0], FLAME_LANDMARKS[16]]] = 0.5
    for joint in (3, 4):
        regressor[joint] = (weights[:, joint] == 1) / (weights[:, joint] == 1).sum()
    regressor[:2, 0] = 1
    rng = np.random.default_rng(4)
    fields = {
        "v_template": (made.mean[originals] - ORIGIN_MM) / 1000,
        "shapedirs": directions,
        "posedirs": 1e-5 * rng.standard_normal((5023, 3, 36)),
        "J_regressor": regressor,
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
        "weights": weights,
        "f": place[made.triangles[keep]].astype(np.uint32),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }
    return fields, originals


def write_flame(path: Path, **changes: Any) -> dict[str, Any]:
    """As FLAME_NEUTRAL.pkl: Python 2, shapedirs a chumpy object, J_regressor a sparse matrix."""
    fields = {**flame_fields()[0], **changes}
    with pretended_modules() as (ch, csc):
        stored = dict(fields)
        if isinstance(fields["shapedirs"], np.ndarray):
            stored["shapedirs"] = ch(fields["shapedirs"])
        stored["J_regressor"] = csc(fields["J_regressor"])
        path.write_bytes(python2_pickle({k: v for k, v in stored.items() if v is not None}))
    return fields


def write_flame_colours(path: Path, **changes: Any) -> dict[str, np.ndarray]:
    """As FLAME_texture.npz: blue first, 0 .. 255, an unwrapping from the front with a seam down the middle."""
    fields = flame_fields()[0]
    template, triangles = fields["v_template"], fields["f"].astype(np.int64)
    low, high = template.min(axis=0), template.max(axis=0)
    flat = ((template - low) / (high - low))[:, :2] * 0.9 + 0.05
    left = template[triangles].mean(axis=1)[:, 0] > template[:, 0].mean()
    uv = np.concatenate([flat * [0.5, 1], flat * [0.5, 1] + [0.49, 0]])
    rows, columns = np.mgrid[0:64, 0:64] / 63.0
    skin = np.stack([120 + 20 * rows, 150 + 10 * columns, 205 + 0 * rows], axis=-1)
    stored = {
        "mean": skin,
        "tex_dir": np.stack([10 * np.ones((64, 64, 3)), np.stack([rows, columns, rows], axis=-1)], axis=-1),
        "vt": uv,
        "ft": triangles + np.where(left, len(template), 0)[:, None],
        **changes,
    }
    stored = {name: value for name, value in stored.items() if value is not None}
    np.savez(path, **stored)
    return stored


# --- ICT-FaceKit

_PLACES = {
    Part.SKIN: 0,
    Part.MOUTH_INTERIOR: 11248,
    Part.TONGUE: 14062,
    Part.UPPER_TEETH: 17039,
    Part.LOWER_TEETH: 19247,
    Part.LEFT_EYE: 21451,
    Part.RIGHT_EYE: 23021,
}
ICT_NAMES = ("jawOpen", "mouthSmile_L", "browInnerUp_L")


def ict_source() -> Source:
    return source(*_PLACES)


def part_of_vertices(made: Source) -> np.ndarray:
    """The part of each vertex; those of several belong to the first, the skin."""
    out = np.full(len(made.mean), Part.MOUTH_INTERIOR)
    np.minimum.at(out, made.triangles.ravel(), np.repeat(made.parts, 3))
    return out


def write_ict(folder: Path, index: dict[str, Any] | None = None) -> np.ndarray:
    """A folder FaceXModel, cm, with three identities; gives for each of its 26,719 vertices the source's."""
    made = ict_source()
    part_of = part_of_vertices(made)
    places = {}
    for part, first in _PLACES.items():
        own = np.flatnonzero(part_of == part)
        places.update(zip(range(first, first + len(own)), own.tolist(), strict=True))
    originals = scattered(made, 26719, places)
    place = np.zeros(len(made.mean), np.int64)
    place[list(places.values())] = list(places)
    folder.mkdir()
    centimetres = (made.mean - ORIGIN_MM)[originals] / 10
    quads = [[*place[t].tolist()] for t in made.triangles]
    lids = [[25047, 25048, 25049, 25050]]  # a see-through layer: not to be drawn
    faces = "".join("f " + " ".join(f"{v + 1}/{v + 1}/{v + 1}" for v in face) + "\n" for face in quads + lids)
    meshes = {"generic_neutral_mesh": centimetres}
    meshes |= {f"identity{k:03d}": centimetres + made.identity[k][originals] / 10 for k in range(3)}
    meshes |= {name: centimetres + made.expression[e][originals] / 10 for e, name in enumerate(ICT_NAMES)}
    for name, vertices in meshes.items():
        lines = "".join(f"v {x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in vertices.tolist())
        text = f"mtllib ICTFaceModelMaterial.mtl\n{lines}vt 0.5 0.5\nusemtl M_Face\n{faces}"
        (folder / f"{name}.obj").write_text(text)
    stored = {
        "expressions": list(ICT_NAMES),
        "idx_to_landmark_verts": place[made.landmarks].tolist(),
    } | (index or {})
    (folder / "vertex_indices.json").write_text(json.dumps(stored))
    return originals
