"""The card of a data set: README.md in the form that dataset hubs read, with a contact sheet and histograms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from facewright.dataset.figures import draw_histograms, draw_sheet
from facewright.dataset.summary import Summary, summarise
from facewright.formats import open_dataset
from facewright.formats.atomic import write_atomic
from facewright.formats.manifest import Manifest
from facewright.formats.storage import Place

__all__ = ["CARD", "card_text", "size_text", "statistics", "write_card", "write_figures"]

CARD = "README.md"
SHEET = "contact_sheet.jpg"
HISTOGRAMS = "histograms.png"

_LICENCES = {
    "embedded": (
        "cc0-1.0",
        "The images are drawn from the embedded head, which is derived from CC0 data: they are given to the public "
        "domain (CC0 1.0).",
    ),
    "bfm": (
        "other",
        "The images are drawn from the Basel Face Model. Its licence (University of Basel; non-commercial research "
        "unless agreed otherwise) covers what is made with it.",
    ),
    "flame": (
        "other",
        "The images are drawn from FLAME. The licence under which that file was obtained covers what is made with it.",
    ),
    "ict": ("other", "The images are drawn from ICT-FaceKit; its licence covers what is made with it."),
}

_INTENDED_USE = """\
Training and testing of face recognition, studies of pose, light, age and bias, and tests of pipelines without personal
data. A network trained on drawn faces alone is less accurate on photographs than one trained on photographs, and has to
be assessed on people of every ancestry, age and gender before it decides anything about a person. It is not meant to
recognise, profile or watch anyone."""

_LAYOUTS = {
    "webdataset": "`NNNNNN.tar`: images (`KEY.jpg`) and class numbers (`KEY.cls`) as WebDataset reads them; "
    "`NNNNNN.idx.npy`: key, offset, size and label of each image.",
    "folder": "One folder of images for each person.",
    "insightface": "`train.rec`, `train.idx`, `train.lst`, `property`: InsightFace's RecordIO layout.",
}


def write_card(root: Place, manifest: Manifest) -> None:
    """Write README.md and its pictures for a finished data set; the same data set gives the same bytes."""
    reader = open_dataset(root)
    summary = summarise(reader)
    write_figures(root, reader, summary)
    write_atomic(root / CARD, [card_text(manifest, summary).encode("utf-8")])


def write_figures(folder: Place, reader: Any, summary: Summary) -> None:
    """Write the contact sheet and the histograms."""
    write_atomic(folder / SHEET, [draw_sheet(reader)])
    write_atomic(folder / HISTOGRAMS, [draw_histograms(summary)])


def card_text(manifest: Manifest, summary: Summary) -> str:
    """README.md: a header for dataset hubs, then what is in the data set, how it was made, and what it is for."""
    return "\n".join(_sections(manifest, summary)) + "\n"


def _sections(manifest: Manifest, summary: Summary) -> Iterator[str]:
    origin = manifest.origin
    tag, licence = _licence(origin)
    files = [file for shard in manifest.shards.values() for file in shard.files.values()]
    yield f"---\nlicense: {tag}\ntask_categories:\n- image-classification\ntags:\n- face-recognition\n- synthetic"
    yield f"size_categories:\n- {_size_category(manifest.images)}\n---\n"
    yield (
        f"# {manifest.images:,} faces of {manifest.people:,} people who do not exist\n"
        if _drawn(origin)
        else (f"# {manifest.images:,} faces of {manifest.people:,} people\n")
    )
    yield f"![people in rows, their images in columns]({SHEET})\n"
    yield "| | |\n|---|---|"
    yield f"| images | {manifest.images:,} |\n| people | {manifest.people:,} |"
    fewest, most = summary.images_per_class.min(), summary.images_per_class.max()
    yield f"| images of a person | {fewest:,}{f' to {most:,}' if most > fewest else ''} |"
    yield f"| format | {manifest.format}, {len(manifest.shards):,} shards, {size_text(sum(f.bytes for f in files))} |"
    yield f"| made by | facewright {origin.get('version')} |\n"
    if summary.values:
        yield f"## What varies\n\n![histograms]({HISTOGRAMS})\n"
        yield "| | mean | sd | least | 5% | median | 95% | most |\n|---|---|---|---|---|---|---|---|"
        yield from (f"| {' | '.join(row)} |" for row in statistics(summary))
        yield ""
    if summary.shares:
        yield "Shown: " + ", ".join(f"{name} {share:.1%}" for name, share in summary.shares.items()) + ".\n"
    yield "## Files\n\n" + _files_text(manifest)
    yield "## Intended use\n\n" + _INTENDED_USE + "\n"
    yield "## Licence\n\n" + licence + "\n"
    yield "## How it was made\n\n```json\n" + json.dumps(dict(origin), indent=1) + "\n```"


def statistics(summary: Summary) -> Iterator[tuple[str, ...]]:
    """For each quantity: title, mean, standard deviation, least, 5%, median, 95%, most, as short text."""
    for title, values in summary.values.items():
        quantiles = np.quantile(values, (0, 0.05, 0.5, 0.95, 1)).tolist()
        yield (title, *(f"{value:.3g}" for value in (float(values.mean()), float(values.std()), *quantiles)))


def size_text(size: int) -> str:
    """Bytes, as people read them."""
    value, units = float(size), ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.3g} {units[0]}"


def _drawn(origin: Mapping[str, Any]) -> bool:
    return "config" in origin


def _licence(origin: Mapping[str, Any]) -> tuple[str, str]:
    if not _drawn(origin):
        return "other", "The images come from elsewhere (see below); their own licence holds."
    model = origin["config"].get("model") or "embedded"
    return next(text for kind, text in _LICENCES.items() if model.startswith(kind))


def _size_category(images: int) -> str:
    """The steps in which dataset hubs count."""
    steps = [(10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")]
    return next(
        (name for limit, name in steps if images < limit), "1M<n<10M" if images < 10**7 else "10M<n<100M"
    )


def _files_text(manifest: Manifest) -> str:
    layout = _LAYOUTS.get(manifest.format, f"The layout of {manifest.format}.")
    return (
        f"{layout} `*.parquet`: one row of parameters for each image. `manifest.json`: size and SHA-256 of every file; "
        "`config.json`: every setting. `facewright verify` checks them.\n"
    )
