"""One self-contained HTML page that shows what a run made and how it does."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from facewright import __version__
from facewright.evaluation.console import figures_of
from facewright.evaluation.plots import roc_curves, score_histograms
from facewright.evaluation.result import VerificationResult
from facewright.formats.atomic import write_atomic

__all__ = ["HeadlineFigure", "Picture", "ReportContent", "ReportTable", "render_report", "write_report"]


@dataclass(frozen=True)
class HeadlineFigure:
    """One large number at the top: "people", "500", "30 images each"."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A titled image, PNG or JPEG bytes."""

    title: str
    image: bytes
    caption: str = ""


@dataclass(frozen=True)
class ReportTable:
    """A titled table of text."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class ReportContent:
    """What a report shows, from top to bottom.

    title, summary: heading and the paragraph below it. command, date: how and when it was made, as text.
    figures: the row of large numbers. pictures: in order, e.g. the contact sheet, then the loss curve.
    results: each gets a table and a histogram of its scores; together they get one ROC figure.
    tables: any further tables. settings: group -> name -> value, folded away at the end.
    """

    title: str
    command: str
    date: str
    summary: str = ""
    figures: Sequence[HeadlineFigure] = ()
    pictures: Sequence[Picture] = ()
    results: Sequence[VerificationResult] = ()
    tables: Sequence[ReportTable] = ()
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page by atomic rename. Raises FacewrightError naming the file when it cannot be written."""
    write_atomic(path, [render_report(content).encode()])


def render_report(content: ReportContent) -> str:
    """The page as text: images are data URIs, nothing is fetched from anywhere."""
    environment = Environment(
        loader=PackageLoader("facewright.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    benchmarks = [
        {
            "result": result,
            "figures": figures_of(result),
            "histogram": _data_uri(score_histograms(result)),
        }
        for result in content.results
    ]
    return environment.get_template("report.html.j2").render(
        content=content,
        pictures=[(picture, _data_uri(picture.image)) for picture in content.pictures],
        benchmarks=benchmarks,
        roc=_data_uri(roc_curves(content.results)) if content.results else None,
        version=__version__,
    )


def _data_uri(image: bytes) -> str:
    kind = "jpeg" if image.startswith(b"\xff\xd8") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"
