"""Draws what a configuration asks for into its layout: img/, rps/, csv/ and tlms/, one folder for each person."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from facewright.dataset.drawing import backgrounds_of, open_sampler
from facewright.dataset.plan import ShardPlan
from facewright.dataset.progress import ImageProgress
from facewright.dataset.sheet import encode_png
from facewright.dataset.stamp import Stamp, claimed_folder, head_sha256
from facewright.dataset.workers import OnImages, run_shards
from facewright.formats.atomic import FileRecord, write_atomic
from facewright.formats.manifest import ShardRecord, complete_shards, write_shard_record
from facewright.geometry import named_crop
from facewright.people.person import Person
from facewright.pfig.config import MODALITIES, PfigJob
from facewright.pfig.modalities import draw_modality, read_region_map, region_image
from facewright.pfig.parameters import Parameters, csv_row, landmark_lines, rps_text
from facewright.pfig.projection import Seen, see
from facewright.render.rasterizer import Fragments, rasterize
from facewright.render.renderer import render
from facewright.render.shading import LAMBERTIAN, ShadingConfig
from facewright.scenes.sampler import Sampler
from facewright.scenes.scene import Scenes

__all__ = ["generate_pfig"]

_UNIT = 100
"""Images that are drawn, and when a run is stopped lost, at a time."""


def generate_pfig(root: Path, job: PfigJob, workers: int = 1, quiet: bool = False) -> int:
    """Draw all images, or those that are missing; returns how many there are in all.

    The same bytes with any number of workers. Raises FacewrightError as `dataset.generate`.
    """
    config = job.dataset
    origin = Stamp("pfig", head_sha256(config.model), config).fields() | {"pfig": _described(job)}
    units = _units(job)
    for _, file in job.region_maps:
        read_region_map(Path(file))
    progress = ImageProgress("generating", "drawn", quiet)
    with claimed_folder(root, origin), progress:
        complete = complete_shards(root)
        missing = [unit for unit in units if unit.name not in complete]
        progress.begin(config.images, sum(unit.images for unit in missing))
        run_shards(functools.partial(_draw_unit, root, job), missing, workers, progress.add)
    progress.say(f"{root}: {config.images} images of {config.people} people, {progress.summary}")
    return config.images


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


@dataclass(frozen=True)
class _Picture:
    """One image and what belongs to it. offset_px: of what is kept of the drawn square."""

    person: Person
    scenes: Scenes
    row: int
    image: UInt8[np.ndarray, "size size 3"]
    seen: Seen
    fragments: Fragments
    offset_px: tuple[int, int]


def _draw_unit(root: Path, job: PfigJob, unit: ShardPlan, on_images: OnImages) -> None:
    config, index = job.dataset, unit.people.start
    first = unit.index % math.ceil(config.samples / _UNIT) * _UNIT
    sampler, crop = open_sampler(config), named_crop(config.crop, config.size_px)
    person, scenes = sampler.person(index), sampler.scenes(index, first, unit.images)
    shading = LAMBERTIAN if job.exact else ShadingConfig()
    drawn = render(person, scenes, crop, backgrounds_of(config, scenes), shading)
    offset = ((crop.size_px - job.width_px) // 2, (crop.size_px - job.height_px) // 2)
    files: dict[str, FileRecord] = {}
    for row in range(len(scenes)):
        seen = see(person, scenes, row, drawn.landmarks_px[row])
        fragments = rasterize(seen.screen, person.model.triangles, crop.size_px, 1)
        picture = _Picture(person, scenes, row, drawn.images[row], seen, fragments, offset)
        files |= _write(root, job, sampler, index, first + row, picture)
        on_images(1)
    write_shard_record(root, unit.name, ShardRecord(unit.images, 1, files))


def _write(
    root: Path, job: PfigJob, sampler: Sampler, index: int, sample: int, picture: _Picture
) -> dict[str, FileRecord]:
    """All files of one image; what they are called is counted from 1 in controlled mode."""
    name = f"{index}/{index}_{sample + job.controlled}"
    light = picture.scenes.light[picture.row].astype(np.float64)
    contents: dict[str, bytes] = {}
    for method in job.modalities:
        if method == "render":
            contents[f"img/{name}.png"] = _png(job, picture, picture.image)
        elif method == "render-region-maps":
            for region, file in job.region_maps:
                image = region_image(read_region_map(Path(file)), picture.person, picture.fragments)
                contents[f"img/{name}_{region}.png"] = _png(job, picture, image)
        else:
            image = draw_modality(method, picture.person, picture.seen, picture.fragments, light)
            contents[f"img/{name}{MODALITIES[method]}.png"] = _png(job, picture, image)
    parameters = _parameters(job, sampler, index, sample, picture)
    size = (job.width_px, job.height_px)
    lines = landmark_lines(
        job.landmark_tags, picture.person, picture.seen, picture.fragments, picture.offset_px, size
    )
    contents[f"tlms/{name}.tlms"] = lines.encode()
    contents[f"csv/{name}.csv"] = csv_row(parameters).encode()
    contents[f"rps/{name}.rps"] = rps_text(parameters).encode()
    records = {}
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        records[path] = write_atomic(root / path, [content])
    return records


def _png(job: PfigJob, picture: _Picture, image: UInt8[np.ndarray, "size size 3"]) -> bytes:
    x, y = picture.offset_px
    return encode_png(np.ascontiguousarray(image[y : y + job.height_px, x : x + job.width_px]))


def _parameters(job: PfigJob, sampler: Sampler, index: int, sample: int, picture: _Picture) -> Parameters:
    scenes, row, seen = picture.scenes, picture.row, picture.seen
    shape, colour = sampler.coefficients(index)
    radians = math.pi / 180
    right, up = (float(value) for value in scenes.position_mm[row])
    x, y = (seen.centre_px[k] - picture.offset_px[k] for k in (0, 1))
    sensor = tuple(job.focal_mm * length / seen.focal_px for length in (job.width_px, job.height_px))
    return Parameters(
        yaw=float(scenes.yaw_deg[row]) * radians,
        pitch=float(scenes.pitch_deg[row]) * radians,
        roll=-float(scenes.roll_deg[row]) * radians,
        translation=(right, up, -float(scenes.distance_mm[row])),
        focal_mm=job.focal_mm,
        principal_point=(2 * x / job.width_px - 1, 1 - 2 * y / job.height_px),
        sensor_mm=(sensor[0], sensor[1]),
        orthographic=bool(scenes.orthographic[row]),
        shape=shape.tolist(),
        colour=colour.tolist(),
        expression=scenes.expression[row].astype(float).tolist(),
        model=job.dataset.model or "facewright:embedded",
        light=scenes.light[row].astype(np.float64),
        width_px=job.width_px,
        height_px=job.height_px,
        own={
            "person": index, "sample": sample, "seed": job.dataset.seed,
            "background": scenes.background[row].tolist(), "model": job.dataset.model,
        },
    )  # fmt: skip
