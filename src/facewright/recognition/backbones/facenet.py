"""FaceNet's NN4 and OpenFace's nn4.small2: Inception columns with L2 pooling and local response normalisation.

Sources: Schroff et al., "FaceNet" (CVPR 2015), and OpenFace's network definitions, whose parameter counts (6,959,088
and 3,733,968) these networks have: every convolution has a bias and a batch normalisation after it. Columns of an
Inception block may have maps of different sizes; smaller ones are padded with zeros about their middle, as OpenFace's
container does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from facewright.recognition.backbones.layers import LocalResponseNorm, l2_pool, max_pool, norm_act

__all__ = ["NN4_BLOCKS", "NN4_SMALL2_BLOCKS", "FaceNet", "InceptionWidths", "Pooling"]

Pooling = Literal["facenet", "openface"]


@dataclass(frozen=True)
class InceptionWidths:
    """Channels of a block: `one` of the 1x1 column, (reduced, out) of the 3x3 and the 5x5 column, `pooled` of the
    pool's.

    A column is absent where it is None; a pool without `pooled` is passed on as it is. stride: of the columns.
    """

    pool: Literal["max", "l2"]
    pooled: int | None
    one: int | None
    three: tuple[int, int]
    five: tuple[int, int] | None
    stride: int = 1


_W = InceptionWidths
_START = (
    _W("max", 32, 64, (96, 128), (16, 32)),  # 3a
    _W("l2", 64, 64, (96, 128), (32, 64)),
    _W("max", None, None, (128, 256), (32, 64), stride=2),
    _W("l2", 128, 256, (96, 192), (32, 64)),  # 4a
)
_END_OF_4 = _W("max", None, None, (160, 256), (64, 128), stride=2)  # 4e

NN4_BLOCKS = (
    *_START,
    _W("l2", 128, 224, (112, 224), (32, 64)),
    _W("l2", 128, 192, (128, 256), (32, 64)),
    _W("l2", 128, 160, (144, 288), (32, 64)),
    _END_OF_4,
    _W("l2", 128, 384, (192, 384), None),  # 5a
    _W("max", 128, 384, (192, 384), None),
)

NN4_SMALL2_BLOCKS = (
    *_START,
    _END_OF_4,
    _W("l2", 96, 256, (96, 384), None),  # 5a
    _W("max", 96, 256, (96, 384), None),
)


class FaceNet(nn.Module):
    """Images (n, 3, height, width) in -1 .. 1 to unit vectors (n, embedding).

    pooling: windows of the pooling columns. "facenet": moved by 1 (by 2 in blocks of stride 2), maxima padded, as
    FaceNet's table reads; "openface": moved by 2 for maxima and by 3 for L2, unpadded, as OpenFace's released
    definition computes.
    """

    def __init__(
        self, blocks: tuple[InceptionWidths, ...], embedding: int, pooling: Pooling = "facenet"
    ) -> None:
        super().__init__()
        self.conv1 = _Conv(3, 64, 7, stride=2)
        self.conv2 = _Conv(64, 64, 1)
        self.conv3 = _Conv(64, 192, 3)
        self.response_norm = LocalResponseNorm(size=5, alpha=1e-4)
        width = 192
        columns: list[nn.Module] = []
        for widths in blocks:
            block = _Inception(width, widths, pooling)
            columns.append(block)
            width = block.width
        self.blocks = nn.Sequential(*columns)
        self.project = nn.Linear(width, embedding)

    def forward(self, images: Tensor) -> Tensor:
        features = self.response_norm(_halved(self.conv1(images)))
        features = _halved(self.response_norm(self.conv3(self.conv2(features))))
        embeddings = self.project(self.blocks(features).mean((2, 3)))
        return functional.normalize(embeddings.float())


def _halved(images: Tensor) -> Tensor:
    return max_pool(images, (3, 3), stride=2, padding=1)


class _Conv(nn.Module):
    """Convolution, batch normalisation, rectifier."""

    def __init__(self, width_in: int, width: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width_in, width, kernel, stride=stride, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, images: Tensor) -> Tensor:
        return norm_act(self.conv(images), self.norm, "relu")


class _Inception(nn.Module):
    """Columns side by side, joined along channels in the order 3x3, 5x5, pool, 1x1. width: channels out."""

    def __init__(self, width_in: int, widths: InceptionWidths, pooling: Pooling) -> None:
        super().__init__()
        self.three = _column(width_in, widths.three, 3, widths.stride)
        self.five = _column(width_in, widths.five, 5, widths.stride) if widths.five else None
        self.one = _Conv(width_in, widths.one, 1) if widths.one else None
        self.after_pool = _Conv(width_in, widths.pooled, 1) if widths.pooled else None
        self.l2 = widths.pool == "l2"
        dense = pooling == "facenet"
        self.pool_padding = 1 if dense and not self.l2 else 0
        self.pool_stride = widths.stride if dense else (3 if self.l2 else 2)
        five = widths.five[1] if widths.five else 0
        self.width = widths.three[1] + five + (widths.pooled or width_in) + (widths.one or 0)

    def forward(self, images: Tensor) -> Tensor:
        pooled = self._pool(images)
        columns = [self.three(images)]
        if self.five is not None:
            columns.append(self.five(images))
        columns.append(pooled if self.after_pool is None else self.after_pool(pooled))
        if self.one is not None:
            columns.append(self.one(images))
        height = max(column.shape[2] for column in columns)
        width = max(column.shape[3] for column in columns)
        return torch.cat([_centred(column, height, width) for column in columns], dim=1)

    def _pool(self, images: Tensor) -> Tensor:
        kernel = min(3, images.shape[2]), min(3, images.shape[3])
        if self.l2:
            return l2_pool(images, kernel, self.pool_stride)
        return max_pool(images, kernel, self.pool_stride, self.pool_padding)


def _column(width_in: int, widths: tuple[int, int], kernel: int, stride: int) -> nn.Sequential:
    reduced, out = widths
    return nn.Sequential(_Conv(width_in, reduced, 1), _Conv(reduced, out, kernel, stride))


def _centred(maps: Tensor, height: int, width: int) -> Tensor:
    """Maps with zeros around them, the odd row and column after them."""
    down, across = height - maps.shape[2], width - maps.shape[3]
    if not (down or across):
        return maps
    return functional.pad(maps, (across // 2, across - across // 2, down // 2, down - down // 2))
