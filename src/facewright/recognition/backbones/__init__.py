"""The embedding networks, by name: each maps images (n, 3, height, width) in -1 .. 1 to vectors (n, embedding)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from facewright.recognition.backbones.facenet import NN4_BLOCKS, NN4_SMALL2_BLOCKS, FaceNet
from facewright.recognition.backbones.iresnet import IResNet
from facewright.recognition.backbones.layers import cast_once
from facewright.recognition.backbones.mobilefacenet import MobileFaceNet
from facewright.recognition.backbones.residual import ResidualNet
from facewright.recognition.config import BackboneConfig, BackboneName

__all__ = ["Backbone", "build_backbone", "parameter_count"]


class Backbone(nn.Module):
    """A network and the config that it was built from; weights are kept channels-last, which CPUs and GPUs prefer."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        self.network = _BUILDERS[config.name](config)
        for parameter in self.network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with cast_once(self.network, images):
            embeddings: torch.Tensor = self.network(images)
        return embeddings


def build_backbone(config: BackboneConfig) -> Backbone:
    """The network of a config with first weights from torch's random state."""
    return Backbone(config)


def parameter_count(network: nn.Module) -> int:
    """Learnable numbers of a network, frozen ones included."""
    return sum(parameter.numel() for parameter in network.parameters())


def _iresnet(blocks: tuple[int, int, int, int]) -> Callable[[BackboneConfig], nn.Module]:
    return lambda config: IResNet(blocks, config.size, config.dimensions)


_BUILDERS: dict[BackboneName, Callable[[BackboneConfig], nn.Module]] = {
    "fast": ResidualNet,
    "nn4": lambda config: FaceNet(NN4_BLOCKS, config.dimensions, config.pooling),
    "nn4.small2": lambda config: FaceNet(NN4_SMALL2_BLOCKS, config.dimensions, config.pooling),
    "mobilefacenet": lambda config: MobileFaceNet(config.size, config.dimensions),
    "lresnet50e-ir": lambda config: IResNet((3, 4, 14, 3), config.size, config.dimensions, synface=True),
    "iresnet18": _iresnet((2, 2, 2, 2)),
    "iresnet34": _iresnet((3, 4, 6, 3)),
    "iresnet50": _iresnet((3, 4, 14, 3)),
    "iresnet100": _iresnet((3, 13, 30, 3)),
}
