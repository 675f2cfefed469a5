"""Colour models in FLAME's texture space: FLAME_albedo_from_BFM.npz, FLAME_texture.npz, the AlbedoMM's npz."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int32

from facewright.errors import FacewrightError, first_line
from facewright.models.assembly import indices, numbers
from facewright.models.morphable import Albedo

__all__ = ["FlameTexture", "read_flame_texture"]

_Array = np.ndarray[Any, np.dtype[Any]]
# Finer texture and weaker components cost memory in every worker and are not seen in small pictures.
_LARGEST_PX = 256
_MOST_COMPONENTS = 100


@dataclass(frozen=True, eq=False)
class FlameTexture:
    """Colours, and where each corner of FLAME's triangles lies in the texture: uv (P, 2), triangles (T, 3) into it."""

    albedo: Albedo
    uv: Float32[np.ndarray, "P 2"]
    triangles: Int32[np.ndarray, "T 3"]


def read_flame_texture(paths: tuple[Path, ...], triangles: int) -> FlameTexture:
    """Read colours (MU and PC, or mean and tex_dir) and texture coordinates (vt and ft) from one or several npz.

    vt has its origin at the bottom left. Colours are 0 .. 1, or 0 .. 255; blue comes first in some files, which shows
    in the mean (skin is redder than blue); a file that also has specular maps (specMU) is in linear light.
    Raises FacewrightError for anything missing, of a wrong size, not finite or out of range.
    """
    named = [_names(path) for path in paths]
    colours = (
        ("MU", "PC", "specMU") if any("MU" in names for names in named) else ("mean", "tex_dir", "specMU")
    )
    fields: dict[str, _Array] = {}
    for path, names in zip(paths, named, strict=True):
        fields.update(_read_npz(path, names & {*colours, "vt", "ft"}))
    source = ",".join(str(path) for path in paths)
    for wanted in (("MU", "mean"), ("PC", "tex_dir"), ("vt",), ("ft",)):
        if not any(name in fields for name in wanted):
            raise FacewrightError(
                f"{source}: found no {' or '.join(wanted)}, expected FLAME's colours (MU, PC) and, in the same or a "
                "second npz, its texture coordinates (vt, ft)"
            )
    uv = numbers(source, "vt", fields["vt"], (None, 2)).astype(np.float64)
    if uv.min() < -0.01 or uv.max() > 1.01:
        raise FacewrightError(f"{source}: vt: found {uv.min():g} .. {uv.max():g}, expected 0 .. 1")
    corners = indices(source, "ft", numbers(source, "ft", fields["ft"], (triangles, 3)), len(uv))
    return FlameTexture(
        albedo=_albedo(source, fields),
        uv=np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).clip(0, 1).astype(np.float32),
        triangles=corners,
    )


def _names(path: Path) -> set[str]:
    with _opened(path) as file:
        return set(file.files)


def _read_npz(path: Path, names: set[str]) -> dict[str, _Array]:
    """The arrays of those names: not the others, which may be of gigabytes."""
    with _opened(path) as file:
        return {name: file[name] for name in sorted(names)}


@contextmanager
def _opened(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    try:
        with np.load(path, allow_pickle=False) as file:
            yield file
    except FileNotFoundError:
        raise FacewrightError(f"{path}: found no such file, expected FLAME's colours (.npz)") from None
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as problem:
        reason = first_line(problem)
        raise FacewrightError(
            f"{path}: found an unreadable file ({reason}), expected FLAME's colours (.npz)"
        ) from None


def _albedo(source: str, fields: Mapping[str, _Array]) -> Albedo:
    mean_name = "MU" if "MU" in fields else "mean"
    basis_name = "PC" if "PC" in fields else "tex_dir"
    mean = numbers(source, mean_name, fields[mean_name].ravel(), (None,))
    size = math.isqrt(len(mean) // 3)
    if size * size * 3 != len(mean):
        raise FacewrightError(f"{source}: {mean_name}: found {len(mean)} numbers, expected a square of three")
    basis = fields[basis_name]
    if basis.size % len(mean) == 0:
        basis = basis.reshape(len(mean), -1)
    basis = numbers(source, basis_name, basis, (len(mean), None))[:, :_MOST_COMPONENTS]
    scale = 1 / 255 if mean.max() > 2 else 1.0
    square = mean.astype(np.float64).reshape(size, size, 3)
    blue_first = square[..., 0].mean() < square[..., 2].mean()
    order = slice(None, None, -1) if blue_first else slice(None)
    layers = [_shrunk(square * scale)] + [
        _shrunk(basis[:, k].astype(np.float64).reshape(size, size, 3) * scale) for k in range(basis.shape[1])
    ]
    stacked = np.stack(layers)[..., order].astype(np.float32)
    return Albedo(
        mean=np.ascontiguousarray(stacked[0].reshape(-1, 3)),
        basis=np.ascontiguousarray(stacked[1:].reshape(len(layers) - 1, -1, 3)),
        texture_px=stacked.shape[1],
        linear="specMU" in fields,
    )


def _shrunk(image: _Array) -> _Array:
    """Halved by averaging 2 x 2 texels until it is small enough."""
    while image.shape[0] > _LARGEST_PX and image.shape[0] % 2 == 0:
        image = (image[0::2, 0::2] + image[1::2, 0::2] + image[0::2, 1::2] + image[1::2, 1::2]) / 4
    return image
