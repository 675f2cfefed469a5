"""Layers in a plain form and, on CPUs in training, in a fused one: the same function in fewer passes over memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from facewright import _native

_kernels: Any = _native
"""Takes tensors as they are, bfloat16 ones too, which its stub has no type for."""

__all__ = ["LocalResponseNorm", "PReLU", "l2_pool", "norm_act", "plain_layers"]

_FUSED = True
_FUSED_CHANNELS = 128
"""Normalisation of narrower maps is faster in PyTorch's own form (docs/LOG.md)."""


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
    return _FUSED and fitting and torch.is_grad_enabled() and not torch.compiler.is_compiling()


class PReLU(nn.PReLU):
    """x where it is positive, slope * x elsewhere; one slope for each of `width` channels."""

    def __init__(self, width: int) -> None:
        super().__init__(width)


def norm_act(images: Tensor, norm: nn.BatchNorm2d, act: PReLU | Literal["relu"] | None = None) -> Tensor:
    """Batch normalisation and an activation after it, if any."""
    if norm.training and images.shape[1] >= _FUSED_CHANNELS and _fuses(images):
        slope = act.weight if isinstance(act, PReLU) else torch.zeros_like(norm.weight)
        active = act is not None
        out: Tensor
        out, mean, variance = _FusedNorm.apply(images, norm.weight, norm.bias, slope, active, norm.eps)  # type: ignore[no-untyped-call]
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


def _rows(maps: Tensor) -> Tensor:
    """Channels-last maps (n, c, h, w) as rows of channels, bfloat16 as the int16 of the same bits."""
    rows = maps.detach().permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
    return rows.view(torch.int16) if rows.dtype == torch.bfloat16 else rows


class _FusedNorm(torch.autograd.Function):
    """Batch normalisation and activation in two passes each way. Only the input is kept for the way back."""

    @staticmethod
    def forward(
        ctx: Any, images: Tensor, weight: Tensor, bias: Tensor, slope: Tensor, active: bool, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        images = images.contiguous(memory_format=torch.channels_last)
        out = torch.empty_like(images)
        mean, variance = torch.empty_like(weight), torch.empty_like(weight)
        parameters = weight.detach(), bias.detach(), slope.detach()
        _kernels.norm_forward(_rows(images), _rows(out), *parameters, active, eps, mean, variance)
        ctx.save_for_backward(images, weight, bias, slope, mean, variance)
        ctx.active, ctx.eps = active, eps
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        images, weight, bias, slope, mean, variance = ctx.saved_tensors
        gradient = gradient.to(images.dtype).contiguous(memory_format=torch.channels_last)
        d_images = torch.empty_like(images)
        d_weight, d_bias, d_slope = (torch.empty_like(weight) for _ in range(3))
        parameters = weight.detach(), bias.detach(), slope.detach()
        _kernels.norm_backward(
            _rows(gradient),
            _rows(images),
            _rows(d_images),
            *parameters,
            ctx.active,
            ctx.eps,
            mean,
            variance,
            d_weight,
            d_bias,
            d_slope,
        )
        return d_images, d_weight, d_bias, d_slope if ctx.needs_input_grad[3] else None, None, None


class LocalResponseNorm(nn.Module):
    """x / (1 + alpha / size * (sum of x^2 over `size` neighbouring channels)) ^ 0.75 (Krizhevsky et al., NIPS 2012)."""

    def __init__(self, size: int, alpha: float) -> None:
        super().__init__()
        self.size, self.alpha = size, alpha

    def forward(self, images: Tensor) -> Tensor:
        if _fuses(images):
            out: Tensor = _FusedResponseNorm.apply(images, self.size, self.alpha)  # type: ignore[no-untyped-call]
            return out
        # Pooling in three dimensions has no bfloat16, and 1 + alpha * x^2 is 1 in it.
        with torch.autocast(images.device.type, enabled=False):
            normed = functional.local_response_norm(images.float(), self.size, self.alpha, 0.75)
        return normed.to(images.dtype)


class _FusedResponseNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, size: int, alpha: float) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        out = torch.empty_like(images)
        _kernels.response_norm_forward(_rows(images), _rows(out), size, alpha)
        ctx.save_for_backward(images)
        ctx.size, ctx.alpha = size, alpha
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (images,) = ctx.saved_tensors
        gradient = gradient.to(images.dtype).contiguous(memory_format=torch.channels_last)
        d_images = torch.empty_like(images)
        _kernels.response_norm_backward(_rows(gradient), _rows(images), _rows(d_images), ctx.size, ctx.alpha)
        return d_images, None, None


def l2_pool(images: Tensor, kernel: tuple[int, int], stride: int) -> Tensor:
    """The root mean square over each window, unpadded."""
    mean = functional.avg_pool2d(images * images, kernel, stride)
    # The derivative of the root is infinite at 0, where all of a window is 0.
    return (mean + 1e-12).sqrt()
