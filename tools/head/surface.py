"""The head's surface: which of MakeHuman's faces it takes, eyeballs of its own, and the texture atlas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from facewright.models.morphable import Part
from head.source import Mesh

__all__ = ["EYES", "IRIS_DEG", "Eye", "Surface", "build_surface", "eye_uv_radius"]

_CUT_MM = 475.0  # lowest height of the skin that is kept, in the base mesh's own frame
_TEETH_TONGUE = (
    ("helper-upper-teeth", Part.UPPER_TEETH, (0.855, 0.685, 0.135, 0.05)),
    ("helper-lower-teeth", Part.LOWER_TEETH, (0.855, 0.750, 0.135, 0.05)),
    ("helper-tongue", Part.TONGUE, (0.855, 0.815, 0.060, 0.110)),
)
_LASHES = ("helper-l-eyelashes-2", "helper-r-eyelashes-2")  # the upper ones; the lower ones are painted
_LASH_RECT = (0.930, 0.815, 0.06, 0.03)
_LASH_LENGTH = 0.22  # of MakeHuman's, which are 10 mm blades meant for a texture with transparency
_FACE_RECT = (0.01, 0.01, 0.98, 0.645)
_FACE_ISLAND = (0.64, 0.995, 0.14, 0.83)  # u and v limits of the island in MakeHuman's layout
_FACE_CENTRE = (0.862, 0.4838)  # between eyes and mouth in MakeHuman's layout
_FACE_ZOOM = 0.028  # texels grow inside this radius (MakeHuman's UV units) round the centre
_OTHER_ISLANDS = {
    "neck": ((0.16, 0.63, 0.70, 0.995), (0.01, 0.680, 0.47, 0.205)),
    "mouth": ((0.74, 0.94, 0.0, 0.145), (0.01, 0.900, 0.20, 0.09)),
    "right socket": ((0.0, 0.081, 0.53, 0.65), (0.225, 0.900, 0.11, 0.09)),
    "left socket": ((0.081, 0.16, 0.53, 0.65), (0.350, 0.900, 0.11, 0.09)),
}
_MOUTH_ISLAND = _OTHER_ISLANDS["mouth"][0]
EYES = (("left", "helper-l-eye", Part.LEFT_EYE), ("right", "helper-r-eye", Part.RIGHT_EYE))
_EYE_UV = {"left": ((0.76, 0.765), 0.08), "right": ((0.58, 0.765), 0.08)}
_EYE_RINGS_DEG = (6, 12, 18, 23, 29, 36, 44, 53, 63, 74, 86, 98)
_EYE_SEGMENTS = 24
IRIS_DEG = 20.3  # half angle of the iris: 11.8 mm across on a 17 mm eyeball


@dataclass(frozen=True)
class Eye:
    """A generated eyeball: its points' indices, their unit directions from its centre, and where its texture is."""

    helper: str
    points: np.ndarray
    directions: np.ndarray
    uv_centre: tuple[float, float]
    uv_radius: float


@dataclass(frozen=True)
class Surface:
    """Points (not yet split at UV seams) and triangles.

    source_ids: MakeHuman's vertex of each of the first points; the eyeballs' points follow. blend_to / blend:
    point i follows (1 - blend) of MakeHuman's vertex blend_to and blend of source_ids (lashes are shortened so).
    triangles (T, 3), corner_uvs (T, 3, 2) with v down, source_uvs (T, 3, 2) MakeHuman's own with v up (NaN on the
    eyeballs), parts (T,), eyes: left, right.
    """

    source_ids: np.ndarray
    blend_to: np.ndarray
    blend: np.ndarray
    triangles: np.ndarray
    corner_uvs: np.ndarray
    source_uvs: np.ndarray
    parts: np.ndarray
    eyes: tuple[Eye, Eye]

    @property
    def skin(self) -> np.ndarray:
        """Sorted indices of the points of the skin (without the mouth's inside)."""
        return np.unique(self.triangles[self.parts == Part.SKIN])

    def follow(self, field: np.ndarray) -> np.ndarray:
        """A field (N, 3) over MakeHuman's vertices at the points that have one."""
        blend = self.blend[:, None]
        return np.asarray(field[self.source_ids] * blend + field[self.blend_to] * (1 - blend))


def build_surface(mesh: Mesh) -> Surface:
    """Cut the head out of MakeHuman's mesh, triangulate it, add eyeballs and lay out the atlas."""
    quads, uvs, source_uvs, parts = _kept_faces(mesh)
    triangles, both_uvs, parts = _triangulate(
        quads, np.concatenate([uvs, source_uvs], axis=2), parts, mesh.positions_mm
    )
    corner_uvs, source_uvs = both_uvs[..., :2], both_uvs[..., 2:]
    source_ids, flat = np.unique(triangles, return_inverse=True)
    triangles = flat.reshape(triangles.shape)
    blend_to, blend = _shorten_lashes(mesh, source_ids)
    blocks, block_uvs, block_parts = [triangles], [corner_uvs], [parts]
    eyes, first = [], len(source_ids)
    for side, helper, part in EYES:
        directions, angles, faces = _eyeball()
        centre, radius = _EYE_UV[side]
        uv = _eye_uv(directions, angles, centre, radius)
        eyes.append(Eye(helper, np.arange(first, first + len(directions)), directions, centre, radius))
        blocks.append(faces + first)
        block_uvs.append(uv[faces])
        block_parts.append(np.full(len(faces), part))
        first += len(directions)
    own_eyes = np.full((len(np.concatenate(blocks)) - len(triangles), 3, 2), np.nan)
    return Surface(
        source_ids=source_ids,
        blend_to=blend_to,
        blend=blend,
        triangles=np.concatenate(blocks),
        corner_uvs=np.concatenate(block_uvs),
        source_uvs=np.concatenate([source_uvs, own_eyes]),
        parts=np.concatenate(block_parts).astype(np.uint8),
        eyes=(eyes[0], eyes[1]),
    )


def _kept_faces(mesh: Mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Quads, their places in the atlas and in MakeHuman's layout, and their parts."""
    body, body_uv = mesh.quads["body"], mesh.uvs[mesh.quad_uvs["body"]]
    keep = (mesh.positions_mm[body][:, :, 1] > _CUT_MM).all(axis=1)
    body, body_uv = body[keep], body_uv[keep]
    part = np.where(_inside(body_uv, _MOUTH_ISLAND), Part.MOUTH_INTERIOR, Part.SKIN)
    quads, uvs, sources, parts = [body], [_body_atlas(body_uv)], [body_uv], [part]
    for name, part_id, rect in (*_TEETH_TONGUE, *((name, Part.LASHES, _LASH_RECT) for name in _LASHES)):
        quads.append(mesh.quads[name])
        sources.append(mesh.uvs[mesh.quad_uvs[name]])
        uvs.append(_fit(sources[-1], rect))
        parts.append(np.full(len(quads[-1]), part_id))
    return np.concatenate(quads), np.concatenate(uvs), np.concatenate(sources), np.concatenate(parts)


def _inside(corner_uvs: np.ndarray, limits: tuple[float, float, float, float]) -> np.ndarray:
    left, right, low, high = limits
    u, v = corner_uvs[..., 0], corner_uvs[..., 1]
    return np.asarray(((u > left) & (u < right) & (v > low) & (v < high)).all(axis=-1))


def _fit(uvs: np.ndarray, rect: tuple[float, float, float, float]) -> np.ndarray:
    """Stretch an island with v up into a rectangle (left, top, width, height) of the atlas with v down."""
    points = uvs.reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (uvs - low) / (high - low)
    unit[..., 1] = 1 - unit[..., 1]
    return np.asarray(unit * np.array(rect[2:]) + np.array(rect[:2]))


def _body_atlas(corner_uvs: np.ndarray) -> np.ndarray:
    atlas = np.full_like(corner_uvs, np.nan)
    face = _inside(corner_uvs, _FACE_ISLAND)
    atlas[face] = _fit(_upright_zoom(corner_uvs[face]), _FACE_RECT)
    for limits, rect in _OTHER_ISLANDS.values():
        island = _inside(corner_uvs, limits)
        atlas[island] = _fit(corner_uvs[island], rect)
    if np.isnan(atlas).any():
        raise RuntimeError(f"base.obj: {np.isnan(atlas).any(axis=(1, 2)).sum()} faces in no known UV island")
    return atlas


def _upright_zoom(uvs: np.ndarray) -> np.ndarray:
    """Turn MakeHuman's sideways face island upright and enlarge its middle."""
    offset = uvs - np.array(_FACE_CENTRE)
    radius = np.linalg.norm(offset, axis=-1, keepdims=True)
    zoomed = offset * np.arcsinh(radius / _FACE_ZOOM) / np.maximum(radius, 1e-9)
    return np.stack([zoomed[..., 1], -zoomed[..., 0]], axis=-1)


def _triangulate(
    quads: np.ndarray, uvs: np.ndarray, parts: np.ndarray, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split every quad along its shorter diagonal."""
    corners = positions[quads]
    first = np.linalg.norm(corners[:, 0] - corners[:, 2], axis=1)
    second = np.linalg.norm(corners[:, 1] - corners[:, 3], axis=1)
    pick = np.where((first <= second)[:, None], [[0, 1, 2, 0, 2, 3]], [[0, 1, 3, 1, 2, 3]]).reshape(-1, 3)
    rows = np.repeat(np.arange(len(quads)), 2)[:, None]
    return quads[rows, pick], uvs[rows, pick], np.repeat(parts, 2)


def _shorten_lashes(mesh: Mesh, source_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    blend_to, blend = source_ids.copy(), np.ones(len(source_ids))
    skin = cKDTree(mesh.positions_mm[mesh.groups["body"]])
    for name in _LASHES:
        faces = mesh.quads[name]
        points = np.unique(faces)
        edges = np.concatenate([faces[:, [i, (i + 1) % 4]] for i in range(4)])
        size = len(mesh.positions_mm)
        graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size))
        labels = connected_components(graph)[1][points]
        distance = skin.query(mesh.positions_mm[points])[0]
        for label in np.unique(labels):
            strip = points[labels == label]
            root = strip[distance[labels == label] < 1.5]
            nearest = root[cKDTree(mesh.positions_mm[root]).query(mesh.positions_mm[strip])[1]]
            rows = np.searchsorted(source_ids, strip)
            blend_to[rows] = nearest
            blend[rows] = np.where(nearest == strip, 1.0, _LASH_LENGTH)
    return blend_to, blend


def _eyeball() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit directions (n, 3) from the centre, gaze +z, their angles from the gaze, and faces; the back is open."""
    turn = np.arange(_EYE_SEGMENTS) * (2 * np.pi / _EYE_SEGMENTS)
    angles = np.radians(np.concatenate([[0.0], np.repeat(_EYE_RINGS_DEG, _EYE_SEGMENTS)]))
    around = np.concatenate([[0.0], np.tile(turn, len(_EYE_RINGS_DEG))])
    directions = np.stack(
        [np.sin(angles) * np.cos(around), np.sin(angles) * np.sin(around), np.cos(angles)], axis=1
    )
    here = np.arange(_EYE_SEGMENTS)
    after = (here + 1) % _EYE_SEGMENTS
    faces = [np.stack([np.zeros_like(here), 1 + here, 1 + after], axis=1)]
    for ring in range(1, len(_EYE_RINGS_DEG)):
        inner, outer = 1 + (ring - 1) * _EYE_SEGMENTS, 1 + ring * _EYE_SEGMENTS
        faces.append(np.stack([inner + here, outer + here, outer + after], axis=1))
        faces.append(np.stack([inner + here, outer + after, inner + after], axis=1))
    return directions, angles, np.concatenate(faces)


def eye_uv_radius(angle_deg: float, radius: float) -> float:
    """Distance in the atlas from an eye's centre of a point that many degrees off the gaze."""
    return float(radius * (angle_deg / _EYE_RINGS_DEG[-1]) ** 0.75)


def _eye_uv(
    directions: np.ndarray, angles: np.ndarray, centre: tuple[float, float], radius: float
) -> np.ndarray:
    around = np.arctan2(directions[:, 1], directions[:, 0])
    rho = radius * (np.degrees(angles) / _EYE_RINGS_DEG[-1]) ** 0.75
    return np.stack([centre[0] + rho * np.cos(around), centre[1] - rho * np.sin(around)], axis=1)
