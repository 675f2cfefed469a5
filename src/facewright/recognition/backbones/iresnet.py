"""IResNet-18/34/50/100 as in InsightFace's arcface_torch, and SynFace's LResNet50E-IR, which is the same network.

Parameters carry InsightFace's names, so that its checkpoints load; SynFace's names are translated. Blocks: Deng et al.,
"ArcFace" (CVPR 2019), section 3.2.2.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from facewright.recognition.backbones.layers import PReLU, Summands, norm_act, sum_norm_act

__all__ = ["SYNFACE_NAMES", "IResNet"]

# SynFace's names of LResNet50E-IR's parts, and ours.
SYNFACE_NAMES = {"prelu1": "prelu", "fc.0": "bn2", "fc.3": "fc", "fc.4": "features"}

_DROPOUT = 0.5  # SynFace's; InsightFace's networks have none


class IResNet(nn.Module):
    """Images (n, 3, height, width) in -1 .. 1 to embeddings (n, embedding), not normalised.

    blocks: residual blocks of the four stages. size: height and width of the input, which four stages halve.
    synface: dropout before the projection, Xavier's first weights and a learnable last scale.
    """

    def __init__(
        self, blocks: tuple[int, int, int, int], size: tuple[int, int], embedding: int, synface: bool = False
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = PReLU(64)
        self.layer1 = _stage(64, 64, blocks[0])
        self.layer2 = _stage(64, 128, blocks[1])
        self.layer3 = _stage(128, 256, blocks[2])
        self.layer4 = _stage(256, 512, blocks[3])
        self.bn2 = nn.BatchNorm2d(512)
        self.dropout = nn.Dropout(_DROPOUT if synface else 0.0)
        self.fc = nn.Linear(512 * math.ceil(size[0] / 16) * math.ceil(size[1] / 16), embedding)
        self.features = nn.BatchNorm1d(embedding)
        self.features.weight.requires_grad = synface
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear) and synface:
                nn.init.xavier_uniform_(module.weight)
            elif isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.1)
        if synface:
            nn.init.zeros_(self.fc.bias)

    def forward(self, images: Tensor) -> Tensor:
        summands: Summands = (norm_act(self.conv1(images), self.bn1, self.prelu),)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            summands = stage(summands)
        _, features = sum_norm_act(summands, self.bn2)
        embeddings: Tensor = self.features(self.fc(self.dropout(features.flatten(1))))
        return embeddings


def _stage(width_in: int, width: int, blocks: int) -> nn.Sequential:
    first = _Block(width_in, width, stride=2)
    return nn.Sequential(first, *(_Block(width, width, stride=1) for _ in range(1, blocks)))


class _Block(nn.Module):
    """shortcut(x) + norm, conv, prelu, norm, conv, norm of x read from the right; the second convolution has the
    stride, the next block makes the sum."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(width_in)
        self.conv1 = nn.Conv2d(width_in, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = (
            nn.Sequential(nn.Conv2d(width_in, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width))
            if stride != 1
            else None
        )

    def forward(self, summands: Summands) -> Summands:
        images, normed = sum_norm_act(summands, self.bn1)
        out = self.conv2(norm_act(self.conv1(normed), self.bn2, self.prelu))
        out = norm_act(out, self.bn3)
        if self.downsample is None:
            return out, images
        convolve, norm = self.downsample
        assert isinstance(norm, nn.BatchNorm2d)
        return out, norm_act(convolve(images), norm)
