"""Small meshes from grids and tubes, with smooth normals."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int32

from facewright import _native
from facewright.people.attachment import Attachment, Material

__all__ = [
    "Mesh",
    "attach",
    "bar_profile",
    "cross",
    "grid_mesh",
    "grid_triangles",
    "merged",
    "mirrored",
    "round_profile",
    "tube",
    "unit",
]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Vertices and normals (V, 3), triangles (T, 3) counter-clockwise from outside, uv (V, 2), anchors (V,)."""

    vertices: Float64[np.ndarray, "V 3"]
    normals: Float64[np.ndarray, "V 3"]
    triangles: Int32[np.ndarray, "T 3"]
    uv: Float64[np.ndarray, "V 2"]
    anchors: Int32[np.ndarray, " V"]


def attach(
    name: str,
    material: Material,
    mesh: Mesh,
    texture: np.ndarray,
    tint: tuple[float, float, float],
    two_sided: bool = False,
) -> Attachment:
    """A mesh with its look."""
    return Attachment(
        name=name,
        material=material,
        vertices_mm=mesh.vertices.astype(np.float32),
        normals=mesh.normals.astype(np.float32),
        triangles=mesh.triangles,
        uv=mesh.uv.clip(0, 1).astype(np.float32),
        texture=texture,
        tint=tint,
        anchors=mesh.anchors,
        two_sided=two_sided,
    )


def unit(vectors: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 3"]:
    """Vectors of length 1 in the same directions; +y for vectors of no length."""
    squared = vectors * vectors
    length = np.sqrt(squared[..., 0] + squared[..., 1] + squared[..., 2])
    if not length.size or length.min() > 1e-9:
        scaled: Float64[np.ndarray, "*n 3"] = vectors / length[..., None]
        return scaled
    short = (length <= 1e-9)[..., None]
    return np.where(short, (0.0, 1.0, 0.0), vectors / np.where(short, 1.0, length[..., None]))


_NEXT, _AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])


def cross(a: Float64[np.ndarray, "*n 3"], b: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 3"]:
    """Vector product; numpy's own takes several times as long for small arrays."""
    product: Float64[np.ndarray, "*n 3"] = a[..., _NEXT] * b[..., _AFTER] - a[..., _AFTER] * b[..., _NEXT]
    return product


@functools.cache
def grid_triangles(
    rows: int, columns: int, rows_closed: bool, columns_closed: bool
) -> Int32[np.ndarray, "T 3"]:
    """Two triangles for each cell; counter-clockwise where rows go down and columns go right."""
    row = np.arange(rows if rows_closed else rows - 1)[:, None]
    column = np.arange(columns if columns_closed else columns - 1)[None, :]
    below, right = (row + 1) % rows, (column + 1) % columns
    a, b = row * columns + column, below * columns + column
    c, d = below * columns + right, row * columns + right
    cells = np.stack([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)], axis=2)
    triangles = cells.reshape(-1, 3).astype(np.int32)
    triangles.setflags(write=False)
    return triangles


@functools.cache
def _grid_uv(rows: int, columns: int) -> Float64[np.ndarray, "V 2"]:
    v, u = np.meshgrid(
        np.arange(rows) / max(rows - 1, 1), np.arange(columns) / max(columns - 1, 1), indexing="ij"
    )
    uv = np.stack([u, v], axis=-1).reshape(-1, 2)
    uv.setflags(write=False)
    return uv


def grid_normals(points: Float64[np.ndarray, "R C 3"], columns_closed: bool) -> Float64[np.ndarray, "R C 3"]:
    """Unit normals from the neighbours in both directions; outside is where rows going down see columns go right."""
    down = np.empty_like(points)
    # Rows may be unevenly spaced: the derivative of the parabola through three of them.
    step = points[1:] - points[:-1]
    squared = (step[..., 0] * step[..., 0] + step[..., 1] * step[..., 1] + step[..., 2] * step[..., 2])[
        ..., None
    ]
    down[1:-1] = step[1:] * squared[:-1] + step[:-1] * squared[1:]
    down[0], down[-1] = step[0], step[-1]
    right = np.empty_like(points)
    right[:, 1:-1] = points[:, 2:] - points[:, :-2]
    if columns_closed:
        right[:, 0], right[:, -1] = points[:, 1] - points[:, -2], points[:, 1] - points[:, -2]
    else:
        right[:, 0], right[:, -1] = points[:, 1] - points[:, 0], points[:, -1] - points[:, -2]
    return unit(cross(down, right))


def grid_mesh(
    points: Float64[np.ndarray, "R C 3"],
    anchors: Int32[np.ndarray, "R C"] | None = None,
    columns_closed: bool = False,
) -> Mesh:
    """A sheet of R x C points. Where `columns_closed`, the last column repeats the first (so that UVs may differ)."""
    rows, columns = points.shape[:2]
    normals = grid_normals(points, columns_closed)
    if columns_closed:  # a row that is one point, the top of a hat, has no direction along it
        for row, inner in ((0, 1), (-1, -2)):
            if np.abs(points[row] - points[row, 0]).max() < 1e-6:
                normals[row] = unit(_fixed_sum(normals[inner, :-1])[None])
    return Mesh(
        points.reshape(-1, 3),
        normals.reshape(-1, 3),
        grid_triangles(rows, columns, False, False),
        _grid_uv(rows, columns),
        np.full(rows * columns, -1, np.int32) if anchors is None else anchors.reshape(-1),
    )


def _fixed_sum(vectors: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " 3"]:
    """The sum in the order of rows on every machine."""
    total: Float64[np.ndarray, " 3"] = np.add.accumulate(vectors, axis=0)[-1]
    return total


def tube(
    path: Float64[np.ndarray, "n 3"],
    up: Float64[np.ndarray, "n 3"],
    profile: Float64[np.ndarray, "m 4"],
    closed: bool = False,
    thickness: Float64[np.ndarray, " n"] | None = None,
    anchors: Int32[np.ndarray, " n"] | None = None,
) -> Mesh:
    """A profile swept along a path; u runs along the path, v round the profile.

    up: at each point of the path, where the profile's second axis points (need not be exactly across).
    profile: rows (a, b, na, nb), place and unit normal, counter-clockwise for someone towards whom the path comes.
    closed: the path returns to its start. thickness: factors of the profile along the path.
    """
    n, m = len(path), len(profile)
    grown = np.ones(n) if thickness is None else thickness
    vertices, normals = _native.sweep(path, up, profile, grown, closed)
    follow = np.full(n, -1, np.int32) if anchors is None else anchors
    return Mesh(
        vertices,
        normals,
        grid_triangles(n, m, closed, True)[:, ::-1],
        _grid_uv(n, m),
        np.repeat(follow, m),
    )


@functools.cache
def round_profile(sides: int) -> Float64[np.ndarray, "m 4"]:
    """A circle of radius 1."""
    turns = _native.sincos_deg(np.arange(sides, dtype=np.float64) * (360 / sides))[:, ::-1]
    return np.concatenate([turns, turns], axis=1)


def bar_profile(a: float, b: float) -> Float64[np.ndarray, "m 4"]:
    """A rectangle of half sides a and b with bevelled edges."""
    cut = 0.45 * min(a, b)
    corner = [(a, b - cut, 12 / 13, 5 / 13), (a - cut, b, 5 / 13, 12 / 13)]
    rows = [
        *corner,
        *((-x, y, -nx, ny) for x, y, nx, ny in reversed(corner)),
        *((-x, -y, -nx, -ny) for x, y, nx, ny in corner),
        *((x, -y, nx, -ny) for x, y, nx, ny in reversed(corner)),
    ]
    return np.array(rows)


def mirrored(mesh: Mesh) -> Mesh:
    """The same on the other side of x = 0."""
    turned = np.array([-1.0, 1.0, 1.0])
    return Mesh(mesh.vertices * turned, mesh.normals * turned, mesh.triangles[:, ::-1], mesh.uv, mesh.anchors)


def merged(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one."""
    starts = [0]
    for mesh in meshes:
        starts.append(starts[-1] + len(mesh.vertices))
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate(
            [mesh.triangles + np.int32(start) for mesh, start in zip(meshes, starts, strict=False)]
        ),
        np.concatenate([mesh.uv for mesh in meshes]),
        np.concatenate([mesh.anchors for mesh in meshes]),
    )
