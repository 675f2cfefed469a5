"""Trains an embedding network on labelled face crops: the whole trainer is `train` and `_fit`."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import Tensor, nn

from facewright.errors import FacewrightError
from facewright.machine import available_cores
from facewright.recognition.backbones import Backbone, build_backbone
from facewright.recognition.batches import MINING, Batches, step_images
from facewright.recognition.config import TrainConfig
from facewright.recognition.embed import Embedder, save_embedder
from facewright.recognition.exchange import SharedGradients
from facewright.recognition.figure import draw_training
from facewright.recognition.losses import build_loss
from facewright.recognition.memory import require_memory
from facewright.recognition.ranks import RankSetup, has_fast_bf16, run_ranks
from facewright.recognition.recorder import Recorder, progress_bar
from facewright.recognition.run import Checkpoint, LogRow, RunFolder
from facewright.recognition.sources import (
    Selection,
    Source,
    fingerprint,
    join_targets,
    open_sources,
    read_exclusions,
)
from facewright.recognition.store import decode_images
from facewright.recognition.targets import Targets
from facewright.recognition.validate import DevelopmentSet, ValidationRow, open_development_set
from facewright.recognition.weights import load_weights

__all__ = ["TrainingData", "train"]


@dataclass(frozen=True)
class TrainingData:
    """What to train and validate on; each set is typed as a `Source`."""

    sets: tuple[str, ...]
    """People of different data sets are different classes."""
    domain_mixup: str | None = None
    """Photographs to blend into the images of `sets` (SynFace's domain mixup), repeated as often as it takes."""
    exclude: Path | None = None
    """Names of people to leave out, e.g. those of a benchmark, one a line."""
    validate: str | None = None
    """Development set, measured after each epoch: crops of people who are in none of the others."""


def train(config: TrainConfig, data: TrainingData, out: Path) -> Path:
    """Train and return `out`, the run's folder (see `run.py` for its files).

    A run that was stopped goes on from its last checkpoint; a finished run is left as it is. Raises FacewrightError for
    unusable data, another config in the same folder, a batch too large for memory, and a loss that is not finite.
    """
    config = _resolved(config)
    assert config.devices is not None
    assert config.accelerator is not None
    assert config.precision is not None
    exclude = read_exclusions(data.exclude) if data.exclude else frozenset()
    real = [data.domain_mixup] if data.domain_mixup else []
    selections = open_sources([Source.parse(text) for text in (*data.sets, *real)], exclude)
    targets, classes = join_targets(selections)
    drawn = len(targets) - (len(selections[-1]) if real else 0)
    _check_sizes(config, data, targets, drawn)
    run = RunFolder(Path(out))
    description = {"train": _plain(config), "data": {**_plain(data), "hash": fingerprint(selections)}}
    run.claim(description)
    console = Console(stderr=True)
    if run.model.exists():
        console.print(f"{run.model}: already trained")
        return run.path
    _check_memory(config, classes, drawn)
    development = None
    if data.validate is not None:
        development = open_development_set(data.validate, config.crop, selections, config.seed)
    with run.work_folder() as work:
        images = work / "images.npy"
        with progress_bar(console) as progress:
            task = progress.add_task("decoding", total=len(targets), note="")
            decode_images(selections, config.crop, config.store_px, images, lambda: progress.advance(task))
        job = _Job(config, run, images, targets, drawn, classes, selections, description, development)
        run_ranks(_fit, job, RankSetup(config.devices, config.accelerator, config.precision, work))
    return run.path


def _resolved(config: TrainConfig) -> TrainConfig:
    """The config with its devices, accelerator and precision as they will be on this machine."""
    accelerator = config.accelerator or ("cuda" if torch.cuda.is_available() else "cpu")
    if accelerator == "cuda" and torch.cuda.device_count() < (config.devices or 1):
        found = torch.cuda.device_count()
        raise FacewrightError(f"devices: found {found} CUDA devices, expected {config.devices or 1}")
    if accelerator == "cpu" and config.precision == "fp16":
        raise FacewrightError("precision: found fp16 on a CPU, expected bf16 or fp32")
    devices = config.devices or (1 if accelerator == "cuda" else available_cores())
    precision = config.precision or ("bf16" if has_fast_bf16(accelerator) else "fp32")
    return replace(config, devices=devices, accelerator=accelerator, precision=precision)


def _check_sizes(config: TrainConfig, data: TrainingData, targets: Targets, drawn: int) -> None:
    assert config.devices is not None
    where = data.sets[0]
    if drawn < 2 * config.devices:
        raise FacewrightError(
            f"{where}: found {drawn} images, expected 2 for each of {config.devices} devices"
        )
    people = len(np.unique(targets.labels[:drawn, 0]))
    if config.batching == "people" and people < config.people_per_batch:
        raise FacewrightError(
            f"{where}: found {people} people, expected at least people_per_batch={config.people_per_batch}"
        )
    if config.loss.kind != "triplet":
        return
    if targets.labels.shape[1] > 1 or data.domain_mixup:
        raise FacewrightError(f"{where}: found images of several people each, expected one: triplets")
    counts = np.bincount(targets.labels[:, 0])
    if counts.min() < 2:
        found = (
            f"{np.count_nonzero(counts == 1)} people with one image (class {np.argmin(counts)} is the first)"
        )
        raise FacewrightError(f"{where}: found {found}, expected 2 or more for triplets: add ,least=2")


def _check_memory(config: TrainConfig, classes: int, drawn: int) -> None:
    assert config.devices is not None
    learner = _seeded_learner(config, classes)
    images = math.ceil(step_images(config, drawn, 1) / config.devices)
    bf16 = config.precision == "bf16"
    require_memory(learner.backbone, learner.head, images, config.devices, str(config.accelerator), bf16)


def _plain(config: Any) -> dict[str, Any]:
    """A config as JSON data."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()}


@dataclass(frozen=True)
class _Job:
    """What every rank needs to know."""

    config: TrainConfig
    run: RunFolder
    images: Path
    targets: Targets
    drawn: int
    classes: int
    selections: tuple[Selection, ...]
    description: dict[str, Any]
    development: DevelopmentSet | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Rank 0 runs in this process; the helpers need no development set.
        return {**self.__dict__, "development": None}


def _fit(fabric: Fabric, job: _Job) -> None:
    """The training loop of one rank; rank 0 also keeps the log, the checkpoints and the model."""
    config = job.config
    images = np.load(job.images, mmap_mode="r")
    batches = Batches(config, images, job.targets, job.drawn, fabric.global_rank, fabric.world_size)
    learner = _seeded_learner(config, job.classes)
    model, optimiser = fabric.setup(learner, _optimiser(config, learner))
    start = _resume(job.run, learner, optimiser)
    alone = fabric.world_size == 1 or config.accelerator == "cuda"  # CUDA's gradients are DDP's
    shared = None if alone else SharedGradients(fabric, learner.backbone, learner.head)
    step, elapsed, started = start.step, start.elapsed_s, time.monotonic()
    recorder = Recorder(fabric.is_global_zero, job.run, start.log, start.validation)
    with torch.random.fork_rng(), recorder:
        while (progress := config.progress(step, batches.steps, elapsed)) < 1:
            epoch, position = divmod(step, batches.steps)
            if config.fresh_moments and position == 0:
                optimiser.state.clear()
            torch.manual_seed(hash((config.seed, step, fabric.global_rank)))  # dropout
            inputs, targets = batches.load(epoch, position)
            tensors = (torch.from_numpy(array) for array in (inputs, targets.labels, targets.weights))
            key = (MINING, config.seed, epoch, position, fabric.global_rank)
            loss = model(*fabric.to_device(tuple(tensors)), progress, key)
            optimiser.zero_grad()
            fabric.backward(loss)
            if shared is not None:
                shared.write()
            # One exchange of both: the mean loss, and one clock, so that all ranks agree on the schedule.
            mean_loss, elapsed = _mean(fabric, loss.item(), start.elapsed_s + time.monotonic() - started)
            if shared is not None:
                shared.read()
            norm = _clipped(fabric, learner, optimiser, config.clip_norm)
            if not (math.isfinite(mean_loss) and (config.precision == "fp16" or math.isfinite(norm))):
                raise FacewrightError(
                    _diverged(job, batches.rows(epoch, position), epoch, step, mean_loss, norm)
                )
            for group in optimiser.param_groups:
                group["lr"] = group["factor"] * config.learning_rate * config.schedule.rate(progress)
            optimiser.step()
            step += 1
            rate = config.learning_rate * config.schedule.rate(progress)
            row = LogRow(step, epoch + 1, mean_loss, rate, 0.0, elapsed)
            recorder.note(row, len(inputs) * fabric.world_size, config.progress(step, batches.steps, elapsed))
            if recorder.checkpoint_due(end_of_epoch=position + 1 == batches.steps):
                if job.development and position + 1 == batches.steps:
                    recorder.note_validation(_validated(job, job.development, learner, step, epoch + 1))
                state = learner.state_dict(), optimiser.state_dict()
                job.run.save_checkpoint(Checkpoint(step, elapsed, *state, recorder.rows, recorder.validation))
    if fabric.is_global_zero:
        job.run.write_log(recorder.rows)
        draw_training(job.run.path / "training.png", recorder.rows, recorder.validation)
        save_embedder(job.run.model, learner.backbone, config.crop, config.store_px, job.description)
        job.run.checkpoint.unlink(missing_ok=True)


def _clipped(
    fabric: Fabric, learner: nn.Module, optimiser: torch.optim.Optimizer, longest: float | None
) -> float:
    """Shorten the gradient to `longest`; returns its length before."""
    norm = fabric.clip_gradients(learner, optimiser, max_norm=longest or math.inf, error_if_nonfinite=False)
    assert isinstance(norm, Tensor)
    return float(norm)


def _diverged(job: _Job, rows: np.ndarray, epoch: int, step: int, loss: float, norm: float) -> str:
    """One line about a loss or gradient that is not finite, with the batch that gave it."""
    names = []
    for row in rows[:3].tolist():
        for selection in job.selections:
            if row < len(selection):
                names.append(selection.reader.key(int(selection.rows[row])))
                break
            row -= len(selection)
    found = f"found {loss:g} (gradient norm {norm:g}) on the batch of images {', '.join(names)}, ..."
    return f"loss at epoch {epoch + 1}, step {step}: {found}, expected finite numbers"


class _Learner(nn.Module):
    """Backbone and head as one module, so that one wrapper sees all parameters."""

    def __init__(self, config: TrainConfig, classes: int) -> None:
        super().__init__()
        self.backbone: Backbone = build_backbone(config.backbone)
        self.head = build_loss(config.loss, classes, config.backbone.dimensions)
        if config.init is not None:
            load_weights(self.backbone, config.init)

    def forward(
        self, images: Tensor, labels: Tensor, weights: Tensor, progress: float, key: tuple[int, ...]
    ) -> Tensor:
        """The loss of images (n, height, width, 3)."""
        embeddings = self.backbone(images.permute(0, 3, 1, 2))
        loss: Tensor = self.head(embeddings, labels, weights, progress, key)
        return loss


def _seeded_learner(config: TrainConfig, classes: int) -> _Learner:
    """The same first weights in all ranks; torch's global random state is left as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        return _Learner(config, classes)


def _optimiser(config: TrainConfig, learner: _Learner) -> torch.optim.Optimizer:
    """Body and head as groups with rates of their own."""
    parts = ((learner.backbone, config.body_rate), (learner.head, config.head_rate))
    groups = [
        {"params": [p for p in part.parameters() if p.requires_grad], "factor": factor}
        for part, factor in parts
    ]
    groups = [group for group in groups if group["params"]]
    if config.optimiser == "adam":
        return torch.optim.Adam(groups, config.learning_rate, weight_decay=config.weight_decay, fused=True)
    return torch.optim.SGD(
        groups,
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        nesterov=config.optimiser == "nesterov",
        fused=True,
    )


def _validated(
    job: _Job, development: DevelopmentSet, learner: _Learner, step: int, epoch: int
) -> ValidationRow:
    """The development set's figures for the network as it is."""
    config = job.config
    network = learner.backbone.eval()
    embedder = Embedder(job.run.path.name, config.crop, config.store_px, network, job.description)
    row = development.measure(embedder, step, epoch)
    network.train()
    return row


def _mean(fabric: Fabric, *values: float) -> list[float]:
    """Each value's mean over the ranks."""
    reduced = fabric.all_reduce(torch.tensor(values, dtype=torch.float64, device=fabric.device))
    assert isinstance(reduced, Tensor)
    return [float(value) for value in reduced]


def _resume(run: RunFolder, learner: nn.Module, optimiser: torch.optim.Optimizer) -> Checkpoint:
    """Load the last checkpoint into learner and optimiser; one of no steps where there is none."""
    checkpoint = run.load_checkpoint()
    if checkpoint is None:
        return Checkpoint(0, 0.0, {}, {}, [], [])
    try:
        learner.load_state_dict(checkpoint.model)
        optimiser.load_state_dict(dict(checkpoint.optimiser))
    except (RuntimeError, ValueError):
        raise FacewrightError(
            f"{run.checkpoint}: found a checkpoint of another network, expected this run's: delete it to start again"
        ) from None
    return checkpoint
