"""The page, the figures on it and the table in the terminal."""

import io
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from facewright import FacewrightError
from facewright.evaluation.console import figures_of, print_results
from facewright.evaluation.plots import roc_curves, score_histograms
from facewright.evaluation.report import (
    HeadlineFigure,
    Picture,
    ReportContent,
    ReportTable,
    render_report,
    write_report,
)
from tests.evaluation.fakes import encoded, made_result


def content(**changes: object) -> ReportContent:
    settings: dict[str, object] = {
        "title": "A <title>",
        "command": "facewright demo --out a&b",
        "date": "today",
    }
    return ReportContent(**settings | changes)  # type: ignore[arg-type]


def test_the_page_holds_everything_and_fetches_nothing() -> None:
    result = made_result("held-out people")
    page = render_report(
        content(
            figures=[HeadlineFigure("people", "500", "30 images each")],
            pictures=[Picture("Sheet", encoded(np.zeros((4, 4, 3), np.uint8)), "rows are people")],
            results=[result],
            tables=[ReportTable("Runs", ["run", "LFW"], [["one", "0.81"]], "six runs")],
            settings={"scene": {"yaw_deg": "normal:0:15"}},
        )
    )
    for text in ("500", "30 images each", "Sheet", "rows are people", "held-out people", f"{result.auc:.4f}",
                 "Runs", "0.81", "six runs", "yaw_deg", "normal:0:15"):  # fmt: skip
        assert text in page
    assert "A &lt;title&gt;" in page
    assert "a&amp;b" in page
    assert page.count("data:image/png;base64,") == 3  # the sheet, the histogram and the ROC
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "url(" not in page


def test_a_page_without_results_has_no_empty_parts() -> None:
    page = render_report(content())
    assert "<img" not in page
    assert "<section" not in page


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", content())
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render_report(content())
    with pytest.raises(FacewrightError, match=r"report\.html"):
        write_report(tmp_path / "no folder" / "report.html", content())


def test_figures_are_pictures_and_repeat() -> None:
    results = [made_result("a"), made_result("b", shift=2.0)]
    for draw in (
        lambda: roc_curves(results),
        lambda: score_histograms(results[0]),
    ):
        drawn = draw()
        image = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.std() > 5
        assert drawn == draw()
    assert roc_curves(results) != roc_curves(results[:1])


def test_the_terminal_shows_each_result() -> None:
    console = Console(file=io.StringIO(), width=120)
    results = [made_result("easy", shift=3.0), made_result("hard", shift=0.3)]
    print_results(results, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    for result in results:
        for figure in (result.benchmark, *figures_of(result).values()):
            assert figure in printed


def test_rates_that_pairs_cannot_resolve_are_said_to_be_so() -> None:
    figures = figures_of(made_result(pairs=200))
    assert figures["TAR at FAR 0.001"] == "too few pairs"
    assert re.fullmatch(r"[01]\.\d{4}", figures["TAR at FAR 0.01"])
