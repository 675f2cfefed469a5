"""Training embedding networks on face crops, and using them. Importing this room alone does not import torch."""

from facewright.recognition.augment import AugmentConfig

__all__ = ["AugmentConfig"]
