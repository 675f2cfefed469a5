"""How a network is built and trained, as plain data: this module does not import torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from facewright.errors import FacewrightError
from facewright.geometry import ARCFACE_112, FACENET_96
from facewright.recognition.augment import AugmentConfig

__all__ = ["BackboneConfig", "BackboneName", "LossConfig", "LossKind", "ScheduleConfig", "TrainConfig"]

# Crops that hold an aligned face and nothing else.
_ALIGNED = (ARCFACE_112.name, FACENET_96.name)

DEFAULT_MINUTES = 5.0

BackboneName = Literal[
    "fast",
    "nn4",
    "nn4.small2",
    "mobilefacenet",
    "lresnet50e-ir",
    "iresnet18",
    "iresnet34",
    "iresnet50",
    "iresnet100",
]
LossKind = Literal["softmax", "cosface", "arcface", "adaface", "triplet"]

# Height and width of the input and length of the embedding that each network was published with.
_OWN_SIZE: dict[str, tuple[int, int]] = {
    "fast": (64, 64),
    "nn4": (96, 96),
    "nn4.small2": (96, 96),
    "lresnet50e-ir": (112, 96),
}
_OWN_DIMENSIONS = {"fast": 128, "nn4": 128, "nn4.small2": 128}


def require(checks: tuple[tuple[str, object, bool, str], ...]) -> None:
    """Each check: a field's name, its value, whether it will do, what was expected."""
    for name, value, ok, expected in checks:
        if not ok:
            raise FacewrightError(f"{name}: found {value}, expected {expected}")


@dataclass(frozen=True)
class BackboneConfig:
    """Which network turns images into vectors."""

    name: BackboneName = "fast"
    """fast: a small residual network; nn4, nn4.small2: FaceNet's and OpenFace's; lresnet50e-ir: SynFace's; iresnet*:
    InsightFace's; mobilefacenet."""
    input_px: tuple[int, int] | None = None
    """Height and width of the input, e.g. 64 64, 96 96, 112 112 or 112 96 (the middle of the crop's width); by default
    what the network was published with."""
    embedding: int | None = None
    """Length of the vectors; by default what the network was published with."""
    pooling: Literal["facenet", "openface"] = "facenet"
    """NN4's pooling columns: windows moved by one as FaceNet's table reads, or as OpenFace's released definition
    computes."""
    widths: tuple[int, ...] = (16, 32, 64, 128)
    """Channels of the fast network's stages; each stage halves the resolution, the stem too."""
    blocks: tuple[int, ...] = (1, 2, 2, 1)
    """Blocks of the fast network's stages."""

    def __post_init__(self) -> None:
        if self.name not in get_args(BackboneName):
            names = ", ".join(get_args(BackboneName))
            raise FacewrightError(f"backbone.name: found {self.name}, expected one of {names}")
        if not self.widths or len(self.widths) != len(self.blocks) or min(*self.widths, *self.blocks) < 1:
            raise FacewrightError(
                f"backbone.widths, blocks: found {self.widths}, {self.blocks}, expected as many of both, all 1 or more"
            )
        factor = 2 ** len(self.widths) if self.name == "fast" else 16
        fits = all(side >= 2 * factor and side % factor == 0 for side in self.size)
        size = f"{self.size[0]} {self.size[1]}"
        require(
            (
                ("backbone.embedding", self.embedding, self.dimensions >= 2, "2 or more"),
                (
                    "backbone.input_px",
                    size,
                    fits or (self.name == "fast" and self._fits_fast()),
                    f"multiples of {factor}",
                ),
            )
        )

    def _fits_fast(self) -> bool:
        return all(side > 0 and side % 2 ** len(self.widths) == 0 for side in self.size)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the input in pixels."""
        return self.input_px or _OWN_SIZE.get(self.name, (112, 112))

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        return _OWN_DIMENSIONS.get(self.name, 512) if self.embedding is None else self.embedding


@dataclass(frozen=True)
class LossConfig:
    """What is minimised.

    The papers' s = 64 or 30 and m = 0.35 or 0.5 are for days of training; within minutes they are not learnt (numbers
    in docs/LOG.md), so the defaults are smaller. Presets have the papers' values.
    """

    kind: LossKind = "cosface"
    """softmax, cosface, arcface and adaface classify people; triplet compares images."""
    s: float = 16.0
    """Scale of the cosines."""
    m: float = 0.1
    """Margin: in cosine for CosFace, in radians for ArcFace, both for AdaFace."""
    warmup: float = 0.1
    """Part of the training, 0 .. 1, over which the margin grows from 0 to m."""
    gradient: Literal["true", "straight-through"] = "true"
    """Of the margin: its derivative, or that of the cosine without one, as much published code has it."""
    h: float = 0.333
    """AdaFace: how much the vectors' lengths count."""
    t_alpha: float = 0.01
    """AdaFace: how fast the mean length follows the batches'."""
    alpha: float = 0.2
    """Triplets: how much nearer an image of the same person should be, in squared distance."""
    mining: Literal["openface", "facenet"] = "openface"
    """Triplets: which negative goes with each pair. openface: any that violates alpha, at random. facenet: any that
    does and is farther than the positive (semi-hard)."""

    def __post_init__(self) -> None:
        kinds = get_args(LossKind)
        require(
            (
                ("loss.kind", self.kind, self.kind in kinds, f"one of {', '.join(kinds)}"),
                ("loss.s", self.s, self.s > 0 and math.isfinite(self.s), "a number above 0"),
                ("loss.m", self.m, 0 <= self.m < 1.5, "0 <= m < 1.5"),
                ("loss.warmup", self.warmup, 0 <= self.warmup <= 1, "0 .. 1"),
                ("loss.h", self.h, 0 <= self.h < math.inf, "0 or more"),
                ("loss.t_alpha", self.t_alpha, 0 < self.t_alpha <= 1, "above 0, at most 1"),
                ("loss.alpha", self.alpha, 0 <= self.alpha <= 4, "0 .. 4"),
            )
        )

    def margin(self, progress: float) -> float:
        """The margin at `progress` (0 .. 1) of the training."""
        return self.m * min(1.0, progress / self.warmup) if self.warmup else self.m


@dataclass(frozen=True)
class ScheduleConfig:
    """How the learning rate moves over the training, after a linear rise."""

    kind: Literal["cosine", "steps", "constant"] = "cosine"
    """cosine: to 0 along half a wave. steps: by `factor` at each milestone."""
    warmup: float = 0.05
    """Part of the training over which the learning rate rises from 0."""
    milestones: tuple[float, ...] = (0.6, 0.75, 0.9)
    """Parts of the training, e.g. SynFace's 24, 30 and 36 of 40 epochs."""
    factor: float = 0.1
    """Of the learning rate at each milestone."""

    def __post_init__(self) -> None:
        ordered = all(0 < point < 1 for point in self.milestones)
        require(
            (
                ("schedule.warmup", self.warmup, 0 <= self.warmup < 1, "0 <= warmup < 1"),
                ("schedule.milestones", self.milestones, ordered, "parts of the training between 0 and 1"),
                ("schedule.factor", self.factor, 0 < self.factor <= 1, "above 0, at most 1"),
            )
        )

    def rate(self, progress: float) -> float:
        """The part of the highest learning rate at `progress` (0 .. 1) of the training."""
        rising = min(1.0, progress / self.warmup) if self.warmup else 1.0
        if self.kind == "cosine":
            return rising * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
        if self.kind == "steps":
            return float(rising * self.factor ** sum(progress >= point for point in self.milestones))
        return rising


@dataclass(frozen=True)
class TrainConfig:
    """How to train, and for how long: for `minutes` or for `epochs`."""

    minutes: float | None = None
    """Training time, decoding not counted; the schedule follows the clock. 5 if `epochs` is not given either."""
    epochs: int | None = None
    """Passes over the data; a resumed run ends with the same bits as an uninterrupted one (on one CPU device)."""
    seed: int = 1
    """Of first weights, order and augmentation."""
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    batching: Literal["shuffle", "balanced", "people"] = "shuffle"
    """shuffle: every image once in an epoch. balanced: every person as often. people: some people, some images of each,
    which triplets need."""
    batch_size: int = 64
    """Images of a step, over all devices."""
    people_per_batch: int = 20
    """With `people`: how many (the paper's 20, OpenFace's code has 15)."""
    images_per_person: int = 15
    """With `people`: how many of each at most (the paper's 15, OpenFace's code has 20)."""
    epoch_steps: int | None = None
    """Steps of an epoch; by default as many as pass over the data once."""
    optimiser: Literal["nesterov", "sgd", "adam"] = "nesterov"
    """nesterov, sgd: with momentum, Nesterov's or the plain one."""
    learning_rate: float = 0.2
    """Highest learning rate."""
    momentum: float = 0.9
    weight_decay: float = 5e-4
    clip_norm: float | None = 5.0
    """Longest gradient."""
    fresh_moments: bool = False
    """Forget the optimiser's moments at the start of each epoch, as OpenFace does."""
    init: Path | None = None
    """Start from this run or checkpoint (fine-tuning): its network, with a new head."""
    head_rate: float = 1.0
    """Factor of the head's learning rate, e.g. DigiFace-1M's 0.1 for fine-tuning."""
    body_rate: float = 1.0
    """Factor of the network's learning rate, e.g. DigiFace-1M's 0.01 for fine-tuning."""
    precision: Literal["bf16", "fp16", "fp32"] | None = None
    """Of activations; by default bf16 where the device is faster with it. fp16 needs CUDA."""
    devices: int | None = None
    """Processes; by default one for each core on a CPU, one with CUDA. On a CPU each has one thread."""
    accelerator: Literal["cpu", "cuda"] | None = None
    """By default CUDA where there is one."""
    stored_px: int | None = None
    """Decoded crops are kept in this size, from which the network's input is sampled; by default a quarter more than
    the input's height, at most the crop's own size."""
    crop: str = ARCFACE_112.name
    """Crop of the data."""

    def __post_init__(self) -> None:
        if self.minutes is not None and self.epochs is not None:
            found = f"minutes {self.minutes} and epochs {self.epochs}"
            raise FacewrightError(f"training length: found {found}, expected one of them")
        require(
            (
                ("minutes", self.minutes, self.minutes is None or 0 < self.minutes < math.inf, "more than 0"),
                ("epochs", self.epochs, self.epochs is None or self.epochs >= 1, "1 or more"),
                ("seed", self.seed, self.seed >= 0, "0 or more"),
                ("batch_size", self.batch_size, self.batch_size >= 2, "2 or more"),
                ("people_per_batch", self.people_per_batch, self.people_per_batch >= 2, "2 or more"),
                ("images_per_person", self.images_per_person, self.images_per_person >= 2, "2 or more"),
                (
                    "epoch_steps",
                    self.epoch_steps,
                    self.epoch_steps is None or self.epoch_steps >= 1,
                    "1 or more",
                ),
                ("learning_rate", self.learning_rate, 0 < self.learning_rate < math.inf, "more than 0"),
                ("momentum", self.momentum, 0 < self.momentum < 1, "between 0 and 1"),
                ("weight_decay", self.weight_decay, 0 <= self.weight_decay < math.inf, "0 or more"),
                ("clip_norm", self.clip_norm, self.clip_norm is None or self.clip_norm > 0, "more than 0"),
                ("head_rate", self.head_rate, 0 <= self.head_rate < math.inf, "0 or more"),
                ("body_rate", self.body_rate, 0 <= self.body_rate < math.inf, "0 or more"),
                ("devices", self.devices, self.devices is None or self.devices >= 1, "1 or more"),
                ("stored_px", self.stored_px, self.stored_px is None or self.stored_px >= 8, "8 or more"),
                ("crop", self.crop, self.crop in _ALIGNED, f"{' or '.join(_ALIGNED)}"),
                (
                    "batching",
                    self.batching,
                    self.loss.kind != "triplet" or self.batching == "people",
                    "people: triplets",
                ),
            )
        )

    @property
    def store_px(self) -> int:
        """The side of decoded crops."""
        own = ARCFACE_112.size_px if self.crop == ARCFACE_112.name else FACENET_96.size_px
        return self.stored_px or min(own, self.backbone.size[0] * 5 // 4)

    def progress(self, steps_done: int, steps_per_epoch: int, elapsed_s: float) -> float:
        """The part of the training that is done; 1 or more is the end."""
        if self.epochs is not None:
            return steps_done / (self.epochs * steps_per_epoch)
        return elapsed_s / (60 * (self.minutes or DEFAULT_MINUTES))
