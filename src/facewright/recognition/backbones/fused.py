"""Fused layers for training on CPUs: native kernels on channels-last maps, each with its way back for autograd.

Maps are (n, c, h, w) in float32 or bfloat16. Kernels take addresses; everything here makes sure of what lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd import Function

from facewright import _native

__all__ = [
    "NONE",
    "PRELU",
    "RELU",
    "Norm",
    "Running",
    "fork_norm_act",
    "max_pool",
    "norm_act",
    "response_norm",
    "rms_pool",
    "sum_norm_act",
]

NONE, RELU, PRELU = range(3)
"""What follows a normalisation."""


class Running(NamedTuple):
    """Moments of a normalisation that follow the batches', in place, and the number of batches that they have seen."""

    momentum: float
    mean: Tensor
    variance: Tensor
    batches: Tensor


class Norm(NamedTuple):
    """A normalisation's parameters, one number a channel, and the activation after it; `slope` is PReLU's."""

    weight: Tensor
    bias: Tensor
    slope: Tensor | None
    activation: int
    eps: float
    running: Running


def norm_act(images: Tensor, norm: Norm) -> Tensor:
    """Maps normalised over a batch and activated."""
    _, out, _ = _NormAct.apply(images, None, False, *norm)  # type: ignore[no-untyped-call]
    return cast(Tensor, out)


def sum_norm_act(images: Tensor, plus: Tensor, norm: Norm) -> tuple[Tensor, Tensor]:
    """images + plus, of one shape and type; and that normalised over a batch and activated."""
    total, out, _ = _NormAct.apply(images, plus, False, *norm)  # type: ignore[no-untyped-call]
    return total, out


def fork_norm_act(images: Tensor, plus: Tensor | None, norm: Norm) -> tuple[Tensor, Tensor]:
    """images + plus normalised over a batch and activated; and the pixels of that in even rows and columns."""
    _, out, halved = _NormAct.apply(images, plus, True, *norm)  # type: ignore[no-untyped-call]
    return out, halved


def response_norm(images: Tensor, size: int, alpha: float) -> Tensor:
    """x / (1 + alpha / size * (sum of x^2 over `size` neighbouring channels)) ^ 0.75"""
    out: Tensor = _ResponseNorm.apply(images, size, alpha)  # type: ignore[no-untyped-call]
    return out


def max_pool(images: Tensor, kernel: tuple[int, int], stride: int, padding: int) -> Tensor:
    """The largest number of each window; the first of equal ones has the gradient."""
    out: Tensor = _MaxPool.apply(images, kernel, stride, padding)  # type: ignore[no-untyped-call]
    return out


def rms_pool(images: Tensor, kernel: tuple[int, int], stride: int) -> Tensor:
    """The root mean square of each window."""
    out: Tensor = _RmsPool.apply(images, kernel, stride)  # type: ignore[no-untyped-call]
    return out


def _channels_last(maps: Tensor) -> Tensor:
    return maps.contiguous(memory_format=torch.channels_last)


def _row_stride(maps: Tensor) -> int | None:
    """Numbers between neighbouring pixels, if the maps are channels-last or some channels of such maps."""
    _, _, height, width = maps.shape
    image, channel, row, pixel = maps.stride()
    fits = channel == 1 and row == width * pixel and image == height * row
    return pixel if fits and height * width > 1 else None


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _is_bf16(maps: Tensor) -> bool:
    return maps.dtype == torch.bfloat16


def cast_weights(weights: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The weights in bfloat16; their gradients come back in float32, in the weights' own layout."""
    out: tuple[Tensor, ...] = _CastWeights.apply(*weights)  # type: ignore[no-untyped-call]
    return out


class _CastWeights(Function):
    """All weights of a network at once: one node for autograd instead of one or two for each."""

    @staticmethod
    def forward(ctx: Any, *weights: Tensor) -> tuple[Tensor, ...]:
        halves = [torch.empty_like(weight, dtype=torch.bfloat16) for weight in weights]
        torch._foreach_copy_(halves, weights)
        ctx.set_materialize_grads(False)
        ctx.like = weights
        return tuple(halves)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        out = [
            None if gradient is None else torch.empty_like(weight)
            for weight, gradient in zip(ctx.like, gradients, strict=True)
        ]
        there = [(to, g) for to, g in zip(out, gradients, strict=True) if to is not None and g is not None]
        torch._foreach_copy_([to for to, _ in there], [g for _, g in there])
        return tuple(out)


class _NormAct(Function):
    """Two passes over memory each way. Only what was normalised is kept for the way back.

    Gives the sum, if there is one; what was normalised and activated; and with `halve` the pixels of that in even rows
    and columns, whose gradient is added where it is read.
    """

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        plus: Tensor | None,
        halve: bool,
        weight: Tensor,
        bias: Tensor,
        slope: Tensor | None,
        activation: int,
        eps: float,
        running: Running,
    ) -> tuple[Tensor | None, Tensor, Tensor | None]:
        images = _channels_last(images)
        plus = None if plus is None else _channels_last(plus)
        total = None if plus is None else torch.empty_like(images)
        out = torch.empty_like(images)
        channels = images.shape[1]
        moments = torch.empty((2, channels), dtype=weight.dtype)
        ctx.shape = images.numel() // channels, channels, activation, eps
        _native.norm_forward(
            _is_bf16(images),
            images.data_ptr(),
            _address(plus),
            _address(total),
            out.data_ptr(),
            ctx.shape,
            (weight.data_ptr(), bias.data_ptr(), _address(slope)),
            moments.data_ptr(),
            moments.data_ptr() + 4 * channels,
            (
                running.momentum,
                running.mean.data_ptr(),
                running.variance.data_ptr(),
                running.batches.data_ptr(),
            ),
        )
        ctx.save_for_backward(images if total is None else total, weight, bias, slope, moments)
        ctx.set_materialize_grads(False)
        return total, out, _channels_last(out[:, :, ::2, ::2]) if halve else None

    @staticmethod
    def backward(
        ctx: Any, d_total: Tensor | None, gradient: Tensor | None, d_halved: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        images, weight, bias, slope, moments = ctx.saved_tensors
        channels = images.shape[1]
        gradient = torch.zeros_like(images) if gradient is None else gradient.to(images.dtype)
        d_halved = None if d_halved is None else _channels_last(d_halved.to(images.dtype))
        stride = _row_stride(gradient)
        if stride is None or d_halved is not None:
            gradient, stride = _channels_last(gradient), channels
        d_total = None if d_total is None else _channels_last(d_total.to(images.dtype))
        d_images = torch.empty_like(images)
        d_weight, d_bias = torch.empty_like(weight), torch.empty_like(bias)
        d_slope = None if slope is None else torch.empty_like(slope)
        _native.norm_backward(
            _is_bf16(images),
            (gradient.data_ptr(), stride, _address(d_halved), *images.shape[2:]),
            images.data_ptr(),
            _address(d_total),
            d_images.data_ptr(),
            ctx.shape,
            (weight.data_ptr(), bias.data_ptr(), _address(slope)),
            moments.data_ptr(),
            moments.data_ptr() + 4 * channels,
            d_weight.data_ptr(),
            d_bias.data_ptr(),
            _address(d_slope),
        )
        d_plus = d_images if ctx.needs_input_grad[1] else None
        return d_images, d_plus, None, d_weight, d_bias, d_slope, None, None, None


class _ResponseNorm(Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, size: int, alpha: float) -> Tensor:
        images = _channels_last(images)
        out = torch.empty_like(images)
        ctx.shape = images.numel() // images.shape[1], images.shape[1], size, alpha
        _native.response_forward(_is_bf16(images), images.data_ptr(), out.data_ptr(), *ctx.shape)
        ctx.save_for_backward(images)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (images,) = ctx.saved_tensors
        gradient = _channels_last(gradient.to(images.dtype))
        d_images = torch.empty_like(images)
        addresses = gradient.data_ptr(), images.data_ptr(), d_images.data_ptr()
        _native.response_backward(_is_bf16(images), *addresses, *ctx.shape)
        return d_images, None, None


def _windows(images: Tensor, kernel: tuple[int, int], stride: int, padding: int) -> tuple[int, ...]:
    """Shape of maps and windows as the kernels take it."""
    n, channels, height, width = images.shape
    return n, height, width, channels, *kernel, stride, padding


def _pooled(images: Tensor, kernel: tuple[int, int], stride: int, padding: int, dtype: torch.dtype) -> Tensor:
    """An empty result of pooling."""
    n, channels, *sides = images.shape
    height, width = ((side + 2 * padding - k) // stride + 1 for side, k in zip(sides, kernel, strict=True))
    return torch.empty((n, channels, height, width), dtype=dtype, memory_format=torch.channels_last)


class _MaxPool(Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, kernel: tuple[int, int], stride: int, padding: int) -> Tensor:
        images = _channels_last(images)
        out = _pooled(images, kernel, stride, padding, images.dtype)
        where = _pooled(images, kernel, stride, padding, torch.uint8)
        ctx.windows = _windows(images, kernel, stride, padding)
        addresses = images.data_ptr(), out.data_ptr(), where.data_ptr()
        _native.max_forward(_is_bf16(images), *addresses, ctx.windows)
        ctx.save_for_backward(where)
        ctx.like = images.shape, images.dtype
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (where,) = ctx.saved_tensors
        shape, dtype = ctx.like
        gradient = _channels_last(gradient.to(dtype))
        d_images = torch.empty(shape, dtype=dtype, memory_format=torch.channels_last)
        addresses = gradient.data_ptr(), where.data_ptr(), d_images.data_ptr()
        _native.max_backward(_is_bf16(d_images), *addresses, ctx.windows)
        return d_images, None, None, None


class _RmsPool(Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, kernel: tuple[int, int], stride: int) -> Tensor:
        images = _channels_last(images)
        out = _pooled(images, kernel, stride, 0, images.dtype)
        ctx.windows = _windows(images, kernel, stride, 0)
        _native.rms_forward(_is_bf16(images), images.data_ptr(), out.data_ptr(), ctx.windows)
        ctx.save_for_backward(images, out)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        images, out = ctx.saved_tensors
        gradient = _channels_last(gradient.to(images.dtype))
        d_images = torch.empty_like(images)
        addresses = gradient.data_ptr(), images.data_ptr(), out.data_ptr(), d_images.data_ptr()
        _native.rms_backward(_is_bf16(images), *addresses, ctx.windows)
        return d_images, None, None
