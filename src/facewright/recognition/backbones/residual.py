"""The fast network: a small pre-activation residual network that trains in minutes on a CPU.

Blocks follow He et al., "Identity mappings in deep residual networks" (ECCV 2016): normalise, rectify, convolve, twice;
a block that changes shape takes its shortcut after the first activation. The embedding is a linear layer over all
positions, between two batch normalisations, as ArcFace's networks have it (Deng et al., CVPR 2019, section 3.2.2).
"""

from __future__ import annotations

from torch import Tensor, nn

from facewright.recognition.backbones.layers import Summands, fork_norm_act, norm_act, sum_norm_act
from facewright.recognition.config import BackboneConfig

__all__ = ["ResidualNet"]


class ResidualNet(nn.Module):
    """Images (n, 3, height, width) in -1 .. 1 to embeddings (n, embedding), not normalised."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        width = config.widths[0]
        self.stem = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
        blocks: list[nn.Module] = []
        for stage, (out, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for index in range(count):
                blocks.append(_Block(width, out, stride=2 if stage and not index else 1))
                width = out
        self.blocks = nn.Sequential(*blocks)
        positions = (config.size[0] >> len(config.widths)) * (config.size[1] >> len(config.widths))
        self.norm = nn.BatchNorm2d(width)
        self.project = nn.Linear(width * positions, config.dimensions, bias=False)
        self.embedding_norm = nn.BatchNorm1d(config.dimensions)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        _, features = sum_norm_act(self.blocks((self.stem(images),)), self.norm)
        embeddings: Tensor = self.embedding_norm(self.project(features.flatten(1)))
        return embeddings


class _Block(nn.Module):
    """x + F(x) with F = conv, relu, norm, conv, relu, norm read from the right; the next block makes the sum."""

    def __init__(self, width_in: int, width_out: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width_in)
        self.conv1 = nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width_out)
        self.conv2 = nn.Conv2d(width_out, width_out, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(width_in, width_out, 1, stride=2, bias=False) if stride == 2 else None

    def forward(self, summands: Summands) -> Summands:
        if self.shortcut is None:
            passed, active = sum_norm_act(summands, self.norm1, "relu")
            out = self.conv1(active)
        else:
            out, passed = fork_norm_act(summands, self.norm1, "relu", self.conv1, self.shortcut)
        residual: Tensor = self.conv2(norm_act(out, self.norm2, "relu"))
        return residual, passed
