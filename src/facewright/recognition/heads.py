"""Classification heads with a margin, for training; an embedder does not keep them.

Gradients go through the margin as it is written: nothing is detached or passed straight through.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from facewright.recognition.config import HeadConfig, HeadKind

__all__ = ["MarginHead", "arcface_logits", "cosface_logits"]


def cosface_logits(cosines: Tensor, labels: Tensor, s: float, m: float) -> Tensor:
    """s * (cos(theta) - m) for each row's own class and s * cos(theta) for the others.

    cosines: (n, classes); labels: (n,) integers. Wang et al., "CosFace" (CVPR 2018), equation 4.
    """
    own = functional.one_hot(labels, cosines.shape[1]).to(cosines.dtype)
    return s * (cosines - m * own)


def arcface_logits(cosines: Tensor, labels: Tensor, s: float, m: float) -> Tensor:
    """s * cos(theta + m) for each row's own class and s * cos(theta) for the others.

    cosines: (n, classes); labels: (n,) integers. Deng et al., "ArcFace" (CVPR 2019), equation 3. Where theta + m would
    pass pi the cosine would rise again, so there it goes on as cos(theta) - m sin(m), as in the authors' code.
    """
    rows = torch.arange(len(labels), device=cosines.device)
    cosine = cosines[rows, labels]
    # The derivative of the sine is infinite at cos = +-1; the bound keeps it finite and changes the sine by < 1e-6.
    sine = (1 - cosine * cosine).clamp_min(1e-12).sqrt()
    shifted = cosine * math.cos(m) - sine * math.sin(m)
    own = torch.where(cosine > math.cos(math.pi - m), shifted, cosine - m * math.sin(m))
    return s * cosines.index_put((rows, labels), own)


_LOGITS: dict[HeadKind, Callable[[Tensor, Tensor, float, float], Tensor]] = {
    "cosface": cosface_logits,
    "arcface": arcface_logits,
}


class MarginHead(nn.Module):
    """One direction for each class; the mean cross-entropy of the margin logits is the loss."""

    def __init__(self, config: HeadConfig, classes: int, embedding: int) -> None:
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.empty(classes, embedding))
        nn.init.normal_(self.weight, std=embedding**-0.5)

    def forward(self, embeddings: Tensor, labels: Tensor, progress: float) -> Tensor:
        """The loss of embeddings (n, d) at `progress` (0 .. 1) of the training, in float32 whatever autocast says."""
        config = self.config
        m = config.m * min(1.0, progress / config.warmup) if config.warmup else config.m
        with torch.autocast(embeddings.device.type, enabled=False):
            cosines = functional.linear(
                functional.normalize(embeddings.float()), functional.normalize(self.weight)
            )
            return functional.cross_entropy(_LOGITS[config.kind](cosines, labels, config.s, m), labels)
