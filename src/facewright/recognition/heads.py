"""Classification heads with a margin, for training; an embedder does not keep them.

Gradients go through the margin as it is written: nothing is detached or passed straight through.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from facewright.errors import FacewrightError

__all__ = ["HeadConfig", "MarginHead", "arcface_logits", "cosface_logits"]


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


_LOGITS: dict[str, Callable[[Tensor, Tensor, float, float], Tensor]] = {
    "cosface": cosface_logits,
    "arcface": arcface_logits,
}


@dataclass(frozen=True)
class HeadConfig:
    """kind: which margin. s: scale of the cosines. m: margin, in cosine for CosFace, in radians for ArcFace.

    warmup: part of the training, 0 .. 1, over which the margin grows from 0 to m.

    The papers' s = 64 or 30 and m = 0.35 or 0.5 are for days of training; within minutes they are not learnt (numbers
    in docs/LOG.md).
    """

    kind: Literal["cosface", "arcface"] = "cosface"
    s: float = 16.0
    m: float = 0.1
    warmup: float = 0.1

    def __post_init__(self) -> None:
        if self.kind not in _LOGITS:
            raise FacewrightError(f"head.kind: found {self.kind}, expected one of {', '.join(_LOGITS)}")
        if not (self.s > 0 and math.isfinite(self.s)):
            raise FacewrightError(f"head.s: found {self.s}, expected a number above 0")
        if not 0 <= self.m < 1.5:
            raise FacewrightError(f"head.m: found {self.m}, expected 0 <= m < 1.5")
        if not 0 <= self.warmup <= 1:
            raise FacewrightError(f"head.warmup: found {self.warmup}, expected 0 .. 1")


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
