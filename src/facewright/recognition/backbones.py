"""The embedding network: a small pre-activation residual network that trains in minutes on a CPU.

Blocks follow He et al., "Identity mappings in deep residual networks" (ECCV 2016): normalise, rectify, convolve, twice;
a block that changes shape takes its shortcut after the first activation. The embedding is a linear layer over all
positions, between two batch normalisations, as ArcFace's networks have it (Deng et al., CVPR 2019, section 3.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facewright.errors import FacewrightError

__all__ = ["BackboneConfig", "ResidualNet"]


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


class ResidualNet(nn.Module):
    """Images (n, 3, input_px, input_px) in -1 .. 1 to embeddings (n, embedding), not normalised."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        width = config.widths[0]
        self.stem = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
        blocks: list[nn.Module] = []
        for stage, (out, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for index in range(count):
                blocks.append(_Block(width, out, stride=2 if stage and not index else 1))
                width = out
        self.blocks = nn.Sequential(*blocks)
        side = config.input_px // 2 ** len(config.widths)
        self.norm = nn.BatchNorm2d(width)
        self.project = nn.Linear(width * side * side, config.embedding, bias=False)
        self.embedding_norm = nn.BatchNorm1d(config.embedding)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for parameter in self.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        features = self.norm(self.blocks(self.stem(images)))
        embeddings: Tensor = self.embedding_norm(self.project(features.flatten(1)))
        return embeddings


class _Block(nn.Module):
    """x + F(x) with F = conv, relu, norm, conv, relu, norm read from the right."""

    def __init__(self, width_in: int, width_out: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width_in)
        self.conv1 = nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width_out)
        self.conv2 = nn.Conv2d(width_out, width_out, 3, padding=1, bias=False)
        self.shortcut = (
            nn.Conv2d(width_in, width_out, 1, stride=stride, bias=False)
            if stride != 1 or width_in != width_out
            else None
        )

    def forward(self, images: Tensor) -> Tensor:
        active = torch.relu_(self.norm1(images))
        passed: Tensor = images if self.shortcut is None else self.shortcut(active)
        residual: Tensor = self.conv2(torch.relu_(self.norm2(self.conv1(active))))
        return residual.add_(passed)
