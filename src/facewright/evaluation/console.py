"""Results as a table in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from facewright.evaluation.result import VerificationResult

__all__ = ["detection_progress", "figures_of", "print_results"]


@contextmanager
def detection_progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error for finding faces: call what it yields with (done, of how many)."""
    columns = (TextColumn("finding faces"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
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
    columns = [figures_of(result) for result in results]
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("")
    for result in results:
        table.add_column(result.benchmark, justify="right")
    for name in columns[0] if columns else ():
        table.add_row(name, *(column[name] for column in columns))
    console = console or Console()
    console.print(table)
    for result in results:
        console.print(
            f"{result.benchmark}: {result.model}; {result.alignment}; {result.protocol}",
            style="dim",
            markup=False,
            highlight=False,
        )
