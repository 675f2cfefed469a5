"""The generator: people in, shards out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from os import PathLike

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from upath import UPath

from facewright.dataset.config import DatasetConfig
from facewright.dataset.drawing import Draw, DrawnPerson, draw_person
from facewright.dataset.fill import Filling, fill
from facewright.dataset.plan import ShardPlan, plan_shards, sample_key
from facewright.dataset.progress import ImageProgress
from facewright.dataset.stamp import Stamp, head_sha256
from facewright.dataset.workers import OnImages
from facewright.errors import FacewrightError
from facewright.formats import WRITERS, Place, Sample, place
from facewright.formats.annotations import pack_annotations
from facewright.formats.manifest import ShardRecord, write_shard_record
from facewright.formats.tables import Columns, table_name, write_table
from facewright.models.library import open_model, parse_model

__all__ = ["Report", "drawing", "encode", "generate"]


@dataclass(frozen=True)
class Report:
    """What a call of `generate` did: images of the whole set, how many of them it drew, and how fast."""

    path: Place
    people: int
    images: int
    drawn: int
    images_per_second: float


def generate(
    address: str | PathLike[str] | UPath,
    config: DatasetConfig,
    *,
    format: str = "webdataset",
    workers: int = 1,
    draw: Draw = draw_person,
    quiet: bool = False,
) -> Report:
    """Draw a data set into a folder or another place (s3://bucket/name), or continue where an earlier call was stopped.

    The bytes depend on the configuration, the format, the software version and the head alone: not on `workers` and
    not on interruptions. Several workers are new processes that import the main module, so a script that calls this
    needs `if __name__ == "__main__":`. Raises FacewrightError for a folder with other contents, a full disk or a
    failing shard, and KeyboardInterrupt with a message on Ctrl-C; the shards that were complete stay.
    """
    root = place(address)
    if workers < 1:
        raise FacewrightError(f"workers: found {workers}, expected at least 1")
    progress = ImageProgress("generating", "drawn", quiet)
    manifest = fill(root, drawing(root, config, format, draw), progress, workers)
    progress.say(f"{root}: {manifest.images} images of {manifest.people} people, {progress.summary}")
    return Report(root, manifest.people, manifest.images, progress.drawn, progress.rate)


def drawing(root: Place, config: DatasetConfig, format: str, draw: Draw = draw_person) -> Filling:
    """How the data set of this configuration is made in `root`."""
    if format not in WRITERS:
        raise FacewrightError(f"format: found '{format}', expected {' or '.join(WRITERS)}")
    if config.model is not None:
        open_model(parse_model(config.model))  # a bad file is refused before the folder is begun
    origin = Stamp(format, head_sha256(config.model), config).fields()
    make = functools.partial(_make_shard, root, config, format, draw)
    return Filling(format, origin, plan_shards(config), make)


def _make_shard(
    root: Place, config: DatasetConfig, format: str, draw: Draw, shard: ShardPlan, on_images: OnImages
) -> None:
    """Draw, encode and write one shard. Its record is written last, so that a shard with a record is whole."""
    writer = WRITERS[format](root, shard.name)
    keys: list[str] = []
    tables: list[Columns] = []
    for person in shard.people:
        drawn = _draw_or_explain(draw, config, person)
        label = person - config.first_person
        for row, image in enumerate(drawn.images):
            keys.append(sample_key(person, config.first_sample + row))
            jpeg, known = encode(image, config.jpeg_quality), drawn.annotations_of(row)
            writer.add(Sample(keys[-1], jpeg, label, pack_annotations(known) if known else None))
        tables.append({**_identifiers(config, person, label), **drawn.parameters})
        on_images(len(drawn.images))
    files = writer.close()
    table = table_name(shard.name)
    files[table] = write_table(root / table, keys, tables)
    write_shard_record(root, shard.name, ShardRecord(len(keys), len(shard.people), files))


def _draw_or_explain(draw: Draw, config: DatasetConfig, person: int) -> DrawnPerson:
    try:
        return draw(config, person)
    except FacewrightError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        raise FacewrightError(f"drawing person {person} failed: {type(error).__name__}: {text}") from error


def encode(image: UInt8[np.ndarray, "H W 3"], quality: int) -> bytes:
    """An image as it is stored: JPEG with colour at half resolution."""
    jpeg: bytes = simplejpeg.encode_jpeg(image, quality=quality, colorspace="RGB", colorsubsampling="420")
    return jpeg


def _identifiers(config: DatasetConfig, person: int, label: int) -> Columns:
    count = config.samples_of(person)
    return {
        "label": np.full(count, label, dtype=np.int64),
        "person": np.full(count, person, dtype=np.int64),
        "sample": np.arange(config.first_sample, config.first_sample + count, dtype=np.int32),
        "seed": np.full(count, config.seed, dtype=np.int64),
    }
