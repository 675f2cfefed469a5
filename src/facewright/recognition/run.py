"""A training run's folder: its config, log, loss curve and checkpoint; every file is whole or not there.

config.json        what was asked for; another config in the same folder is refused
log.csv            one line every few steps
validation.csv     one line an epoch, where there is a development set
events.out.*       both for TensorBoard
training.png       loss, learning rate, accuracy and speed
checkpoint.pt      weights and optimiser of an unfinished run, written at the end of each epoch
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

from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic
from facewright.recognition.validate import ValidationRow

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
    validation: Sequence[ValidationRow]


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
            validation = [ValidationRow(*row) for row in state.pop("validation")]
            return Checkpoint(**state, log=rows, validation=validation)
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, AttributeError, pickle.UnpicklingError):
            raise FacewrightError(
                f"{self.checkpoint}: found an unreadable file, expected a checkpoint: delete it to start again"
            ) from None

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        buffer = io.BytesIO()
        state = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)}
        state["log"] = [astuple(row) for row in checkpoint.log]
        state["validation"] = [astuple(row) for row in checkpoint.validation]
        torch.save(state, buffer)
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

    def write_validation(self, rows: Sequence[ValidationRow]) -> None:
        """validation.csv anew, with these rows."""
        lines = [f"{row.step},{row.epoch},{row.accuracy:.6f},{row.auc:.6f}\n".encode() for row in rows]
        write_atomic(self.path / "validation.csv", [b"step,epoch,accuracy,auc\n", *lines])


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
