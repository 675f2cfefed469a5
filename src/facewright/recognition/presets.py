"""Training configurations by name: those of the papers, and one for a CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from facewright.recognition.augment import RECIPES
from facewright.recognition.config import BackboneConfig, LossConfig, ScheduleConfig, TrainConfig

__all__ = ["PRESETS", "PresetName"]

PresetName = Literal["fast-cpu", "kortylewski-nn4", "openface-small2", "synface-r50"]

_CONSTANT = ScheduleConfig("constant", warmup=0.0)

# OpenFace's training (opts.lua, train.lua): 250 steps an epoch, Adam with rate 1e-3, whose moments start anew each
# epoch.
_OPENFACE = TrainConfig(
    backbone=BackboneConfig("nn4.small2", pooling="openface"),
    loss=LossConfig("triplet", alpha=0.2, mining="openface"),
    augment=RECIPES["flip"],
    schedule=_CONSTANT,
    batching="people",
    people_per_batch=15,
    images_per_person=20,
    epoch_steps=250,
    epochs=1000,
    optimiser="adam",
    learning_rate=1e-3,
    weight_decay=0.0,
    clip_norm=None,
    fresh_moments=True,
)

PRESETS: dict[PresetName, TrainConfig] = {
    "fast-cpu": TrainConfig(),
    # Kortylewski et al. 2018, section IV: NN4, 20 people x 15 images, 200 epochs, no augmentation (so no flip either).
    "kortylewski-nn4": replace(
        _OPENFACE,
        backbone=BackboneConfig("nn4", pooling="openface"),
        augment=RECIPES["none"],
        people_per_batch=20,
        images_per_person=15,
        epochs=200,
    ),
    "openface-small2": _OPENFACE,
    # Qiu et al. 2021 and the released code: ArcFace s 30, m 0.5; SGD, batch 512, rate 0.1 falling at epochs 24, 30, 36.
    "synface-r50": TrainConfig(
        backbone=BackboneConfig("lresnet50e-ir"),
        loss=LossConfig("arcface", s=30.0, m=0.5, warmup=0.0),
        augment=RECIPES["synface"],
        schedule=ScheduleConfig("steps", warmup=0.0, milestones=(0.6, 0.75, 0.9), factor=0.1),
        optimiser="sgd",
        batch_size=512,
        epochs=40,
        learning_rate=0.1,
        clip_norm=None,
    ),
}
