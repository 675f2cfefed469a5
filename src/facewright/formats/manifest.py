"""What a data set consists of: a record beside each shard, written after it, and manifest.json, written last of all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from facewright.errors import FacewrightError
from facewright.formats.atomic import FileRecord, write_atomic
from facewright.formats.storage import Place, list_sizes, opened, read_all, read_each

__all__ = [
    "CONFIG",
    "CARD_PICTURES",
    "MANIFEST",
    "Manifest",
    "ShardRecord",
    "complete_shards",
    "has_manifest",
    "measure",
    "read_json",
    "read_manifest",
    "shard_file",
    "write_json",
    "write_manifest",
    "write_shard_record",
]

CONFIG = "config.json"
MANIFEST = "manifest.json"
CARD_PICTURES = ("contact_sheet.jpg", "histograms.png")
"""Pictures beside a data set's images that show what is in it."""
_SHARD_SUFFIX = ".shard.json"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ShardRecord:
    """A shard's images and people, and its files and folders by their names in the data set's folder."""

    images: int
    people: int
    files: Mapping[str, FileRecord]


@dataclass(frozen=True)
class Manifest:
    """A finished data set. `shards` has the shards by name, in order; `origin` says how they were made."""

    format: str
    people: int
    images: int
    shards: Mapping[str, ShardRecord]
    origin: Mapping[str, Any]


def measure(path: Place) -> FileRecord:
    """Size and SHA-256 of a file, or of the files of a folder one after the other in name order."""
    digest, size = hashlib.sha256(), 0
    inside: list[Place] = list(path.iterdir()) if path.is_dir() else [path]
    for file in sorted(inside, key=lambda file: file.name):
        with opened(file) as read:
            offset = 0
            while chunk := read(offset, _CHUNK):
                digest.update(chunk)
                offset += len(chunk)
        size += offset
    return FileRecord(size, digest.hexdigest())


def shard_file(shard: str) -> str:
    """File of a shard's record."""
    return shard + _SHARD_SUFFIX


def write_shard_record(root: Place, shard: str, record: ShardRecord) -> None:
    """Say that a shard is complete."""
    write_json(root / shard_file(shard), asdict(record))


def complete_shards(root: Place) -> dict[str, ShardRecord]:
    """The shards that are there as they were written, by name; looks at the sizes of their files, at no contents.

    A shard with a missing, shortened or lengthened file is not among them, nor one whose record cannot be read.
    """
    sizes = list_sizes(root)
    names = sorted(name for name in sizes if name.endswith(_SHARD_SUFFIX))
    contents = read_each(root, names)
    records = {name.removesuffix(_SHARD_SUFFIX): _parse_record(contents[name]) for name in names}
    return {
        shard: record
        for shard, record in records.items()
        if record is not None and all(sizes.get(name) == file.bytes for name, file in record.files.items())
    }


def _parse_record(content: bytes) -> ShardRecord | None:
    try:
        return _record_of(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _record_of(fields: Mapping[str, Any]) -> ShardRecord:
    files = {
        str(name): FileRecord(int(file["bytes"]), str(file["sha256"]))
        for name, file in fields["files"].items()
    }
    return ShardRecord(int(fields["images"]), int(fields["people"]), files)


def has_manifest(root: Place) -> bool:
    """Whether a data set made by facewright is finished."""
    return MANIFEST in list_sizes(root)


def read_manifest(root: Place) -> Manifest | None:
    """The manifest of a data set made by facewright; None for a folder that something else made.

    Raises FacewrightError when generation is unfinished or the file is damaged.
    """
    path = root / MANIFEST
    if not path.exists():
        if (root / CONFIG).exists():
            raise FacewrightError(
                f"{root}: unfinished data set (no {MANIFEST}): run the command that began it again to continue"
            )
        return None
    fields = read_json(path)
    try:
        shards = {str(shard): _record_of(record) for shard, record in fields["shards"].items()}
        counts = int(fields["people"]), int(fields["images"])
        return Manifest(str(fields["format"]), *counts, shards, dict(fields["origin"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FacewrightError(f"{path}: not a facewright manifest: {type(error).__name__} {error}") from error


def write_manifest(root: Place, manifest: Manifest) -> None:
    """Write manifest.json: the data set is finished."""
    write_json(root / MANIFEST, asdict(manifest))


def read_json(path: Place) -> dict[str, Any]:
    """Read a file that holds one JSON object; FacewrightError naming the file when it does not."""
    try:
        fields = json.loads(read_all(path).decode("utf-8"))
    except ValueError as error:
        raise FacewrightError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(fields, dict):
        raise FacewrightError(f"{path}: found a JSON {type(fields).__name__}, expected an object")
    return fields


def write_json(path: Place, fields: Mapping[str, Any]) -> None:
    """Write one JSON object, atomically and always with the same bytes."""
    write_atomic(path, [(json.dumps(fields, indent=1) + "\n").encode("utf-8")])
