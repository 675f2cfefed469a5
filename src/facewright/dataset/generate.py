"""The generator: people in, shards out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simplejpeg
from jaxtyping import UInt8

from facewright.dataset.config import DatasetConfig
from facewright.dataset.drawing import Draw, DrawnPerson, draw_person
from facewright.dataset.parameters import Columns, write_parameters
from facewright.dataset.plan import ShardPlan, person_name, plan_shards, sample_key
from facewright.dataset.progress import ImageProgress
from facewright.dataset.stamp import Stamp, claimed_folder, head_sha256
from facewright.dataset.workers import OnImages, run_shards
from facewright.errors import FacewrightError
from facewright.formats import WRITERS, Sample
from facewright.formats.manifest import MANIFEST, Manifest, read_manifest, record, size_of, write_manifest
from facewright.models.library import open_model, parse_model

__all__ = ["Report", "generate"]


@dataclass(frozen=True)
class Report:
    """What a call of `generate` did: images of the whole set, how many of them it drew, and how fast."""

    path: Path
    people: int
    images: int
    drawn: int
    images_per_second: float


def generate(
    root: Path,
    config: DatasetConfig,
    *,
    format: str = "webdataset",
    workers: int = 1,
    draw: Draw = draw_person,
    quiet: bool = False,
) -> Report:
    """Draw a data set into the folder `root`, or continue where an earlier call was stopped.

    The bytes depend on the configuration, the format, the software version and the head alone: not on `workers` and
    not on interruptions. Several workers are new processes that import the main module, so a script that calls this
    needs `if __name__ == "__main__":`. Raises FacewrightError for a folder with other contents, a full disk or a
    failing shard, and KeyboardInterrupt with a message on Ctrl-C; the shards that were complete stay.
    """
    if format not in WRITERS:
        raise FacewrightError(f"format: found '{format}', expected {' or '.join(WRITERS)}")
    if workers < 1:
        raise FacewrightError(f"workers: found {workers}, expected at least 1")
    if config.model is not None:
        open_model(parse_model(config.model))  # a bad file is refused before the folder is begun
    stamp = Stamp(format, head_sha256(config.model), config)
    plan, images = plan_shards(config), config.images
    with claimed_folder(root, stamp), ImageProgress(images, quiet) as progress:
        finished = read_manifest(root) if (root / MANIFEST).exists() else None
        missing = [shard for shard in plan if not _is_complete(root, format, shard, finished)]
        progress.skip(images - sum(config.samples_of(person) for shard in missing for person in shard.people))
        try:
            run_shards(
                functools.partial(_make_shard, root, config, format, draw), missing, workers, progress.add
            )
            if missing or not (root / MANIFEST).exists():
                _write_manifest(root, stamp, plan)
        except (FacewrightError, KeyboardInterrupt) as error:
            complete = sum(_is_complete(root, format, shard, finished) for shard in plan)
            kind = FacewrightError if isinstance(error, FacewrightError) else KeyboardInterrupt
            reason = str(error) or f"{root}: stopped"
            advice = f"{complete} of {len(plan)} shards are complete; run the same command again to continue"
            raise kind(f"{reason}; {advice}") from error
    progress.say(f"{root}: {images} images of {config.people} people, {progress.summary}")
    return Report(root, config.people, images, progress.drawn, progress.rate)


def _make_shard(
    root: Path, config: DatasetConfig, format: str, draw: Draw, shard: ShardPlan, on_images: OnImages
) -> None:
    """Draw, encode and write one shard. Its parameter table is written last, so that a shard with a table is whole."""
    writer = WRITERS[format](root, shard.name)
    keys: list[str] = []
    tables: list[Columns] = []
    for person in shard.people:
        drawn = _draw_or_explain(draw, config, person)
        label = person - config.first_person
        for sample, image in enumerate(drawn.images):
            keys.append(sample_key(person, sample))
            writer.add(Sample(keys[-1], _encode(image, config.jpeg_quality), label))
        tables.append({**_identifiers(config, person, label), **drawn.parameters})
        on_images(len(drawn.images))
    writer.close()
    write_parameters(root / _table_name(shard), keys, tables)


def _draw_or_explain(draw: Draw, config: DatasetConfig, person: int) -> DrawnPerson:
    try:
        return draw(config, person)
    except FacewrightError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        raise FacewrightError(f"drawing person {person} failed: {type(error).__name__}: {text}") from error


def _encode(image: UInt8[np.ndarray, "H W 3"], quality: int) -> bytes:
    jpeg: bytes = simplejpeg.encode_jpeg(image, quality=quality, colorspace="RGB", colorsubsampling="420")
    return jpeg


def _identifiers(config: DatasetConfig, person: int, label: int) -> Columns:
    count = config.samples_of(person)
    return {
        "label": np.full(count, label, dtype=np.int64),
        "person": np.full(count, person, dtype=np.int64),
        "sample": np.arange(count, dtype=np.int32),
        "seed": np.full(count, config.seed, dtype=np.int64),
    }


def _table_name(shard: ShardPlan) -> str:
    return f"{shard.name}.parquet"


def _outputs(format: str, shard: ShardPlan) -> list[str]:
    people = [person_name(person) for person in shard.people]
    return [*WRITERS[format].outputs(shard.name, people), _table_name(shard)]


def _is_complete(root: Path, format: str, shard: ShardPlan, finished: Manifest | None) -> bool:
    """Whether all of a shard's files are there and, in a data set that was once finished, have their sizes."""
    paths = {name: root / name for name in _outputs(format, shard)}
    if not all(path.exists() for path in paths.values()):
        return False
    if finished is None or shard.name not in finished.shards:
        return True
    records = finished.shards[shard.name]
    return all(name in records and size_of(path) == records[name].bytes for name, path in paths.items())


def _write_manifest(root: Path, stamp: Stamp, plan: list[ShardPlan]) -> None:
    shards = {
        shard.name: {name: record(root / name) for name in _outputs(stamp.format, shard)} for shard in plan
    }
    config = stamp.config
    write_manifest(root, Manifest(stamp.format, config.people, config.images, shards), stamp.fields())
