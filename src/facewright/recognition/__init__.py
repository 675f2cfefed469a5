"""Training embedding networks on face crops, and using them. Importing this room alone does not import torch."""

from facewright.recognition.augment import RECIPES, AugmentConfig
from facewright.recognition.config import BackboneConfig, LossConfig, ScheduleConfig, TrainConfig
from facewright.recognition.presets import PRESETS

__all__ = [
    "PRESETS",
    "RECIPES",
    "AugmentConfig",
    "BackboneConfig",
    "LossConfig",
    "ScheduleConfig",
    "TrainConfig",
]
