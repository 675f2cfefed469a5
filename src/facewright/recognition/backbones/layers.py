"""Layers in PyTorch's own form and, on CPUs in training, a fused one: the same function in fewer passes over memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from facewright.recognition.backbones import fused

__all__ = ["LocalResponseNorm", "PReLU", "l2_pool", "max_pool", "norm_act", "plain_layers"]

_FUSED = True


@contextmanager
def plain_layers() -> Iterator[None]:
    """PyTorch's own layers only, to compare with."""
    global _FUSED
    before, _FUSED = _FUSED, False
    try:
        yield
    finally:
        _FUSED = before


def _fuses(images: Tensor) -> bool:
    """Whether the fused form can take these maps: on a CPU, with a gradient to come, in float32 or bfloat16."""
    fitting = images.device.type == "cpu" and images.dtype in (torch.float32, torch.bfloat16)
    return (
        _FUSED
        and fitting
        and images.numel() > 0
        and torch.is_grad_enabled()
        and not torch.compiler.is_compiling()
    )


class PReLU(nn.PReLU):
    """x where it is positive, slope * x elsewhere; one slope for each of `width` channels."""

    def __init__(self, width: int) -> None:
        super().__init__(width)


def norm_act(images: Tensor, norm: nn.BatchNorm2d, act: PReLU | Literal["relu"] | None = None) -> Tensor:
    """Batch normalisation and an activation after it, if any."""
    if norm.training and _fuses(images):
        slope = act.weight if isinstance(act, PReLU) else None
        activation = fused.PRELU if slope is not None else fused.RELU if act == "relu" else fused.NONE
        out, mean, variance = fused.norm_act(images, norm.weight, norm.bias, slope, activation, norm.eps)
        _note_moments(norm, mean, variance, images.numel() // images.shape[1])
        return out
    normed: Tensor = norm(images)
    if act is None:
        return normed
    return torch.relu_(normed) if act == "relu" else act(normed)


@torch.no_grad()
def _note_moments(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Move the running moments, as BatchNorm2d does in training."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (count / max(1, count - 1)), norm.momentum)
    norm.num_batches_tracked += 1


class LocalResponseNorm(nn.Module):
    """x / (1 + alpha / size * (sum of x^2 over `size` neighbouring channels)) ^ 0.75 (Krizhevsky et al., NIPS 2012)."""

    def __init__(self, size: int, alpha: float) -> None:
        super().__init__()
        self.size, self.alpha = size, alpha

    def forward(self, images: Tensor) -> Tensor:
        if _fuses(images):
            return fused.response_norm(images, self.size, self.alpha)
        # Pooling in three dimensions has no bfloat16, and 1 + alpha * x^2 is 1 in it.
        with torch.autocast(images.device.type, enabled=False):
            normed = functional.local_response_norm(images.float(), self.size, self.alpha, 0.75)
        return normed.to(images.dtype)


def max_pool(images: Tensor, kernel: tuple[int, int], stride: int, padding: int) -> Tensor:
    """The largest number of each window."""
    if _fuses(images):
        return fused.max_pool(images, kernel, stride, padding)
    return functional.max_pool2d(images, kernel, stride, padding)


def l2_pool(images: Tensor, kernel: tuple[int, int], stride: int) -> Tensor:
    """The root mean square over each window, unpadded."""
    if _fuses(images):
        return fused.rms_pool(images, kernel, stride)
    mean = functional.avg_pool2d(images * images, kernel, stride)
    # The derivative of the root is infinite at 0, where all of a window is 0.
    return (mean + 1e-12).sqrt()
