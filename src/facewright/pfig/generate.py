"""Draws what a configuration asks for into its layout: img/, rps/, csv/ and tlms/, one folder for each person."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from facewright.dataset.drawing import open_sampler
from facewright.dataset.plan import ShardPlan
from facewright.dataset.progress import ImageProgress
from facewright.dataset.stamp import Stamp, claimed_folder, head_sha256
from facewright.dataset.workers import OnImages, run_shards
from facewright.formats.atomic import FileRecord, write_atomic
from facewright.formats.manifest import ShardRecord, complete_shards, write_shard_record
from facewright.pfig.config import MODALITIES, PfigJob
from facewright.pfig.modalities import draw_modality, read_mapping, read_region_map, region_image
from facewright.pfig.parameters import csv_row, landmark_lines, require_tags
from facewright.pfig.picture import Picture, draw_pictures, provenance
from facewright.pfig.rps import rps_text

__all__ = ["generate_pfig"]

_UNIT = 100
"""Images that are lost at most when a run is stopped."""
_PIXELS = 2_000_000
"""Pixels whose annotations are in memory at once."""


def generate_pfig(root: Path, job: PfigJob, workers: int = 1, quiet: bool = False) -> int:
    """Draw all images, or those that are missing; returns how many there are in all.

    The same bytes with any number of workers. Raises FacewrightError as `dataset.generate`.
    """
    config = job.dataset
    _require_inputs(job)
    origin = Stamp("pfig", head_sha256(config.model), config).fields() | {"pfig": _described(job)}
    units = _units(job)
    progress = ImageProgress("generating", "drawn", quiet)
    with claimed_folder(root, origin), progress:
        complete = complete_shards(root)
        missing = [unit for unit in units if unit.name not in complete]
        progress.begin(config.images, sum(unit.images for unit in missing))
        run_shards(functools.partial(_draw_unit, root, job), missing, workers, progress.add)
    progress.say(f"{root}: {config.images} images of {config.people} people, {progress.summary}")
    return config.images


def _require_inputs(job: PfigJob) -> None:
    """Raise FacewrightError before anything is begun for files that cannot be read and landmarks that there are not."""
    require_tags(job.landmark_tags)
    for _, file, mapping in job.region_maps:
        read_region_map(Path(file))
        if job.dataset.model is not None:
            read_mapping(Path(mapping))


def _described(job: PfigJob) -> dict[str, Any]:
    """What is written of each image, as it is read back from JSON."""
    files = {name: value for name, value in asdict(job).items() if name not in ("dataset", "ignored")}
    described: dict[str, Any] = json.loads(json.dumps(files))
    return described


def _units(job: PfigJob) -> list[ShardPlan]:
    """Runs of images of one person."""
    samples, people = job.dataset.samples, job.dataset.groups[0][0]
    runs = math.ceil(samples / _UNIT)
    return [
        ShardPlan(i, f"{i:08d}", range(person, person + 1), min(_UNIT, samples - run * _UNIT))
        for i, (person, run) in enumerate((person, run) for person in people for run in range(runs))
    ]


def _draw_unit(root: Path, job: PfigJob, unit: ShardPlan, on_images: OnImages) -> None:
    config, index = job.dataset, unit.people.start
    first = unit.index % math.ceil(config.samples / _UNIT) * _UNIT
    sampler = open_sampler(config)
    person, files = sampler.person(index), dict[str, FileRecord]()
    step = max(1, _PIXELS // max(job.width_px, job.height_px) ** 2)
    for start in range(first, first + unit.images, step):
        count = min(step, first + unit.images - start)
        for row, picture in enumerate(draw_pictures(job, sampler, person, start, count)):
            files |= _write(root, job, f"{index}/{index}_{start + row + job.controlled}", picture)
            on_images(1)
    write_shard_record(root, unit.name, ShardRecord(unit.images, 1, files))


def _write(root: Path, job: PfigJob, name: str, picture: Picture) -> dict[str, FileRecord]:
    """All files of one image."""
    contents = {f"img/{name}{post}.png": picture.png(image) for post, image in _images(job, picture)}
    lines = landmark_lines(job.landmark_tags, picture.annotations, picture.row, picture.window_px)
    contents[f"tlms/{name}.tlms"] = lines.encode()
    contents[f"csv/{name}.csv"] = csv_row(picture.parameters).encode()
    contents[f"rps/{name}.rps"] = rps_text(picture.parameters, provenance(job, picture)).encode()
    records = {}
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        records[path] = write_atomic(root / path, [content])
    return records


def _images(job: PfigJob, picture: Picture) -> Iterator[tuple[str, UInt8[np.ndarray, "H W 3"]]]:
    """What is asked for: how its files' names end, and the drawn squares."""
    model, annotations, row = picture.person.model, picture.annotations, picture.row
    for method in job.modalities:
        if method == "render":
            yield "", picture.image
        elif method == "render-region-maps":
            for region, file, mapping in job.region_maps:
                uv = model.uv if job.dataset.model is None else read_mapping(Path(mapping))
                regions = read_region_map(Path(file))
                yield f"_{region}", region_image(regions, uv, model, annotations, row)
        else:
            yield MODALITIES[method], draw_modality(method, model, annotations, row, picture.window_px)
