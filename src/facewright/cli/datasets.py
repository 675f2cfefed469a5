"""Commands of the formats and data set rooms that work on what is there: convert, inspect, verify."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import tyro

from facewright.errors import FacewrightError
from facewright.formats.storage import Place
from facewright.machine import available_cores

__all__ = ["convert", "inspect", "verify"]


def convert(
    source: tyro.conf.Positional[Place],
    out: tyro.conf.Positional[Place],
    format: Literal["webdataset", "folder", "insightface"] = "webdataset",
) -> None:
    """Write a data set in another format, or images from elsewhere as a data set that describes itself.

    Args:
        source: Shards, class folders of images, a .tar of these, a .rec file or its folder, a .bin of pairs.
        out: New folder, or another place: s3://BUCKET/NAME, gs://BUCKET/NAME.
        format: WebDataset tar shards, one folder for each person, or InsightFace's train.rec.
    """
    from facewright.dataset import convert as convert_dataset

    convert_dataset(source, out, format)


def inspect(dataset: tyro.conf.Positional[Place], out: Path | None = None) -> None:
    """Print what is in a data set: people, images, and how everything varies.

    Args:
        dataset: As for convert.
        out: Folder for contact_sheet.jpg, histograms.png and annotations.png; by default nothing is drawn.
    """
    from facewright.dataset import inspect as inspect_dataset

    inspect_dataset(dataset, out)
    if out is not None:
        print(f"{out}: figures")


def verify(
    dataset: tyro.conf.Positional[Place],
    repair: bool = False,
    workers: int | None = None,
    model: str | None = None,
) -> None:
    """Check every file of a data set against its manifest; of images from elsewhere, that they can be read.

    Args:
        dataset: As for convert.
        repair: Draw the damaged shards again, and no others.
        workers: Processes that draw; by default one for each core.
        model: Where the head model lies now, for a data set that was drawn with --model.
    """
    from facewright.dataset import repair as repair_dataset
    from facewright.dataset import verify as verify_dataset

    found = verify_dataset(dataset)
    for damage in found.damages:
        print(f"{dataset}: {damage.file}: {damage.problem}")
    if not found.damages:
        print(f"{dataset}: {found.images:,} images, everything as it was written")
    elif repair:
        repair_dataset(found, available_cores() if workers is None else workers, model)
        print(f"{dataset}: {', '.join(found.shards)} drawn again, everything as it was written")
    else:
        count = len(found.damages)
        what = (
            "1 file is damaged: --repair draws its shard"
            if count == 1
            else (f"{count} files are damaged: --repair draws their shards")
        )
        raise FacewrightError(f"{dataset}: {what} again")
