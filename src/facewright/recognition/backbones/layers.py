"""Layers in a plain form and, on CPUs in training, in a fused one: the same function in fewer passes over memory."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["LocalResponseNorm", "PReLU", "l2_pool", "norm_act"]


class PReLU(nn.PReLU):
    """x where it is positive, slope * x elsewhere; one slope for each of `width` channels."""

    def __init__(self, width: int) -> None:
        super().__init__(width)


def norm_act(images: Tensor, norm: nn.BatchNorm2d, act: PReLU | Literal["relu"] | None = None) -> Tensor:
    """Batch normalisation and an activation after it, if any."""
    normed: Tensor = norm(images)
    if act is None:
        return normed
    return torch.relu_(normed) if act == "relu" else act(normed)


class LocalResponseNorm(nn.Module):
    """x / (1 + alpha / size * (sum of x^2 over `size` neighbouring channels)) ^ beta (Krizhevsky et al., NIPS 2012)."""

    def __init__(self, size: int, alpha: float, beta: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta = size, alpha, beta

    def forward(self, images: Tensor) -> Tensor:
        return functional.local_response_norm(images, self.size, self.alpha, self.beta)


def l2_pool(images: Tensor, kernel: tuple[int, int], stride: int) -> Tensor:
    """The root mean square over each window, unpadded."""
    mean = functional.avg_pool2d(images * images, kernel, stride)
    # The derivative of the root is infinite at 0, where all of a window is 0.
    return (mean + 1e-12).sqrt()
