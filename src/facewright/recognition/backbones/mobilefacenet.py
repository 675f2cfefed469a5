"""MobileFaceNet (Chen et al., CCBR 2018) in the width and depth of InsightFace's arcface_torch ("mbf")."""

from __future__ import annotations

import math

from torch import Tensor, nn

from facewright.recognition.backbones.layers import PReLU, norm_act

__all__ = ["MobileFaceNet"]

_WIDTH = 128  # InsightFace doubles the paper's 64
# Per bottleneck: width out, width inside, stride, blocks; only blocks after the first add their input.
_BOTTLENECKS = ((128, 128, 2, 5), (256, 256, 2, 7), (256, 512, 2, 3))
_REPEATED_INSIDE = (128, 256, 256)


class MobileFaceNet(nn.Module):
    """Images (n, 3, height, width) in -1 .. 1 to embeddings (n, embedding), not normalised."""

    def __init__(self, size: tuple[int, int], embedding: int) -> None:
        super().__init__()
        self.stem = _ConvNorm(3, _WIDTH, 3, stride=2, active=True)
        # Two channels a group: InsightFace widens the layer but keeps the paper's 64 groups.
        self.depthwise = _ConvNorm(_WIDTH, _WIDTH, 3, groups=64, active=True)
        bottlenecks: list[nn.Module] = []
        width = _WIDTH
        for (out, inside, stride, blocks), repeated in zip(_BOTTLENECKS, _REPEATED_INSIDE, strict=True):
            bottlenecks.append(_Bottleneck(width, out, inside, stride, residual=False))
            bottlenecks += [_Bottleneck(out, out, repeated, 1, residual=True) for _ in range(blocks - 1)]
            width = out
        self.bottlenecks = nn.Sequential(*bottlenecks)
        self.expand = _ConvNorm(width, 512, 1, active=True)
        positions = math.ceil(size[0] / 16), math.ceil(size[1] / 16)
        self.gather = nn.Conv2d(512, 512, positions, groups=512, bias=False)
        self.gather_norm = nn.BatchNorm2d(512)
        self.project = nn.Linear(512, embedding, bias=False)
        self.embedding_norm = nn.BatchNorm1d(embedding)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        features = self.expand(self.bottlenecks(self.depthwise(self.stem(images))))
        features = self.gather_norm(self.gather(features)).flatten(1)
        embeddings: Tensor = self.embedding_norm(self.project(features))
        return embeddings


class _ConvNorm(nn.Module):
    """Convolution and normalisation, with a PReLU after it where `active`."""

    def __init__(
        self, width_in: int, width: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = False
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            width_in, width, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(width)
        self.prelu = PReLU(width) if active else None

    def forward(self, images: Tensor) -> Tensor:
        return norm_act(self.conv(images), self.norm, self.prelu)


class _Bottleneck(nn.Module):
    """Widen, convolve each channel by itself, narrow without an activation; add the input where `residual`."""

    def __init__(self, width_in: int, width: int, inside: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _ConvNorm(width_in, inside, 1, active=True),
            _ConvNorm(inside, inside, 3, stride=stride, groups=inside, active=True),
            _ConvNorm(inside, width, 1),
        )
        self.residual = residual

    def forward(self, images: Tensor) -> Tensor:
        out: Tensor = self.layers(images)
        return out.add_(images) if self.residual else out
