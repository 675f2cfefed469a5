"""Layers in PyTorch's own form and, on CPUs in training, a fused one: the same function in fewer passes over memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from facewright.recognition.backbones import fused

__all__ = [
    "LocalResponseNorm",
    "PReLU",
    "Summands",
    "cast_once",
    "fork_norm_act",
    "l2_pool",
    "max_pool",
    "norm_act",
    "plain_layers",
    "sum_norm_act",
]

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


@contextmanager
def cast_once(network: nn.Module, images: Tensor) -> Iterator[None]:
    """Where autocast to bfloat16 would cast each weight of `network` by itself, all are cast together on entering."""
    casting = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    if not (casting and _fuses(images)):
        yield
        return
    owners = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    weights = [cast(nn.Parameter, module.weight) for module in owners]
    for module, half in zip(owners, fused.cast_weights(weights), strict=True):
        module._parameters["weight"] = cast(nn.Parameter, half)  # a parameter's place, for this pass
    try:
        yield
    finally:
        for module, weight in zip(owners, weights, strict=True):
            module._parameters["weight"] = weight


class PReLU(nn.PReLU):
    """x where it is positive, slope * x elsewhere; one slope for each of `width` channels."""

    def __init__(self, width: int) -> None:
        super().__init__(width)


Activation = PReLU | Literal["relu"] | None
Summands = tuple[Tensor, ...]
"""One or two maps, of which the sum is meant: it is cheapest to make where it is normalised."""


def norm_act(images: Tensor, norm: nn.BatchNorm2d, act: Activation = None) -> Tensor:
    """Batch normalisation and an activation after it, if any."""
    if _fuses_norm(norm, images):
        return fused.norm_act(images, _norm_parts(norm, act))
    return _plain_norm_act(images, norm, act)


def sum_norm_act(summands: Summands, norm: nn.BatchNorm2d, act: Activation = None) -> tuple[Tensor, Tensor]:
    """The sum, and its normalisation with an activation after it, if any."""
    images, *others = summands
    if not others:
        return images, norm_act(images, norm, act)
    (plus,) = others
    if _fuses_norm(norm, images, plus):
        return fused.sum_norm_act(images, plus, _norm_parts(norm, act))
    total = images + plus
    return total, norm_act(total, norm, act)


def fork_norm_act(
    summands: Summands, norm: nn.BatchNorm2d, act: Activation, main: nn.Conv2d, side: nn.Conv2d
) -> tuple[Tensor, Tensor]:
    """The sum, normalised and activated, through two convolutions. That at the side: 1x1, stride 2, without a bias."""
    if not _fuses_norm(norm, *summands):
        _, active = sum_norm_act(summands, norm, act)
        return main(active), side(active)
    images, *others = summands
    active, halved = fused.fork_norm_act(images, others[0] if others else None, _norm_parts(norm, act))
    return main(active), functional.conv2d(halved, side.weight)


def _fuses_norm(norm: nn.BatchNorm2d, *summands: Tensor) -> bool:
    """Whether the fused form of a normalisation can take these maps, of which the sum is meant."""
    return norm.training and _fuses(summands[0]) and len({maps.dtype for maps in summands}) == 1


def _norm_parts(norm: nn.BatchNorm2d, act: Activation) -> fused.Norm:
    """What the fused form takes, of a normalisation that is about to see a batch."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    slope = act.weight if isinstance(act, PReLU) else None
    activation = fused.PRELU if slope is not None else fused.RELU if act == "relu" else fused.NONE
    running = fused.Running(norm.momentum, norm.running_mean, norm.running_var, norm.num_batches_tracked)
    return fused.Norm(norm.weight, norm.bias, slope, activation, norm.eps, running)


def _plain_norm_act(images: Tensor, norm: nn.BatchNorm2d, act: Activation) -> Tensor:
    normed: Tensor = norm(images)
    if act is None:
        return normed
    return torch.relu_(normed) if act == "relu" else act(normed)


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
