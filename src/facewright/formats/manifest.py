"""manifest.json: what a finished data set consists of. It is written last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic

__all__ = [
    "CONFIG",
    "MANIFEST",
    "FileRecord",
    "Manifest",
    "read_json",
    "read_manifest",
    "size_of",
    "record",
    "write_json",
    "write_manifest",
]

CONFIG = "config.json"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class FileRecord:
    """Size and SHA-256 of a file, or of all files of a folder one after the other in name order."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`shards` maps each shard's name to its files and folders (names relative to the data set)."""

    format: str
    people: int
    images: int
    shards: Mapping[str, Mapping[str, FileRecord]]


def record(path: Path) -> FileRecord:
    """Measure a file or folder."""
    digest = hashlib.sha256()
    for file in _files(path):
        digest.update(file.read_bytes())
    return FileRecord(size_of(path), digest.hexdigest())


def size_of(path: Path) -> int:
    """Bytes in a file, or in all files of a folder."""
    return sum(file.stat().st_size for file in _files(path))


def _files(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else [path]


def read_manifest(root: Path) -> Manifest | None:
    """The manifest of a data set made by facewright; None for a folder that something else made.

    Raises FacewrightError when generation is unfinished or the file is damaged.
    """
    path = root / MANIFEST
    if not path.exists():
        if (root / CONFIG).exists():
            raise FacewrightError(
                f"{root}: unfinished data set (no {MANIFEST}): run the same `facewright generate` again to continue"
            )
        return None
    fields = read_json(path)
    try:
        shards = {
            shard: {name: FileRecord(int(file["bytes"]), str(file["sha256"])) for name, file in files.items()}
            for shard, files in fields["shards"].items()
        }
        return Manifest(str(fields["format"]), int(fields["people"]), int(fields["images"]), shards)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FacewrightError(f"{path}: not a facewright manifest: {type(error).__name__} {error}") from error


def write_manifest(root: Path, manifest: Manifest, origin: Mapping[str, Any]) -> None:
    """Write manifest.json; `origin` says how the data set was made and is kept beside the rest."""
    write_json(root / MANIFEST, {**asdict(manifest), "origin": dict(origin)})


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object; FacewrightError naming the file when it does not."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FacewrightError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise FacewrightError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(fields, dict):
        raise FacewrightError(f"{path}: found a JSON {type(fields).__name__}, expected an object")
    return fields


def write_json(path: Path, fields: Mapping[str, Any]) -> None:
    """Write one JSON object, atomically and always with the same bytes."""
    write_atomic(path, [(json.dumps(fields, indent=1) + "\n").encode("utf-8")])
