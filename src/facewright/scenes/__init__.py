"""What is in a picture beside the person, as plain data, and how it is drawn at random."""

from facewright.distributions import (
    Constant,
    Distribution,
    Normal,
    TruncatedNormal,
    Uniform,
    parse_distribution,
)
from facewright.scenes.camera import CameraConfig
from facewright.scenes.sampler import Sampler, SamplerConfig
from facewright.scenes.scene import Scenes

__all__ = [
    "CameraConfig",
    "Constant",
    "Distribution",
    "Normal",
    "Sampler",
    "SamplerConfig",
    "Scenes",
    "TruncatedNormal",
    "Uniform",
    "parse_distribution",
]
