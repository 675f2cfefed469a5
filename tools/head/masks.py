"""Where to paint: masks and mean-head positions over the texture atlas."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from facewright.models.morphable import Part
from head.clean import Seat
from head.hair import hairline_mm, smoothstep
from head.planes import BROW_MM, brow_planes, eyeball_planes, lid_planes, wrinkle_masks
from head.raster import interpolate, rasterise
from head.source import Source
from head.surface import IRIS_DEG, Surface, eye_uv_radius

__all__ = ["Texels", "paint_masks", "texels_of"]

_IRIS_REACH = 1.35  # the iris mask falls from 1 in the middle to 0 at this share of the usual radius
_EYE_CENTRES_X_MM = 29.0
_BROW_HALF_WIDTH_MM = (4.6, 5.4, 5.2, 4.2, 3.2, 2.4)


@dataclass(frozen=True)
class Texels:
    """What lies under each of the n = size * size texels: place (n, 3), part (n,), atlas uv (n, 2), MakeHuman's uv.

    Texels outside every island repeat their nearest neighbour inside one.
    """

    size: int
    positions_mm: np.ndarray
    parts: np.ndarray
    uvs: np.ndarray
    source_uvs: np.ndarray


def texels_of(surface: Surface, points_mm: np.ndarray, size: int) -> Texels:
    """Rasterise the atlas on the mean head."""
    corners = np.concatenate([surface.corner_uvs * size, np.zeros((len(surface.triangles), 3, 1))], axis=2)
    covering, weights = rasterise(corners, size)
    hit = covering >= 0
    nearest = distance_transform_edt(~hit, return_distances=False, return_indices=True)
    flat = np.arange(3 * len(surface.triangles)).reshape(-1, 3)

    def spread(field: np.ndarray) -> np.ndarray:
        out = np.zeros((size, size, field.shape[1]))
        out[hit] = field
        return np.asarray(out[nearest[0], nearest[1]].reshape(size * size, -1))

    sources = np.nan_to_num(surface.source_uvs)
    return Texels(
        size=size,
        positions_mm=spread(interpolate(points_mm, surface.triangles, covering, weights)),
        parts=spread(surface.parts[covering[hit]][:, None]).astype(int)[:, 0],
        uvs=spread(interpolate(surface.corner_uvs.reshape(-1, 2), flat, covering, weights)),
        source_uvs=spread(interpolate(sources.reshape(-1, 2), flat, covering, weights)),
    )


def paint_masks(
    source: Source, surface: Surface, texels: Texels, eye_rims_mm: np.ndarray, seats: tuple[Seat, Seat]
) -> dict[str, np.ndarray]:
    """All masks, name -> (size, size) uint8. eye_rims_mm (n, 3) are places along the lids' edges."""
    skin = (texels.parts == Part.SKIN).astype(float)
    lips = _sampled(source, "lips", texels) * skin
    ears = _sampled(source, "ears", texels) * skin
    eye = np.isin(texels.parts, (Part.LEFT_EYE, Part.RIGHT_EYE)).astype(float)
    places = texels.positions_mm
    masks = {
        "all": np.ones(len(places)),
        "lips": lips,
        "lids": _sampled(source, "eyelids", texels) * skin,
        "ears": ears,
        "mouth": np.maximum(texels.parts == Part.MOUTH_INTERIOR, 0.0),
        "teeth": np.isin(texels.parts, (Part.UPPER_TEETH, Part.LOWER_TEETH)),
        "tongue": texels.parts == Part.TONGUE,
        "lashes": texels.parts == Part.LASHES,
        **_eye_masks(surface, texels),
        **{name: mask * eye for name, mask in eyeball_planes(places, seats).items()},
        **{name: mask * skin for name, mask in _face_masks(places).items()},
        **{name: mask * skin for name, mask in brow_planes(places).items()},
        **{name: mask * skin for name, mask in lid_planes(places, eye_rims_mm, seats[0]).items()},
        **{name: mask * skin * (1 - lips) for name, mask in wrinkle_masks(places).items()},
        **{name: mask * skin * (1 - lips) for name, mask in _beard_masks(places).items()},
        "scalp": smoothstep(hairline_mm(places), -6, 44) ** 0.8 * skin * (1 - ears),
    }
    size = texels.size
    return {
        name: np.round(255 * np.clip(mask, 0, 1)).astype(np.uint8).reshape(size, size)
        for name, mask in masks.items()
    }


def _sampled(source: Source, name: str, texels: Texels) -> np.ndarray:
    """One of MPFB2's masks under each texel."""
    image = cv2.GaussianBlur(source.mask(name), (0, 0), 1.5).astype(np.float32) / 255
    at = texels.source_uvs * np.array([1.0, -1.0]) * image.shape[0] + np.array([0.0, image.shape[0]]) - 0.5
    x, y = (np.ascontiguousarray(at[:, i].reshape(texels.size, -1), np.float32) for i in (0, 1))
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR).ravel(), np.float64)


def _eye_masks(surface: Surface, texels: Texels) -> dict[str, np.ndarray]:
    eye = np.isin(texels.parts, (Part.LEFT_EYE, Part.RIGHT_EYE)).astype(float)
    distance = np.min([np.linalg.norm(texels.uvs - e.uv_centre, axis=1) for e in surface.eyes], axis=0)
    iris = eye_uv_radius(IRIS_DEG, surface.eyes[0].uv_radius)
    return {"sclera": eye, "iris": eye * np.clip(1 - distance / (_IRIS_REACH * iris), 0, 1)}


def _face_masks(places: np.ndarray) -> dict[str, np.ndarray]:
    folded = np.abs(places * [1, 0, 0]) + places * [0, 1, 1]
    x, y, z = folded.T
    eye = np.stack([x - _EYE_CENTRES_X_MM, y + 2, (z - 12) * 0.8], axis=1)
    return {
        "brows": _brows(folded),
        "sockets": np.exp(-((np.linalg.norm(eye * [1, 1.25, 1], axis=1) / 19) ** 2)),
        "cheeks": _bump(folded, (44, -33, 6), (17, 15, 22)),
        "nose": _bump(folded, (0, -37, 40), (14, 12, 16)),
        "neck": smoothstep(-y - 0.45 * z, 78, 112) * smoothstep(z, -110, -60),
    }


def _bump(places: np.ndarray, centre: tuple[float, ...], widths: tuple[float, ...]) -> np.ndarray:
    return np.asarray(np.exp(-(((places - centre) / np.array(widths)) ** 2).sum(axis=1)))


def _brows(folded: np.ndarray) -> np.ndarray:
    """1 along the brow's middle, 0 at its widest outline, which tapers towards the temple."""
    x, y = np.array(BROW_MM).T
    knots = np.linspace(0, 1, len(x))
    fine = np.linspace(0, 1, 200)
    line = np.stack([CubicSpline(knots, x)(fine), CubicSpline(knots, y)(fine)], axis=1)
    distance, nearest = cKDTree(line).query(folded[:, :2])
    half_width = np.interp(fine, knots, _BROW_HALF_WIDTH_MM)[nearest]
    return np.asarray(np.clip(1 - distance / half_width, 0, 1) * (folded[:, 2] > -15))


def _beard_masks(places: np.ndarray) -> dict[str, np.ndarray]:
    x, y, z = np.abs(places[:, 0]), places[:, 1], places[:, 2]
    cheek_line = np.interp(x, [0, 12, 22, 34, 50, 64, 72], [-84, -86, -74, -64, -54, -34, -14])
    below = smoothstep(cheek_line - y, -3, 9)
    above_throat = smoothstep(y + 0.55 * z, -138, -112)
    in_front = smoothstep(z, -58, -46)
    soul_patch = np.exp(-((x / 7) ** 2) - ((y + 84) / 4) ** 2) * (z > 0)
    top = np.interp(x, [0, 6, 14, 26, 32], [-52, -49, -52, -61, -68])
    bottom = np.interp(x, [0, 6, 14, 24, 32], [-60, -58, -63, -71, -76])
    moustache = (
        smoothstep(top - y, -2, 3) * smoothstep(y - bottom, -5, 0) * smoothstep(31 - x, 0, 6) * (z > 0)
    )
    return {
        "beard": np.maximum(below * above_throat * in_front, 0.8 * soul_patch),
        "moustache": moustache,
    }
