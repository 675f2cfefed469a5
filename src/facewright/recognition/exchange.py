"""What ranks on a CPU tell each other in a step: gradients through shared memory, a few numbers by message.

Sockets copy each gradient several times through the kernel and keep a thread of every rank awake. Here each rank writes
its gradients into memory that all map; one small message after that tells it that the others have written too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

__all__ = ["SharedGradients"]


class SharedGradients:
    """The gradients of `body` and `head` in all ranks; buffers of `head` (running lengths) follow rank 0.

    There are two sets of places, which steps take in turn: nobody writes into a set before all have read what was in
    it, because all met in the step between.
    """

    def __init__(self, fabric: Fabric, body: nn.Module, head: nn.Module) -> None:
        self._rank = fabric.global_rank
        self._parameters = [p for part in (body, head) for p in part.parameters() if p.requires_grad]
        self._buffers = list(head.buffers())
        self._tensors = (*self._parameters, *self._buffers)
        self._places = _shared_memory(fabric, 2, sum(tensor.numel() for tensor in self._tensors))
        self._step = 0

    @torch.no_grad()
    def write(self) -> None:
        """This rank's gradients, for all to read after they have met."""
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self._parameters]
        own = self._places[self._step % 2, self._rank]
        torch._foreach_copy_(_views(own, self._tensors), [*gradients, *self._buffers])

    @torch.no_grad()
    def read(self) -> None:
        """Make every gradient the mean over the ranks, added up in their order: the same bits in all."""
        places = self._places[self._step % 2]
        total = places[0].clone()
        for other in places[1:]:
            total += other
        total /= len(places)
        for parameter, mean in zip(self._parameters, _views(total, self._parameters), strict=True):
            parameter.grad = mean
        if self._buffers:
            first = _views(places[0], self._tensors)[len(self._parameters) :]
            torch._foreach_copy_(self._buffers, first)
        self._step += 1


def _shared_memory(fabric: Fabric, sets: int, numbers: int) -> Tensor:
    """Float32 (sets, ranks, numbers) that all ranks see; made by rank 0, gone with the last one."""
    shape = sets, fabric.world_size, numbers
    descriptor, size = -1, sets * fabric.world_size * numbers
    if fabric.is_global_zero:
        descriptor = os.memfd_create("gradients")
        os.ftruncate(descriptor, 4 * size)
    path = fabric.broadcast(f"/proc/{os.getpid()}/fd/{descriptor}")
    places = torch.from_file(path, True, size).reshape(shape)
    fabric.barrier()
    if fabric.is_global_zero:
        os.close(descriptor)
    return places


def _views(flat: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Parts of `flat`, one after the other, in the shapes and layouts of these dense tensors."""
    views, start = [], flat.storage_offset()
    for tensor in like:
        views.append(flat.as_strided(tensor.size(), tensor.stride(), start))
        start += tensor.numel()
    return views
