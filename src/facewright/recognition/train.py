"""Trains an embedding network on labelled face crops: the whole trainer is `train` and `_fit`."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64
from lightning_fabric import Fabric
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from facewright.errors import FacewrightError
from facewright.machine import available_cores
from facewright.recognition.augment import augment
from facewright.recognition.backbones import ResidualNet
from facewright.recognition.config import TrainConfig
from facewright.recognition.data import (
    AUGMENT_STREAM,
    Batches,
    decode_images,
    fingerprint,
    join_labels,
    open_all,
)
from facewright.recognition.embed import save_embedder
from facewright.recognition.heads import MarginHead
from facewright.recognition.ranks import RankSetup, run_ranks
from facewright.recognition.run import Checkpoint, LogRow, RunFolder

__all__ = ["train"]

_LOG_STEPS = 10
_CHECKPOINT_S = 60.0


def train(config: TrainConfig, data: Sequence[Path], out: Path) -> Path:
    """Train on the data sets and return `out`, the run's folder (see `run.py` for its files).

    Classes of different data sets are different people. A run that was stopped goes on from its last checkpoint; a
    finished run is left as it is. Raises FacewrightError for unusable data, another config in the same folder, and a
    loss that is not finite.
    """
    config = _resolved(config)
    assert config.devices is not None
    assert config.accelerator is not None
    readers = open_all([Path(path) for path in data])
    labels, classes = join_labels(readers)
    if len(labels) < 2 * config.devices:
        raise FacewrightError(
            f"{data[0]}: found {len(labels)} images, expected 2 for each of {config.devices} devices"
        )
    run = RunFolder(Path(out))
    description = {"train": asdict(config), "data": fingerprint(readers, labels)}
    run.claim(description)
    console = Console(stderr=True)
    if run.model.exists():
        console.print(f"{run.model}: already trained")
        return run.path
    with run.work_folder() as work:
        with _progress_bar(console) as progress:
            task = progress.add_task("decoding", total=len(labels), note="")
            decode_images(
                readers, config.crop, config.stored_px, work / "images.npy", lambda: progress.advance(task)
            )
        job = _Job(config, run, work / "images.npy", labels, classes, description)
        run_ranks(_fit, job, RankSetup(config.devices, config.accelerator, work))
    return run.path


def _resolved(config: TrainConfig) -> TrainConfig:
    """The config with its devices and accelerator as they will be on this machine."""
    accelerator = config.accelerator or ("cuda" if torch.cuda.is_available() else "cpu")
    if accelerator == "cuda" and torch.cuda.device_count() < (config.devices or 1):
        found = torch.cuda.device_count()
        raise FacewrightError(f"devices: found {found} CUDA devices, expected {config.devices or 1}")
    devices = config.devices or (1 if accelerator == "cuda" else available_cores())
    return replace(config, devices=devices, accelerator=accelerator)


@dataclass(frozen=True)
class _Job:
    """What every rank needs to know."""

    config: TrainConfig
    run: RunFolder
    images: Path
    labels: Int64[np.ndarray, " n"]
    classes: int
    description: dict[str, Any]


def _fit(fabric: Fabric, job: _Job) -> None:
    """The training loop of one rank; rank 0 also keeps the log, the checkpoints and the model."""
    config = job.config
    images = np.load(job.images, mmap_mode="r")
    batches = Batches(
        images, job.labels, config.batch_size, config.seed, fabric.global_rank, fabric.world_size
    )
    learner = _seeded_learner(config, job.classes)
    optimiser = torch.optim.SGD(
        learner.parameters(), momentum=config.momentum, weight_decay=config.weight_decay, nesterov=True
    )
    model, optimiser = fabric.setup(learner, optimiser)
    step, elapsed_before, rows = _resume(job.run, learner, optimiser)
    elapsed, started = elapsed_before, time.monotonic()
    with _Recorder(fabric, job.run, rows, batches.step_images) as recorder:
        while (progress := config.progress(step, batches.steps, elapsed)) < 1:
            epoch, position = divmod(step, batches.steps)
            stored, labels = batches.load(epoch, position)
            key = (AUGMENT_STREAM, config.seed, epoch, position, fabric.global_rank)
            inputs = augment(stored, config.augment, config.backbone.input_px, key)
            loss = model(*fabric.to_device((torch.from_numpy(inputs), torch.from_numpy(labels))), progress)
            optimiser.zero_grad()
            fabric.backward(loss)
            norm = torch.nn.utils.clip_grad_norm_(learner.parameters(), config.clip_norm)
            # One exchange of both: the mean loss, and one clock, so that all ranks agree on the schedule.
            mean_loss, elapsed = _mean(fabric, loss.item(), elapsed_before + time.monotonic() - started)
            if not (math.isfinite(mean_loss) and math.isfinite(norm.item())):
                found = f"found {mean_loss:g} (gradient norm {norm.item():g})"
                raise FacewrightError(
                    f"loss at epoch {epoch + 1}, step {step}: {found}, expected finite numbers"
                )
            for group in optimiser.param_groups:
                group["lr"] = config.rate(progress)
            optimiser.step()
            step += 1
            row = LogRow(step, epoch + 1, mean_loss, config.rate(progress), 0.0, elapsed)
            recorder.note(row, config.progress(step, batches.steps, elapsed))
            if recorder.checkpoint_due(end_of_epoch=position + 1 == batches.steps):
                state = learner.state_dict(), optimiser.state_dict()
                job.run.save_checkpoint(Checkpoint(step, elapsed, *state, recorder.rows))
    if fabric.is_global_zero:
        job.run.write_log(recorder.rows)
        job.run.draw_loss(recorder.rows)
        save_embedder(job.run.model, learner.backbone, config.crop, config.stored_px, job.description)
        job.run.checkpoint.unlink(missing_ok=True)


def _seeded_learner(config: TrainConfig, classes: int) -> _Learner:
    """The same first weights in all ranks; torch's global random state is left as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        return _Learner(config, classes)


def _mean(fabric: Fabric, *values: float) -> list[float]:
    """Each value's mean over the ranks."""
    reduced = fabric.all_reduce(torch.tensor(values, dtype=torch.float64, device=fabric.device))
    assert isinstance(reduced, Tensor)
    return [float(value) for value in reduced]


class _Learner(nn.Module):
    """Backbone and head as one module, so that one wrapper sees all parameters."""

    def __init__(self, config: TrainConfig, classes: int) -> None:
        super().__init__()
        self.backbone = ResidualNet(config.backbone)
        self.head = MarginHead(config.head, classes, config.backbone.embedding)

    def forward(self, images: Tensor, labels: Tensor, progress: float) -> Tensor:
        """The loss of images (n, size, size, 3)."""
        loss: Tensor = self.head(self.backbone(images.permute(0, 3, 1, 2)), labels, progress)
        return loss


def _resume(
    run: RunFolder, learner: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[int, float, list[LogRow]]:
    """Load the last checkpoint into learner and optimiser: steps done, seconds spent, log; zeros without one."""
    checkpoint = run.load_checkpoint()
    if checkpoint is None:
        return 0, 0.0, []
    learner.load_state_dict(checkpoint.model)
    optimiser.load_state_dict(dict(checkpoint.optimiser))
    return checkpoint.step, checkpoint.elapsed_s, list(checkpoint.log)


class _Recorder:
    """Rank 0's log and progress bar; other ranks' recorders do nothing."""

    def __init__(self, fabric: Fabric, run: RunFolder, rows: Sequence[LogRow], step_images: int) -> None:
        self.rows = list(rows)
        self._active = fabric.is_global_zero
        self._run = run
        self._step_images = step_images
        self._pending: list[LogRow] = []
        self._saved = time.monotonic()
        self._bar = _progress_bar(Console(stderr=True, quiet=not self._active))
        self._task: TaskID = self._bar.add_task("training", total=1.0, note="")

    def __enter__(self) -> _Recorder:
        if self._active:
            self._run.write_log(self.rows)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._bar.stop()

    def note(self, row: LogRow, progress: float) -> None:
        """Take note of a step; every `_LOG_STEPS` steps make one row of the log."""
        if self._active:
            self._pending.append(row)
            self._bar.update(self._task, completed=progress)
            if row.step % _LOG_STEPS == 0:
                self._flush()

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
        last = self._pending[-1]
        seconds = last.elapsed_s - (self.rows[-1].elapsed_s if self.rows else 0.0)
        row = replace(
            last,
            loss=float(np.mean([noted.loss for noted in self._pending])),
            images_per_s=len(self._pending) * self._step_images / max(seconds, 1e-9),
        )
        self._pending.clear()
        self.rows.append(row)
        self._run.append_log(row)
        note = f"epoch {row.epoch}  loss {row.loss:.3f}  {row.images_per_s:.0f} images/s"
        self._bar.update(self._task, note=note)


def _progress_bar(console: Console) -> Progress:
    columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[note]}"))
    return Progress(*columns, TimeRemainingColumn(), console=console)
