"""What is minimised: margin heads over people, for targets of one or several people, and triplets of images.

Each margin is a function of the cosine between an image's vector and its person's direction. Gradients go through it
as it is written unless the straight-through variant is asked for.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from facewright.recognition.config import LossConfig
from facewright.recognition.mining import TripletLoss

__all__ = [
    "ClassifierLoss",
    "Loss",
    "adaface_cosine",
    "arcface_cosine",
    "build_loss",
    "cosface_cosine",
    "mixed_cross_entropy",
    "mixed_logits",
]


class Loss(Protocol):
    """(embeddings, labels (n, k), weights (n, k), progress 0 .. 1, a key for its randomness) to a scalar."""

    def __call__(
        self, embeddings: Tensor, labels: Tensor, weights: Tensor, progress: float, key: tuple[int, ...]
    ) -> Tensor: ...


def cosface_cosine(cosine: Tensor, m: float) -> Tensor:
    """cos(theta) - m: Wang et al., "CosFace" (CVPR 2018), equation 4."""
    return cosine - m


def arcface_cosine(cosine: Tensor, m: float) -> Tensor:
    """cos(theta + m): Deng et al., "ArcFace" (CVPR 2019), equation 3.

    Where theta + m would pass pi the cosine would rise again, so there it goes on as cos(theta) - m sin(m), as in the
    authors' code.
    """
    # The derivative of the sine is infinite at cos = +-1; the bound keeps it finite and changes the sine by < 1e-6.
    sine = (1 - cosine * cosine).clamp_min(1e-12).sqrt()
    shifted = cosine * math.cos(m) - sine * math.sin(m)
    return torch.where(cosine > math.cos(math.pi - m), shifted, cosine - m * math.sin(m))


_ADAFACE_EPS = 1e-3  # of its authors' code: cosines and angles stay this far from their ends


def adaface_cosine(cosine: Tensor, m: float, quality: Tensor) -> Tensor:
    """cos(theta - m q) - (m + m q) with q, -1 .. 1, from the vector's length: Kim et al., "AdaFace" (CVPR 2022),
    4.2."""
    bound = 1 - _ADAFACE_EPS
    theta = torch.acos(cosine.clamp(-bound, bound)) - m * quality
    return torch.cos(theta.clamp(_ADAFACE_EPS, math.pi - _ADAFACE_EPS)) - (m + m * quality)


def mixed_logits(cosines: Tensor, labels: Tensor, weights: Tensor, shifted: Tensor, s: float) -> Tensor:
    """s * (sum over an image's people of weight * cosines with that person's margin).

    cosines: (n, classes); labels, weights: (n, k); shifted: (n, k), the cosines of `labels` with the margin. As
    weights add up to 1, each class keeps its cosine and gets weight * (shifted - cosine) for each of the image's
    people on top.
    """
    return s * cosines.scatter_add(1, labels, weights * (shifted - cosines.gather(1, labels)))


def mixed_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """The mean over images of sum over people of weight * cross-entropy. labels, weights: (n, k)."""
    chances = functional.log_softmax(logits, dim=1).gather(1, labels)
    return -(weights * chances).sum(1).mean()


class ClassifierLoss(nn.Module):
    """One direction for each person, and the mixed cross-entropy of the cosines with a margin."""

    length_mean: Tensor
    length_std: Tensor

    def __init__(self, config: LossConfig, classes: int, embedding: int) -> None:
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.empty(classes, embedding))
        nn.init.normal_(self.weight, std=embedding**-0.5)
        if config.kind == "softmax":
            self.bias = nn.Parameter(torch.zeros(classes))
        if config.kind == "adaface":  # the authors' first values
            self.register_buffer("length_mean", torch.tensor(20.0))
            self.register_buffer("length_std", torch.tensor(100.0))

    def forward(
        self, embeddings: Tensor, labels: Tensor, weights: Tensor, progress: float, key: tuple[int, ...] = ()
    ) -> Tensor:
        """The loss of embeddings (n, d), in float32 whatever autocast says; see `Loss`."""
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings = embeddings.float()
            if self.config.kind == "softmax":
                logits = functional.linear(embeddings, self.weight, self.bias)
            else:
                cosines = functional.linear(
                    functional.normalize(embeddings), functional.normalize(self.weight)
                )
                logits = self._logits(embeddings, cosines, labels, weights, self.config.margin(progress))
            return mixed_cross_entropy(logits, labels, weights)

    def _logits(
        self, embeddings: Tensor, cosines: Tensor, labels: Tensor, weights: Tensor, m: float
    ) -> Tensor:
        config = self.config
        if config.kind == "adaface":
            cosines = cosines.clamp(_ADAFACE_EPS - 1, 1 - _ADAFACE_EPS)
        own = cosines.gather(1, labels)
        if config.kind == "adaface":
            shifted = adaface_cosine(own, m, self._quality(embeddings))
        else:
            shifted = arcface_cosine(own, m) if config.kind == "arcface" else cosface_cosine(own, m)
        if config.gradient == "straight-through":
            shifted = own + (shifted - own).detach()
        return mixed_logits(cosines, labels, weights, shifted, config.s)

    @torch.no_grad()
    def _quality(self, embeddings: Tensor) -> Tensor:
        """How long each vector is, -1 .. 1, against a running mean over batches. Returns (n, 1)."""
        length = embeddings.norm(dim=1, keepdim=True).clamp(0.001, 100)
        if self.training:
            self.length_mean.lerp_(length.mean(), self.config.t_alpha)
            self.length_std.lerp_(length.std(), self.config.t_alpha)
        scaled = (length - self.length_mean) / (self.length_std + _ADAFACE_EPS) * self.config.h
        quality: Tensor = scaled.clamp(-1, 1)
        return quality


def build_loss(config: LossConfig, classes: int, embedding: int) -> nn.Module:
    """The loss of a config, a `Loss`, with first weights from torch's random state."""
    if config.kind == "triplet":
        return TripletLoss(config)
    return ClassifierLoss(config, classes, embedding)
