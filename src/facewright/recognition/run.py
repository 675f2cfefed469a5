"""A training run's folder: its config, log, loss curve and checkpoint; every file is whole or not there.

config.json        what was asked for; another config in the same folder is refused
log.csv            one line every few steps
loss.png           the loss curve
checkpoint.pt      weights and optimiser of an unfinished run
model.safetensors  the embedder, when the run is finished
"""

from __future__ import annotations

import io
import json
import pickle
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure

from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic

__all__ = ["Checkpoint", "LogRow", "RunFolder"]


@dataclass(frozen=True)
class LogRow:
    """Means over the steps since the row before. elapsed_s is training time since step 0, over all resumed parts."""

    step: int
    epoch: int
    loss: float
    learning_rate: float
    images_per_s: float
    elapsed_s: float


@dataclass(frozen=True)
class Checkpoint:
    """Everything that the rest of a run depends on."""

    step: int
    elapsed_s: float
    model: Mapping[str, Any]
    optimiser: Mapping[str, Any]
    log: Sequence[LogRow]


@dataclass(frozen=True)
class RunFolder:
    """Paths and files of one run."""

    path: Path

    @property
    def model(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.pt"

    @property
    def log(self) -> Path:
        return self.path / "log.csv"

    def claim(self, config: Mapping[str, Any]) -> None:
        """Make the folder for this config, or find that what was trained in it had the same one."""
        wanted = json.loads(json.dumps(config))
        path = self.path / "config.json"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            found = json.loads(path.read_text()) if path.exists() else None
        except OSError as error:
            raise FacewrightError(f"{self.path}: {error.strerror}, expected a folder to write to") from None
        except ValueError:
            raise FacewrightError(f"{path}: found no JSON, expected the config of a run") from None
        if found is None or not (self.checkpoint.exists() or self.model.exists()):
            write_atomic(path, [json.dumps(wanted, indent=1).encode()])
        elif found != wanted:
            field, there, asked = _first_difference(found, wanted)
            raise FacewrightError(
                f"{path}: found a run with {field} {there}, expected {asked} as asked: choose another folder"
            )

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """A folder for what only this process and its helpers need; a killed run's one is replaced."""
        work = self.path / "work"
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir()
        except OSError as error:
            raise FacewrightError(f"{work}: {error.strerror}, expected a folder to write to") from None
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def load_checkpoint(self) -> Checkpoint | None:
        """The last checkpoint, or None when there is none."""
        if not self.checkpoint.exists():
            return None
        try:
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            rows = [LogRow(*row) for row in state.pop("log")]
            return Checkpoint(**state, log=rows)
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, AttributeError, pickle.UnpicklingError):
            raise FacewrightError(
                f"{self.checkpoint}: found an unreadable file, expected a checkpoint: delete it to start again"
            ) from None

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        buffer = io.BytesIO()
        state = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)}
        torch.save({**state, "log": [astuple(row) for row in checkpoint.log]}, buffer)
        write_atomic(self.checkpoint, [buffer.getvalue()])

    def write_log(self, rows: Sequence[LogRow]) -> None:
        """log.csv anew, with these rows."""
        write_atomic(
            self.log, [",".join(field.name for field in fields(LogRow)).encode() + b"\n", *map(_line, rows)]
        )

    def append_log(self, row: LogRow) -> None:
        try:
            with self.log.open("ab") as file:
                file.write(_line(row))
        except OSError as error:
            raise FacewrightError(f"{self.log}: cannot be written: {error.strerror}") from None

    def draw_loss(self, rows: Sequence[LogRow]) -> None:
        """loss.png: loss and learning rate over epochs."""
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.add_subplot()
        steps = [row.step for row in rows]
        axes.plot(steps, [row.loss for row in rows], color="tab:blue")
        axes.set_xlabel("step")
        axes.set_ylabel("loss", color="tab:blue")
        axes.set_ylim(bottom=0)
        rate = axes.twinx()
        rate.plot(steps, [row.learning_rate for row in rows], color="tab:gray", linewidth=0.8)
        rate.set_ylabel("learning rate", color="tab:gray")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
        write_atomic(self.path / "loss.png", [buffer.getvalue()])


def _line(row: LogRow) -> bytes:
    line = f"{row.step},{row.epoch},{row.loss:.6f},{row.learning_rate:.6g},{row.images_per_s:.1f},{row.elapsed_s:.2f}"
    return line.encode() + b"\n"


def _first_difference(found: object, wanted: object, name: str = "") -> tuple[str, str, str]:
    """The first field, by dotted name, in which two JSON values differ, and its two values."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            there, asked = found.get(key), wanted.get(key)
            if there != asked:
                return _first_difference(there, asked, f"{name}.{key}".lstrip("."))
    return name, json.dumps(found), json.dumps(wanted)
