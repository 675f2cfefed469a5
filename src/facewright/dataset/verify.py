"""Is every file of a data set what it was when it was written? And if not, draw exactly the damaged shards again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from os import PathLike

import cv2
import numpy as np
from upath import UPath

from facewright.dataset.config_io import from_fields
from facewright.dataset.drawing import Draw, draw_person
from facewright.dataset.generate import drawing
from facewright.dataset.progress import ImageProgress
from facewright.dataset.stamp import claimed_folder
from facewright.dataset.workers import run_shards
from facewright.errors import FacewrightError
from facewright.formats import Place, open_dataset, place
from facewright.formats.manifest import (
    CONFIG,
    ShardRecord,
    measure,
    read_json,
    read_manifest,
    shard_file,
)
from facewright.formats.storage import list_sizes

__all__ = ["Damage", "Verification", "repair", "verify"]


@dataclass(frozen=True)
class Damage:
    """A file that is not what was written, and why. `shard` is its shard, or the key of an image found elsewhere."""

    shard: str
    file: str
    problem: str


@dataclass(frozen=True)
class Verification:
    """What was looked at, and what is wrong."""

    path: Place
    files: int
    images: int
    damages: tuple[Damage, ...]

    @property
    def shards(self) -> list[str]:
        """The damaged shards, in order."""
        return sorted({damage.shard for damage in self.damages})


def verify(address: str | PathLike[str] | UPath, quiet: bool = False) -> Verification:
    """Compare every file of a data set with size and SHA-256 in its manifest; read every image of one from elsewhere.

    Raises FacewrightError for what is no data set, for an unfinished one, and for a damaged manifest.
    """
    root = place(address)
    manifest = read_manifest(root) if root.is_dir() else None
    with ImageProgress("verifying", "verified", quiet) as progress:
        if manifest is None:
            return _verify_images(root, progress)
        progress.begin(manifest.images, manifest.images)
        sizes = list_sizes(root)
        damages: list[Damage] = []
        for shard, record in manifest.shards.items():
            damages += _shard_damages(root, shard, record, sizes)
            progress.add(record.images)
    files = sum(len(record.files) for record in manifest.shards.values())
    return Verification(root, files, manifest.images, tuple(damages))


def _shard_damages(root: Place, shard: str, record: ShardRecord, sizes: dict[str, int]) -> Iterator[Damage]:
    if shard_file(shard) not in sizes:
        yield Damage(shard, shard_file(shard), "is missing")
    for name, written in record.files.items():
        if name not in sizes:
            yield Damage(shard, name, "is missing")
        elif sizes[name] != written.bytes:
            yield Damage(shard, name, f"has {sizes[name]:,} bytes, expected {written.bytes:,}")
        elif measure(root / name) != written:
            yield Damage(shard, name, "has other contents than were written (SHA-256)")


def _verify_images(root: Place, progress: ImageProgress) -> Verification:
    """Decode all images of a data set that has no manifest."""
    reader = open_dataset(root)
    progress.begin(len(reader), len(reader))
    damages = []
    for index in range(len(reader)):
        try:
            data = reader.read(index)
            if cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8) is None:
                damages.append(Damage(reader.key(index), root.name, f"{len(data)} unreadable bytes"))
        except FacewrightError as error:
            damages.append(Damage(reader.key(index), root.name, str(error)))
        progress.add(1)
    return Verification(root, 0, len(reader), tuple(damages))


def repair(
    found: Verification,
    workers: int = 1,
    model: str | None = None,
    draw: Draw = draw_person,
    quiet: bool = False,
) -> None:
    """Draw the damaged shards of a data set again, and no others; they come out as they were, byte for byte.

    model: where the head model lies now that the data set was drawn from, if its user brought one (KIND:FILE).
    Raises FacewrightError when they cannot: images from elsewhere or from another format, another version of the
    software or head, another result. Nothing has been changed then, but in the last case.
    """
    root = found.path
    manifest = read_manifest(root) if root.is_dir() else None
    if manifest is None or "config" not in manifest.origin or "converted" in manifest.origin:
        raise FacewrightError(
            f"{root}: was not drawn but copied from elsewhere: convert it again into a new folder"
        )
    stored = read_json(root / CONFIG)
    if stored != json.loads(json.dumps(manifest.origin)):
        raise FacewrightError(
            f"{root / CONFIG}: found other settings than in the manifest, expected the same"
        )
    config = from_fields(manifest.origin["config"], CONFIG)
    filling = drawing(root, config if model is None else replace(config, model=model), manifest.format, draw)
    damaged = [shard for shard in filling.shards if shard.name in found.shards]
    with claimed_folder(root, filling.origin), ImageProgress("repairing", "drawn", quiet) as progress:
        progress.begin(manifest.images, sum(shard.images for shard in damaged))
        run_shards(filling.make, damaged, workers, progress.add)
        sizes = list_sizes(root)
        for shard in damaged:
            for damage in _shard_damages(root, shard.name, manifest.shards[shard.name], sizes):
                raise FacewrightError(
                    f"{root / damage.file}: drawn again it {damage.problem}: another machine or library made it?"
                )
