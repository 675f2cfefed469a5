"""What a data set's folder was begun with: runs that would mix two different things in it are refused."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from facewright import __version__
from facewright.dataset.config import DatasetConfig
from facewright.dataset.config_io import to_fields
from facewright.errors import FacewrightError
from facewright.formats.atomic import PARTIAL, remove_partials
from facewright.formats.manifest import CONFIG, read_json, write_json
from facewright.formats.storage import Place, list_sizes, storage_errors
from facewright.geometry import named_crop
from facewright.models.embedded import HEAD_FILE
from facewright.models.library import model_digest, parse_model
from facewright.scenes.light_priors import prior_digest
from facewright.scenes.photo_backgrounds import open_photo_backgrounds

__all__ = ["Stamp", "claimed_folder", "head_sha256"]


def head_sha256(model: str | None = None) -> str:
    """SHA-256 of the data of the embedded head, or of the files of the `model` that a user brings."""
    if model is not None:
        return model_digest(parse_model(model))
    return hashlib.sha256(HEAD_FILE.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Stamp:
    """Everything that decides the bytes of a data set. `head` is the SHA-256 of the head model's data."""

    format: str
    head: str
    config: DatasetConfig

    def fields(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "version": __version__,
            "head": self.head,
            "config": self._config_fields(),
            **_sources(self.config),
        }

    def _config_fields(self) -> dict[str, Any]:
        """The model's files without their folders: they may lie elsewhere when a run goes on."""
        fields = to_fields(self.config)
        if self.config.model is not None:
            fields["model"] = parse_model(self.config.model).name
        return fields


def _sources(config: DatasetConfig) -> dict[str, str]:
    """SHA-256 of what a configuration names and does not hold: light and backgrounds of the user's own.

    Raises FacewrightError when they cannot be read, and for numbers of backgrounds that there are not.
    """
    light, folder = config.sampler.light.illumination, config.sampler.backgrounds
    sources = {}
    if ":" in light:
        sources["illumination"] = prior_digest(light)
    if folder is not None:
        photos = open_photo_backgrounds(folder, named_crop(config.crop, config.size_px).size_px)
        sources["backgrounds"] = photos.digest
        for axis in config.sampler.grid:
            if axis.name == "background":
                photos.require_number(int(max(axis.values)))
    return sources


@contextmanager
def claimed_folder(root: Place, origin: Mapping[str, Any]) -> Iterator[None]:
    """Begin a data set in a new or empty folder, or continue in one of the same origin; keep other runs out.

    Removes the unfinished files of a killed run. Raises FacewrightError, having changed nothing, when the folder holds
    something else, was begun with other settings or is being filled by another run. Only file systems of this machine
    have locks: elsewhere two runs at once are not noticed (they write the same bytes).
    """
    _begin(root, origin)
    config = root / CONFIG
    if not isinstance(config, Path):
        yield
        return
    with storage_errors(config):
        file = config.open("rb")
    with file:
        _lock(file)
        remove_partials(root)
        yield


def _begin(root: Place, origin: Mapping[str, Any]) -> None:
    config = root / CONFIG
    sizes = list_sizes(root)
    if CONFIG in sizes:
        differences = list(_differences("", read_json(config), dict(origin)))
        if differences:
            raise FacewrightError(
                f"{config}: begun with other settings: {'; '.join(differences)}: use the same ones or another folder"
            )
        return
    if root.is_file():
        raise FacewrightError(f"{root}: found a file, expected a new or empty folder")
    if any(name != CONFIG + PARTIAL for name in sizes):
        raise FacewrightError(
            f"{root}: found {len(sizes)} files that are no facewright data set, expected a new or empty folder"
        )
    if isinstance(root, Path):
        with storage_errors(root, "cannot be created"):
            root.mkdir(parents=True, exist_ok=True)
    write_json(config, origin)


def _lock(file: BinaryIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FacewrightError(f"{file.name}: another run is writing to this folder") from None
    except OSError:
        pass  # a file system without locks


def _differences(prefix: str, found: object, wanted: object) -> Iterator[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted(found.keys() | wanted.keys()):
            yield from _differences(f"{prefix}.{key}" if prefix else key, found.get(key), wanted.get(key))
    elif found != wanted:
        yield f"{prefix} was {_short(found)}, now {_short(wanted)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."
