"""Results as a table in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from facewright.evaluation.analyze import Judge, SetReport
from facewright.evaluation.result import VerificationResult
from facewright.evaluation.separability import PairFigures

__all__ = [
    "detection_progress",
    "figures_of",
    "print_results",
    "print_separability",
    "separability_figures",
]


@contextmanager
def detection_progress(what: str = "finding faces") -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, titled `what`: call what it yields with (done, of how many)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def figures_of(result: VerificationResult) -> dict[str, str]:
    """The figures of a result as short text, in the order in which tables show them."""
    low, high = result.accuracy_interval
    shown = {
        "accuracy": f"{result.accuracy:.4f} ± {result.accuracy_std:.4f}",
        "95% interval": f"{low:.4f} to {high:.4f}",
        "AUC": f"{result.auc:.4f}",
        "EER": f"{result.eer:.4f}",
    }
    for far, tar in result.tar_at_far.items():
        shown[f"TAR at FAR {far:g}"] = "too few pairs" if tar is None else f"{tar:.4f}"
    return shown | {
        "threshold": f"{result.threshold:.4f}",
        "pairs": f"{result.pairs}",
        "faces not found": f"{result.not_found}",
    }


def print_results(results: Sequence[VerificationResult], console: Console | None = None) -> None:
    """Print one column per result, and below the table how each was obtained."""
    console = console or Console()
    _print_columns([(result.benchmark, figures_of(result)) for result in results], console)
    for result in results:
        console.print(
            f"{result.benchmark}: {result.model}; {result.alignment}; {result.protocol}",
            style="dim",
            markup=False,
            highlight=False,
        )


def separability_figures(report: SetReport) -> dict[str, str]:
    """The figures of a data set as short text, in the order in which tables show them."""
    result = report.separability
    single = f", {result.single_image_people} with one image" if result.single_image_people else ""
    shown = {
        "people": f"{result.people:,}{single}",
        "images compared": f"{result.images:,}",
        "faces found": "not measured"
        if report.faces_found is None
        else f"{_percent(report.faces_found / report.images)} of {report.images:,}",
    }
    shown |= _pair_figures(result.plain, "")
    if result.centred is not None:
        shown |= _pair_figures(result.centred, "centred: ")
    return shown


def print_separability(reports: Sequence[SetReport], judge: Judge, console: Console | None = None) -> None:
    """Print one column per data set, and below the table what was asked."""
    console = console or Console()
    _print_columns([(report.path.name, separability_figures(report)) for report in reports], console)
    console.print(
        f"judge {judge.embedder.name}, threshold {judge.threshold:g}; cosine similarities, mean ± standard deviation; "
        "95%: bootstrap interval over people; centred: without the mean of the other half of the people",
        style="dim",
        markup=False,
        highlight=False,
    )


def _pair_figures(figures: PairFigures, prefix: str) -> dict[str, str]:
    genuine = "no such pairs"
    if figures.genuine_mean is not None:
        genuine = f"{figures.genuine_mean.estimate:.3f} ± {figures.genuine_std:.3f}"
    impostor, accepted = figures.impostor_mean, figures.false_accepts
    shown = {
        "genuine": genuine,
        "impostor": f"{impostor.estimate:.3f} ± {figures.impostor_std:.3f}",
        "impostor mean, 95%": f"{impostor.low:.3f} to {impostor.high:.3f}",
        "false accepts": _percent(accepted.estimate),
        "false accepts, 95%": f"{_percent(accepted.low)} to {_percent(accepted.high)}",
        "true accepts": "-" if figures.true_accepts is None else _percent(figures.true_accepts),
        "AUC": "-" if figures.auc is None else f"{figures.auc:.5f}",
    }
    for far, tar in figures.tar_at_far.items():
        shown[f"TAR at FAR {100 * far:g}%"] = "-" if tar is None else f"{tar:.4f}"
    return {prefix + name: value for name, value in shown.items()}


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def _print_columns(columns: Sequence[tuple[str, dict[str, str]]], console: Console) -> None:
    """One row for each name in any column; "-" where a column lacks it."""
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("")
    for title, _ in columns:
        table.add_column(escape(title), justify="right")
    for name in dict.fromkeys(name for _, figures in columns for name in figures):
        table.add_row(name, *(figures.get(name, "-") for _, figures in columns))
    console.print(table)
