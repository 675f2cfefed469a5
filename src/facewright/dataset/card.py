"""The card of a data set: README.md in the form that dataset hubs read, with a contact sheet and histograms."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from facewright.dataset.figures import draw_histograms, draw_sheet
from facewright.dataset.summary import Summary, summarise
from facewright.formats import open_dataset
from facewright.formats.atomic import write_atomic
from facewright.formats.manifest import CARD_PICTURES, Manifest
from facewright.formats.storage import Place

__all__ = [
    "CARD",
    "card_text",
    "range_text",
    "size_text",
    "statistics",
    "stored_annotations",
    "write_card",
    "write_figures",
]

CARD = "README.md"
_TEMPLATE = importlib.resources.files("facewright.dataset") / "card.md.j2"
SHEET, HISTOGRAMS = CARD_PICTURES

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

_LAYOUTS = {
    "webdataset": "`NNNNNN.tar`: images (`KEY.jpg`) and class numbers (`KEY.cls`) as WebDataset reads them; "
    "`NNNNNN.idx.npy`: key, offset, size and label of each image.",
    "folder": "One folder of images for each person.",
    "insightface": "`train.rec`, `train.idx`, `train.lst`, `property`: InsightFace's RecordIO layout.",
}


_ANNOTATED = ("webdataset", "folder")
"""Formats that have room for annotations."""


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


def stored_annotations(manifest: Manifest) -> list[str]:
    """Names of the buffers that lie beside the images of a data set."""
    wanted = manifest.origin.get("config", {}).get("annotations", ()) if manifest.format in _ANNOTATED else ()
    return [name for name in wanted if name != "landmarks"]


def card_text(manifest: Manifest, summary: Summary) -> str:
    """README.md: a header for dataset hubs, then what is in the data set, how it was made, and what it is for."""
    import jinja2

    files = [file for shard in manifest.shards.values() for file in shard.files.values()]
    counts = summary.images_per_class
    tag, licence = _licence(manifest.origin)
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        manifest=manifest,
        drawn="config" in manifest.origin,
        licence_tag=tag,
        licence=licence,
        size_category=_size_category(manifest.images),
        images_of_a_person=range_text(int(counts.min()), int(counts.max())),
        size=size_text(sum(file.bytes for file in files)),
        statistics=list(statistics(summary)),
        shares=summary.shares,
        annotations=stored_annotations(manifest),
        layout=_LAYOUTS.get(manifest.format, f"The layout of {manifest.format}."),
        origin=json.dumps(dict(manifest.origin), indent=1),
        sheet=SHEET,
        histograms=HISTOGRAMS,
    )


def statistics(summary: Summary) -> Iterator[tuple[str, ...]]:
    """For each quantity: title, mean, standard deviation, least, 5%, median, 95%, most, as short text."""
    for title, values in summary.values.items():
        quantiles = np.quantile(values, (0, 0.05, 0.5, 0.95, 1)).tolist()
        yield (title, *map(_number_text, (float(values.mean()), float(values.std()), *quantiles)))


def _number_text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def range_text(least: int, most: int) -> str:
    """A number, or two of them."""
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def size_text(size: int) -> str:
    """Bytes, as people read them."""
    value, units = float(size), ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.3g} {units[0]}"


def _licence(origin: Mapping[str, Any]) -> tuple[str, str]:
    if "config" not in origin:
        return "other", "The images come from elsewhere (see below); their own licence holds."
    model = origin["config"].get("model") or "embedded"
    return next(text for kind, text in _LICENCES.items() if model.startswith(kind))


def _size_category(images: int) -> str:
    """The steps in which dataset hubs count."""
    steps = [(10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")]
    return next(
        (name for limit, name in steps if images < limit), "1M<n<10M" if images < 10**7 else "10M<n<100M"
    )
