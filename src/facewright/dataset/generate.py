"""The generator: people in, shards out."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simplejpeg
from jaxtyping import UInt8

from facewright.dataset.config import DatasetConfig
from facewright.dataset.drawing import Draw, draw_person
from facewright.dataset.parameters import write_parameters
from facewright.dataset.plan import ShardPlan, person_name, plan_shards, sample_key
from facewright.dataset.progress import ImageProgress
from facewright.dataset.stamp import Stamp, claim_folder
from facewright.dataset.workers import OnImages, run_shards
from facewright.errors import FacewrightError
from facewright.formats import WRITERS, Sample
from facewright.formats.manifest import MANIFEST, record, write_json
from facewright.models.embedded import HEAD_FILE

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
    needs `if __name__ == "__main__":`. Raises FacewrightError for a folder with other contents, a full disk or a failing
    shard, and KeyboardInterrupt with a message on Ctrl-C; the shards that were complete stay.
    """
    if format not in WRITERS:
        raise FacewrightError(f"format: found '{format}', expected {' or '.join(WRITERS)}")
    if workers < 1:
        raise FacewrightError(f"workers: found {workers}, expected at least 1")
    stamp = Stamp(format, hashlib.sha256(HEAD_FILE.read_bytes()).hexdigest(), config)
    claim_folder(root, stamp)
    plan = plan_shards(config)
    missing = [shard for shard in plan if not _is_complete(root, format, shard)]
    total, left = config.people * config.samples, sum(len(s.people) for s in missing) * config.samples
    work = functools.partial(_make_shard, root, config, format, draw)
    with ImageProgress(total, total - left, quiet) as progress:
        try:
            run_shards(work, missing, workers, progress.add)
            if missing or not (root / MANIFEST).exists():
                _write_manifest(root, stamp, plan)
        except (FacewrightError, KeyboardInterrupt) as error:
            complete = sum(_is_complete(root, format, shard) for shard in plan)
            reason = str(error) or f"{root}: stopped"
            raise type(error)(f"{reason}; {complete} of {len(plan)} shards are complete, run again to continue") from error
    progress.say(f"{root}: {total} images of {config.people} people; drew {left} at {left / progress.seconds:.0f} images/s")
    return Report(root, config.people, total, left, left / progress.seconds)


def _make_shard(
    root: Path, config: DatasetConfig, format: str, draw: Draw, shard: ShardPlan, on_images: OnImages
) -> None:
    """Draw, encode and write one shard. Its parameter table is written last and marks it as complete."""
    writer = WRITERS[format](root, shard.name)
    keys, parameters = [], []
    for person in shard.people:
        drawn = _draw_or_explain(draw, config, shard, person)
        label = person - config.first_person
        for sample, image in enumerate(drawn.images):
            keys.append(sample_key(person, sample))
            writer.add(Sample(keys[-1], _encode(image, config.jpeg_quality), label))
        parameters.append({**_identifiers(config, person, label), **drawn.parameters})
        on_images(config.samples)
    writer.close()
    write_parameters(root / _table(shard), keys, parameters)
