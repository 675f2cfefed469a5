"""What is in a data set, for a terminal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from facewright.dataset.card import range_text, size_text, statistics, stored_annotations, write_figures
from facewright.dataset.figures import draw_annotations
from facewright.dataset.summary import Summary, summarise
from facewright.errors import FacewrightError
from facewright.formats import Place, open_dataset
from facewright.formats.atomic import write_atomic
from facewright.formats.base import DatasetReader
from facewright.formats.manifest import Manifest, read_manifest

__all__ = ["inspect"]

_SETTINGS = ("seed", "first_person", "crop", "size_px", "model")
_BARS = " ▁▂▃▄▅▆▇█"
_BINS = 16


def inspect(root: Place, out: Path | None = None, console: Console | None = None) -> Summary:
    """Print what a data set holds; with `out`, a folder, also draw some of it there.

    Works for everything that `open_dataset` reads; what varies is known of data sets with tables of parameters only.
    Raises FacewrightError as `open_dataset` does.
    """
    console = console or Console()
    reader = open_dataset(root)
    summary = summarise(reader)
    manifest = read_manifest(reader.path) if reader.path.is_dir() else None
    console.print(_facts(reader, summary, manifest), _quantities(summary))
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FacewrightError(f"{out}: cannot be created: {error.strerror}") from error
        write_figures(out, reader, summary)
        if manifest is not None and stored_annotations(manifest):
            write_atomic(out / "annotations.png", [draw_annotations(reader)])
    return summary


def _facts(reader: DatasetReader, summary: Summary, manifest: Manifest | None) -> Table:
    table = Table(show_header=False, box=None)
    counts = summary.images_per_class
    facts = {
        "images": f"{len(reader):,}",
        "people": f"{reader.classes:,}",
        "images of a person": f"{range_text(int(counts.min()), int(counts.max()))}, median {np.median(counts):g}",
    }
    if manifest is not None:
        files = [file for shard in manifest.shards.values() for file in shard.files.values()]
        size = size_text(sum(file.bytes for file in files))
        config = manifest.origin.get("config", {})
        facts |= {
            "format": ", ".join((manifest.format, _counted(len(manifest.shards), "shard"), size)),
            "written by": f"facewright {manifest.origin.get('version')}",
            "settings": ", ".join(
                f"{name} {config[name]}" for name in _SETTINGS if config.get(name) is not None
            ),
            "annotations": ", ".join(stored_annotations(manifest)),
            "copied from": manifest.origin.get("source", {}).get("name", ""),
        }
    if summary.shares:
        facts["shown"] = ", ".join(f"{name} {share:.1%}" for name, share in summary.shares.items())
    for name, fact in ((name, fact) for name, fact in facts.items() if fact):
        table.add_row(name, fact)
    return table


def _quantities(summary: Summary) -> Table:
    table = Table(box=None)
    for title in ("what varies", "mean", "sd", "5%", "median", "95%", "") if summary.values else ():
        table.add_column(title, justify="left" if title in ("what varies", "") else "right", no_wrap=True)
    for title, mean, sd, _, low, median, high, _ in statistics(summary):
        table.add_row(title, mean, sd, low, median, high, _bars(summary.values[title]))
    return table


def _bars(values: np.ndarray) -> str:
    """A histogram in one line."""
    counts = np.histogram(values, bins=_BINS)[0]
    heights = np.ceil(counts / max(counts.max(), 1) * (len(_BARS) - 1)).astype(int)
    return "".join(_BARS[height] for height in heights.tolist())


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
