"""How far generation is: a live bar on a terminal, one line at the end in any case."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["ImageProgress"]


class ImageProgress:
    """Context manager that counts images ("generating", "drawn").

    `quiet` prints nothing at all; otherwise it writes to standard error.
    """

    def __init__(self, doing: str, done: str, quiet: bool = False) -> None:
        self.drawn = 0
        self._done = done
        self._end: float | None = None
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn(doing),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.0f} images/s"),
            TimeRemainingColumn(),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, rate=0.0)
        self._start = time.perf_counter()

    @property
    def rate(self) -> float:
        """Images per second of this run, until now or until it ended."""
        return self.drawn / max((self._end or time.perf_counter()) - self._start, 1e-9)

    @property
    def summary(self) -> str:
        return (
            f"{self.drawn} {self._done} now at {self.rate:.0f} images/s" if self.drawn else "complete already"
        )

    def begin(self, total: int, missing: int) -> None:
        """So many images in all, of which some are missing."""
        self._bar.update(self._task, total=total, completed=total - missing)

    def add(self, images: int) -> None:
        self.drawn += images
        self._bar.update(self._task, advance=images, rate=self.rate)

    def say(self, line: str) -> None:
        """The line that stays."""
        self._console.print(line, markup=False)

    def __enter__(self) -> ImageProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end = time.perf_counter()
        self._bar.stop()
