"""Light of real places: an embedded prior, the Basel Illumination Prior, a user's environment maps."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from facewright import _native
from facewright.errors import FacewrightError

__all__ = [
    "LightPrior",
    "coefficients_of",
    "gaussian_of",
    "light_prior",
    "prior_digest",
    "read_map",
    "read_prior_coefficients",
]

_NATURAL = Path(__file__).parent / "data/natural_light.json"
# Version 1 of .rps files numbers the harmonics differently: place of each of ours in it.
_ORDER_V1 = (0, 2, 3, 1, 7, 5, 4, 6, 8)
_MAP_SUFFIXES = (".exr", ".hdr")
_RPS_SUFFIXES = (".rps",)


@dataclass(frozen=True, eq=False)
class LightPrior:
    """N environments: light as spherical harmonics (as in `Scenes`) and the key light that is not in them.

    turns: whether they may be turned about the vertical, being of places and not of photographs' cameras.
    """

    ambient: Float64[np.ndarray, "N 9 3"]
    key_direction: Float64[np.ndarray, "N 3"]
    key_irradiance: Float64[np.ndarray, "N 3"]
    turns: bool

    def __len__(self) -> int:
        return len(self.ambient)


@functools.lru_cache(maxsize=2)
def light_prior(name: str) -> LightPrior:
    """`natural`, `bip:FOLDER` of .rps files, or `maps:FOLDER` of equirectangular .exr and .hdr files.

    Raises FacewrightError for another name, and naming the file for one that cannot be read.
    """
    if name == "natural":
        return _natural()
    kind, folder = _parsed(name)
    if kind == "bip":
        coefficients = read_prior_coefficients(Path(folder))
        nothing = np.zeros((len(coefficients), 3))
        return LightPrior(
            coefficients, np.tile(np.array([0.0, 0.0, 1.0]), (len(nothing), 1)), nothing, turns=False
        )
    return _of_maps(_files(Path(folder), _MAP_SUFFIXES))


def prior_digest(name: str) -> str:
    """SHA-256 of names and contents of a prior's files."""
    kind, folder = _parsed(name)
    digest = hashlib.sha256()
    for file in _files(Path(folder), _RPS_SUFFIXES if kind == "bip" else _MAP_SUFFIXES):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder)}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _parsed(name: str) -> tuple[str, str]:
    kind, _, folder = name.partition(":")
    if kind not in ("bip", "maps") or not folder:
        raise FacewrightError(
            f"illumination: found '{name}', expected studio, natural, bip:FOLDER or maps:FOLDER"
        )
    return kind, folder


def _natural() -> LightPrior:
    places = json.loads(_NATURAL.read_text())["places"]
    ambient, direction, irradiance = (
        np.array([place[field] for place in places], np.float64)
        for field in ("ambient", "key_direction", "key_irradiance")
    )
    return LightPrior(ambient, direction, irradiance, turns=True)


def _of_maps(files: list[Path]) -> LightPrior:
    projected = np.stack([_native.project_environment(read_map(file)) for file in files])
    return LightPrior(projected[:, :9], projected[:, 9], projected[:, 10], turns=True)


def read_map(file: Path) -> Float32[np.ndarray, "H W 3"]:
    """Linear RGB of an equirectangular .exr or .hdr file. Raises FacewrightError for one that cannot be read."""
    if file.suffix.lower() == ".exr":
        radiance = _read_exr(file)
    else:
        found = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        radiance = None if found is None or found.ndim != 3 else found[:, :, :3][:, :, ::-1]
    if radiance is None or min(radiance.shape[:2]) < 2:
        raise FacewrightError(f"{file}: cannot be read, expected an RGB environment map")
    if not np.isfinite(radiance).all():
        raise FacewrightError(f"{file}: found values that are not finite, expected an environment map")
    return np.ascontiguousarray(radiance, np.float32)


def _read_exr(file: Path) -> Float32[np.ndarray, "H W 3"] | None:
    import OpenEXR

    try:
        channels = OpenEXR.File(str(file)).channels()
    except Exception as error:
        raise FacewrightError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error
    for name in ("RGB", "RGBA"):
        if name in channels:
            return np.asarray(channels[name].pixels[:, :, :3], np.float32)
    if not all(name in channels for name in "RGB"):
        return None
    return np.stack([np.asarray(channels[name].pixels, np.float32) for name in "RGB"], axis=2)


def read_prior_coefficients(folder: Path) -> Float64[np.ndarray, "N 9 3"]:
    """Spherical harmonics of every .rps file below `folder`, as the Basel Illumination Prior is distributed.

    Files of format versions 1 to 4 are read; those that hold a directional light instead are left out. Raises
    FacewrightError naming a file that is none, and when there is no light at all.
    """
    lights = [light for file in _files(folder, _RPS_SUFFIXES) if (light := _read_rps_light(file)) is not None]
    if not lights:
        raise FacewrightError(f"{folder}: found only directional lights, expected spherical harmonics")
    return np.stack(lights)


def _read_rps_light(file: Path) -> Float64[np.ndarray, "9 3"] | None:
    try:
        fields = json.loads(file.read_text())
        found = coefficients_of(fields)
    except OSError as error:
        raise FacewrightError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FacewrightError(f"{file}: {error}, expected render parameters with light") from error
    return found


def coefficients_of(fields: Any) -> Float64[np.ndarray, "9 3"] | None:
    """The light of a parsed .rps file, padded to nine coefficients; None where it is directional."""
    if "environmentMap" in fields:  # 4.0
        rows = fields["environmentMap"]["coefficients"]
    elif "illumination" in fields:  # 2.0, 3.0
        rows = fields["illumination"].get("coefficients", [])
    else:  # 1.0, which has no version
        rows = fields["sphericalHarmonicsLight"]
        rows = [rows[i] for i in _ORDER_V1[: len(rows)] if i < len(rows)]
    if not rows:
        return None
    light = np.zeros((9, 3))
    light[: len(rows)] = rows
    if not np.isfinite(light).all():
        raise ValueError("found numbers that are not finite")
    return light


def _files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """All files with such names below a folder, in order."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    if not files:
        expected = f"a folder with {' or '.join('*' + suffix for suffix in suffixes)} files"
        raise FacewrightError(f"{folder}: found no such files, expected {expected}")
    return files


@functools.lru_cache(maxsize=2)
def gaussian_of(name: str) -> tuple[Float64[np.ndarray, " 27"], Float64[np.ndarray, "27 27"]]:
    """Mean and Cholesky factor of the covariance of a prior's coefficients, the same on every machine."""
    rows = light_prior(name).ambient.reshape(-1, 27)
    mean = np.array([math.fsum(column) for column in rows.T.tolist()]) / len(rows)
    away = (rows - mean).T.tolist()
    covariance = [
        [math.fsum(x * y for x, y in zip(a, b, strict=True)) / max(len(rows) - 1, 1) for b in away]
        for a in away
    ]
    return mean, _cholesky(covariance)


def _cholesky(matrix: list[list[float]]) -> Float64[np.ndarray, "k k"]:
    """Lower triangular factor of a covariance that may be of lower rank."""
    size = len(matrix)
    out = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - math.fsum((out[i, k] * out[j, k]) for k in range(j))
            if i == j:
                out[i, i] = math.sqrt(rest) if rest > 1e-12 * max(matrix[i][i], 1e-30) else 0.0
            else:
                out[i, j] = rest / out[j, j] if out[j, j] > 0 else 0.0
    return out
