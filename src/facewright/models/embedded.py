"""The head that comes with the package: geometry, and maps that say where to paint and where hair grows."""

from __future__ import annotations

import functools
import zipfile
import zlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int8, UInt8

from facewright.errors import FacewrightError, first_line
from facewright.models.morphable import MorphableModel

__all__ = ["HEAD_FILE", "ZONE_STEPS", "EmbeddedHead", "load_head", "read_head"]

HEAD_FILE = Path(str(resources.files("facewright.models") / "data" / "head.npz"))
ZONE_STEPS = 512
"""Of a share of the albedo; what `EmbeddedHead.zones` counts in."""


@dataclass(frozen=True, eq=False)
class EmbeddedHead:
    """A head model with what is needed to paint it and to grow hair on it.

    attribute_names, _directions (A, K), _offsets (A,): what a head looks like, as offset + direction @ identity: age
        (0 young adult .. 1 old), gender (0 female .. 1 male), african, asian and caucasian shares (sum to 1), weight
        and muscle (-1 .. 1). Add gain * direction to identity coefficients to make a head look more so.
    mask_names, masks (M, S, S): where to paint over the model's UVs, 0 .. 255, soft-edged. "scalp" rises from the
        lowest hairline inwards, "brows" from the outline to the middle: thresholds move the outline.
    zones (S, S, 3): what the zones of a face add to the albedo of any skin, in `ZONE_STEPS` parts of it.
    position_map_mm (S, S, 3): the place on the mean head under each texel; texels outside the UV islands repeat the
        nearest one inside.
    iris_uv (2, 2): the iris's centre in the left and right eye's texture; iris_uv_radius: its radius in UV units.
    """

    model: MorphableModel
    attribute_names: tuple[str, ...]
    attribute_directions: Float32[np.ndarray, "A K"]
    attribute_offsets: Float32[np.ndarray, " A"]
    mask_names: tuple[str, ...]
    masks: UInt8[np.ndarray, "M S S"]
    zones: Int8[np.ndarray, "S S 3"]
    position_map_mm: Float32[np.ndarray, "S S 3"]
    iris_uv: Float32[np.ndarray, "2 2"]
    iris_uv_radius: float

    def mask(self, name: str) -> UInt8[np.ndarray, "S S"]:
        """One mask by its name."""
        if name not in self.mask_names:
            raise FacewrightError(f"mask: found {name!r}, expected one of {', '.join(self.mask_names)}")
        mask: UInt8[np.ndarray, "S S"] = self.masks[self.mask_names.index(name)]
        return mask


@functools.cache
def load_head() -> EmbeddedHead:
    """The package's own head, read once."""
    return read_head(HEAD_FILE)


def read_head(path: Path) -> EmbeddedHead:
    """Read and check a file written by tools/build_head.py. Raises FacewrightError if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise FacewrightError(f"{path}: found no such file, expected the embedded head") from None
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as problem:
        reason = first_line(problem)
        raise FacewrightError(f"{path}: found an unreadable file ({reason}), expected a head npz") from None
    _check(path, arrays)
    return _head(arrays)


# Name -> kind of number and shape; a letter stands for a length that must agree wherever it occurs.
_LAYOUT: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "mean_mm": ("f", ("V", 3)),
    "identity_basis_mm": ("f", ("K", "V", 3)),
    "identity_names": ("U", ("K",)),
    "expression_basis_mm": ("f", ("E", "V", 3)),
    "expression_names": ("U", ("E",)),
    "triangles": ("i", ("T", 3)),
    "parts": ("u", ("T",)),
    "weld": ("i", ("V",)),
    "uv": ("f", ("V", 2)),
    "occlusion": ("f", ("V",)),
    "landmarks": ("i", (68,)),
    "alignment_landmarks": ("i", (5, 6)),
    "attribute_names": ("U", ("A",)),
    "attribute_directions": ("f", ("A", "K")),
    "attribute_offsets": ("f", ("A",)),
    "mask_names": ("U", ("M",)),
    "masks": ("u", ("M", "S", "S")),
    "zones": ("i", ("S", "S", 3)),
    "position_map": ("i", ("S", "S", 3)),
    "position_steps_per_mm": ("i", ()),
    "iris_uv": ("f", (2, 2)),
    "iris_uv_radius": ("f", ()),
}
_VERTEX_INDICES = ("triangles", "weld", "landmarks", "alignment_landmarks")


def _check(path: Path, arrays: dict[str, np.ndarray[Any, np.dtype[Any]]]) -> None:
    lengths: dict[int | str, int] = {}
    for name, (kind, shape) in _LAYOUT.items():
        if name not in arrays:
            raise FacewrightError(f"{path}: found no {name}, expected an array of that name")
        array = arrays[name]
        wanted = tuple(
            size if isinstance(size, int) else lengths.setdefault(size, found)
            for size, found in zip(shape, array.shape, strict=False)
        )
        if array.dtype.kind != kind or array.shape != wanted or len(shape) != array.ndim:
            raise FacewrightError(
                f"{path}: {name}: found {array.dtype} {array.shape}, expected kind {kind!r} {wanted or shape}"
            )
        if kind == "f" and not np.isfinite(array).all():
            raise FacewrightError(f"{path}: {name}: found NaN or infinity, expected finite numbers")
    for name in _VERTEX_INDICES:
        low, high = int(arrays[name].min()), int(arrays[name].max())
        if low < 0 or high >= lengths["V"]:
            raise FacewrightError(
                f"{path}: {name}: found indices {low} .. {high}, expected 0 .. {lengths['V'] - 1}"
            )


def _head(arrays: dict[str, np.ndarray[Any, np.dtype[Any]]]) -> EmbeddedHead:
    def floats(name: str) -> np.ndarray[Any, np.dtype[Any]]:
        return np.ascontiguousarray(arrays[name], np.float32)

    def words(name: str) -> tuple[str, ...]:
        return tuple(arrays[name].tolist())

    model = MorphableModel(
        name="embedded",
        mean_mm=floats("mean_mm"),
        identity_basis_mm=floats("identity_basis_mm"),
        identity_names=words("identity_names"),
        expression_basis_mm=floats("expression_basis_mm"),
        expression_names=words("expression_names"),
        triangles=arrays["triangles"],
        parts=arrays["parts"],
        weld=arrays["weld"],
        uv=floats("uv"),
        occlusion=floats("occlusion"),
        landmarks=arrays["landmarks"],
        alignment_landmarks=arrays["alignment_landmarks"],
    )
    return EmbeddedHead(
        model=model,
        attribute_names=words("attribute_names"),
        attribute_directions=floats("attribute_directions"),
        attribute_offsets=floats("attribute_offsets"),
        mask_names=words("mask_names"),
        masks=arrays["masks"],
        zones=arrays["zones"],
        position_map_mm=floats("position_map") / np.float32(arrays["position_steps_per_mm"]),
        iris_uv=floats("iris_uv"),
        iris_uv_radius=float(arrays["iris_uv_radius"]),
    )
