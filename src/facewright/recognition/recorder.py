"""What a run leaves behind while it goes: the log, the development set's figures, TensorBoard's events, a progress
bar."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from facewright.recognition.run import LogRow, RunFolder
from facewright.recognition.validate import ValidationRow

__all__ = ["Recorder", "progress_bar"]

_LOG_STEPS = 10
_CHECKPOINT_S = 60.0


class Recorder:
    """Rank 0's log and progress bar; other ranks' recorders do nothing."""

    def __init__(
        self, active: bool, run: RunFolder, rows: Sequence[LogRow], validation: Sequence[ValidationRow]
    ) -> None:
        self.rows = list(rows)
        self.validation = list(validation)
        self._active = active
        self._run = run
        self._pending: list[tuple[LogRow, int]] = []
        self._saved = time.monotonic()
        self._bar = progress_bar(Console(stderr=True, quiet=not active))
        self._task: TaskID = self._bar.add_task("training", total=1.0, note="")
        self._events: Any = None

    def __enter__(self) -> Recorder:
        if self._active:
            self._run.write_log(self.rows)
            self._events = _open_events(self._run, self.rows[-1].step if self.rows else 0)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._bar.stop()
        if self._events is not None:
            self._events.close()

    def note(self, row: LogRow, images: int, progress: float) -> None:
        """Take note of a step over `images` images; every few steps make one row of the log."""
        if self._active:
            self._pending.append((row, images))
            self._bar.update(self._task, completed=progress)
            if row.step % _LOG_STEPS == 0:
                self._flush()

    def note_validation(self, row: ValidationRow) -> None:
        """Take note of the development set's figures after an epoch."""
        self.validation.append(row)
        self._run.write_validation(self.validation)
        if self._events is not None:
            self._events.add_scalar("development/accuracy", row.accuracy, row.step)
            self._events.add_scalar("development/auc", row.auc, row.step)
        self._bar.console.print(f"epoch {row.epoch}: accuracy {row.accuracy:.4f}, AUC {row.auc:.4f}")

    def checkpoint_due(self, end_of_epoch: bool) -> bool:
        """Whether to save now: at an epoch's end and once a minute."""
        due = self._active and (end_of_epoch or time.monotonic() - self._saved > _CHECKPOINT_S)
        if due:
            self._flush()
            self._saved = time.monotonic()
        return due

    def _flush(self) -> None:
        if not self._pending:
            return
        last, _ = self._pending[-1]
        seconds = last.elapsed_s - (self.rows[-1].elapsed_s if self.rows else 0.0)
        row = replace(
            last,
            loss=float(np.mean([noted.loss for noted, _ in self._pending])),
            images_per_s=sum(images for _, images in self._pending) / max(seconds, 1e-9),
        )
        self._pending.clear()
        self.rows.append(row)
        self._run.append_log(row)
        if self._events is not None:
            for name in ("loss", "learning_rate", "images_per_s"):
                self._events.add_scalar(f"training/{name}", getattr(row, name), row.step)
        note = f"epoch {row.epoch}  loss {row.loss:.3f}  {row.images_per_s:.0f} images/s"
        self._bar.update(self._task, note=note)


def _open_events(run: RunFolder, step: int) -> Any:
    """TensorBoard's writer; what a killed run wrote after `step` is disregarded by it."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(run.path), purge_step=step + 1)


def progress_bar(console: Console) -> Progress:
    """A bar with a note after it."""
    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[note]}"))
    return Progress(*columns, TimeRemainingColumn(), console=console)
