"""Training embedding networks on face crops, and using them. Importing this room alone does not import torch."""

from facewright.recognition.augment import AugmentConfig
from facewright.recognition.config import BackboneConfig, HeadConfig, TrainConfig

__all__ = ["AugmentConfig", "BackboneConfig", "HeadConfig", "TrainConfig"]
