"""How a network is built and trained, as plain data: this module does not import torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from facewright.errors import FacewrightError
from facewright.geometry import ARCFACE_112, FACENET_96
from facewright.recognition.augment import AugmentConfig

__all__ = ["BackboneConfig", "HeadConfig", "HeadKind", "TrainConfig"]

# Crops that hold an aligned face and nothing else.
_ALIGNED = (ARCFACE_112.name, FACENET_96.name)

DEFAULT_MINUTES = 5.0

HeadKind = Literal["cosface", "arcface"]


@dataclass(frozen=True)
class BackboneConfig:
    """The shape of a `ResidualNet`; each stage halves the resolution, the stem too.

    input_px: side of the square input, a multiple of 2 ** stages.
    """

    widths: tuple[int, ...] = (16, 32, 64, 128)
    blocks: tuple[int, ...] = (1, 2, 2, 1)
    embedding: int = 128
    input_px: int = 64

    def __post_init__(self) -> None:
        if not self.widths or len(self.widths) != len(self.blocks) or min(*self.widths, *self.blocks) < 1:
            raise FacewrightError(
                f"widths, blocks: found {self.widths}, {self.blocks}, expected as many of both, all 1 or more"
            )
        if self.embedding < 2:
            raise FacewrightError(f"embedding: found {self.embedding}, expected 2 or more")
        if self.input_px < 1 or self.input_px % 2 ** len(self.widths):
            raise FacewrightError(
                f"input_px: found {self.input_px}, expected a multiple of {2 ** len(self.widths)}"
            )


@dataclass(frozen=True)
class HeadConfig:
    """kind: which margin. s: scale of the cosines. m: margin, in cosine for CosFace, in radians for ArcFace.

    warmup: part of the training, 0 .. 1, over which the margin grows from 0 to m.

    The papers' s = 64 or 30 and m = 0.35 or 0.5 are for days of training; within minutes they are not learnt (numbers
    in docs/LOG.md).
    """

    kind: HeadKind = "cosface"
    s: float = 16.0
    m: float = 0.1
    warmup: float = 0.1

    def __post_init__(self) -> None:
        if self.kind not in get_args(HeadKind):
            raise FacewrightError(
                f"head.kind: found {self.kind}, expected one of {', '.join(get_args(HeadKind))}"
            )
        if not (self.s > 0 and math.isfinite(self.s)):
            raise FacewrightError(f"head.s: found {self.s}, expected a number above 0")
        if not 0 <= self.m < 1.5:
            raise FacewrightError(f"head.m: found {self.m}, expected 0 <= m < 1.5")
        if not 0 <= self.warmup <= 1:
            raise FacewrightError(f"head.warmup: found {self.warmup}, expected 0 .. 1")


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
    head: HeadConfig = field(default_factory=HeadConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    batch_size: int = 64
    """Images of a step, over all devices."""
    learning_rate: float = 0.2
    """Highest learning rate."""
    lr_warmup: float = 0.05
    """Part of the training over which the learning rate rises from 0; then it falls to 0 along a cosine."""
    momentum: float = 0.9
    weight_decay: float = 5e-4
    clip_norm: float = 5.0
    """Longest gradient."""
    devices: int | None = None
    """Processes; by default one for each core on a CPU, one with CUDA."""
    accelerator: Literal["cpu", "cuda"] | None = None
    """By default CUDA where there is one."""
    stored_px: int = 80
    """Decoded crops are kept in this size; the network's input is sampled from it."""
    crop: str = ARCFACE_112.name
    """Crop of the data."""

    def __post_init__(self) -> None:
        if self.minutes is not None and self.epochs is not None:
            found = f"minutes {self.minutes} and epochs {self.epochs}"
            raise FacewrightError(f"training length: found {found}, expected one of them")
        checks: tuple[tuple[str, object, bool, str], ...] = (
            ("minutes", self.minutes, self.minutes is None or 0 < self.minutes < math.inf, "more than 0"),
            ("epochs", self.epochs, self.epochs is None or self.epochs >= 1, "1 or more"),
            ("seed", self.seed, self.seed >= 0, "0 or more"),
            ("batch_size", self.batch_size, self.batch_size >= 2, "2 or more"),
            ("learning_rate", self.learning_rate, 0 < self.learning_rate < math.inf, "more than 0"),
            ("lr_warmup", self.lr_warmup, 0 <= self.lr_warmup < 1, "0 <= lr_warmup < 1"),
            ("momentum", self.momentum, 0 < self.momentum < 1, "between 0 and 1"),
            ("weight_decay", self.weight_decay, 0 <= self.weight_decay < math.inf, "0 or more"),
            ("clip_norm", self.clip_norm, self.clip_norm > 0, "more than 0"),
            ("devices", self.devices, self.devices is None or self.devices >= 1, "1 or more"),
            ("stored_px", self.stored_px, self.stored_px >= 8, "8 or more"),
            ("crop", self.crop, self.crop in _ALIGNED, f"{' or '.join(_ALIGNED)}"),
        )
        for name, value, ok, expected in checks:
            if not ok:
                raise FacewrightError(f"{name}: found {value}, expected {expected}")

    def progress(self, steps_done: int, steps_per_epoch: int, elapsed_s: float) -> float:
        """The part of the training that is done; 1 or more is the end."""
        if self.epochs is not None:
            return steps_done / (self.epochs * steps_per_epoch)
        return elapsed_s / (60 * (self.minutes or DEFAULT_MINUTES))

    def rate(self, progress: float) -> float:
        """The learning rate at `progress`."""
        rising = min(1.0, progress / self.lr_warmup) if self.lr_warmup else 1.0
        return self.learning_rate * rising * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
