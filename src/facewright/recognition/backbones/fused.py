"""Fused layers for training on CPUs: native kernels on channels-last maps, each with its way back for autograd.

Maps are (n, c, h, w) in float32 or bfloat16. Kernels take addresses; everything here makes sure of what lies there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from facewright import _native

__all__ = ["NONE", "PRELU", "RELU", "max_pool", "norm_act", "response_norm", "rms_pool"]

NONE, RELU, PRELU = range(3)
"""What follows a normalisation."""


def norm_act(
    images: Tensor, weight: Tensor, bias: Tensor, slope: Tensor | None, activation: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Maps normalised over a batch and activated; mean and biased variance of each channel, without gradients."""
    out: tuple[Tensor, Tensor, Tensor] = _NormAct.apply(images, weight, bias, slope, activation, eps)  # type: ignore[no-untyped-call]
    return out


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


def _is_bf16(maps: Tensor) -> bool:
    return maps.dtype == torch.bfloat16


class _NormAct(Function):
    """Two passes over memory each way. Only the input is kept for the way back."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor,
        slope: Tensor | None,
        activation: int,
        eps: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        images = _channels_last(images)
        out = torch.empty_like(images)
        mean, variance = torch.empty_like(weight), torch.empty_like(weight)
        channels = images.shape[1]
        shape = images.numel() // channels, channels, activation, eps
        parameters = weight.data_ptr(), bias.data_ptr(), slope.data_ptr() if slope is not None else 0
        _native.norm_forward(
            _is_bf16(images),
            images.data_ptr(),
            out.data_ptr(),
            *shape,
            *parameters,
            mean.data_ptr(),
            variance.data_ptr(),
        )
        ctx.save_for_backward(images, weight, bias, slope, mean, variance)
        ctx.shape = shape
        ctx.mark_non_differentiable(mean, variance)
        ctx.set_materialize_grads(False)
        return out, mean, variance

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: None) -> tuple[Tensor | None, ...]:
        images, weight, bias, slope, mean, variance = ctx.saved_tensors
        gradient = gradient.to(images.dtype)
        stride = _row_stride(gradient)
        if stride is None:
            gradient, stride = _channels_last(gradient), images.shape[1]
        rows, channels, activation, eps = ctx.shape
        d_images = torch.empty_like(images)
        d_weight, d_bias = torch.empty_like(weight), torch.empty_like(bias)
        d_slope = torch.empty_like(slope) if slope is not None else None
        _native.norm_backward(
            _is_bf16(images),
            gradient.data_ptr(),
            stride,
            images.data_ptr(),
            d_images.data_ptr(),
            rows,
            channels,
            activation,
            eps,
            weight.data_ptr(),
            bias.data_ptr(),
            slope.data_ptr() if slope is not None else 0,
            mean.data_ptr(),
            variance.data_ptr(),
            d_weight.data_ptr(),
            d_bias.data_ptr(),
            d_slope.data_ptr() if d_slope is not None else 0,
        )
        return d_images, d_weight, d_bias, d_slope, None, None


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
