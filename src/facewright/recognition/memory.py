"""How much memory a training step will take, found before the first one; and memory kept between steps."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from facewright.errors import FacewrightError
from facewright.recognition.backbones import Backbone

__all__ = ["activation_bytes", "available_bytes", "kept_memory", "require_memory"]

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_GLIBCS_OWN = {_M_MMAP_THRESHOLD: 32 << 20, _M_TRIM_THRESHOLD: 64 << 20}  # where its own adjustment ends
_KEPT = {_M_MMAP_THRESHOLD: 1 << 30, _M_TRIM_THRESHOLD: (1 << 31) - 1}

_PROBE = 2  # images; batch normalisation needs two


def require_memory(
    network: Backbone, head: nn.Module, batch: int, ranks: int, accelerator: str, bf16: bool
) -> None:
    """Raise FacewrightError when a step of `batch` images a rank needs more than the machine has free.

    Weights count three times (gradient and momentum beside them), activations as the backward pass keeps them, and
    half of that again for what comes and goes.
    """
    weights = sum(p.numel() * p.element_size() for module in (network, head) for p in module.parameters())
    step = 1.5 * activation_bytes(network, bf16) * batch
    needed = (3 * weights + step) * (1 if accelerator == "cuda" else ranks)
    free = available_bytes(accelerator)
    if needed > free:
        raise FacewrightError(
            f"batch_size: {batch} images on each of {ranks} devices need about {needed / 2**30:.1f} GiB with "
            f"{network.config.name}, found {free / 2**30:.1f} GiB free: expected a smaller batch"
        )


def activation_bytes(network: Backbone, bf16: bool) -> float:
    """What the backward pass of one image keeps, measured on a forward pass of two."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    state = {name: value.clone() for name, value in network.state_dict().items()}
    images = torch.zeros(_PROBE, 3, *network.config.size)
    with (
        torch.random.fork_rng(),
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=bf16),
    ):
        output = network.train()(images)
    del output
    network.load_state_dict(state)  # running means have seen the probe
    return sum(size for pointer, size in kept.items() if pointer not in weights) / _PROBE


def available_bytes(accelerator: str) -> float:
    """Free memory of the device or, on a CPU, of the machine or its control group, whichever is less."""
    if accelerator == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    free = float("inf")
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = 1024 * float(next(line.split()[1] for line in lines if line.startswith("MemAvailable")))
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit != "max":
            used = float(Path("/sys/fs/cgroup/memory.current").read_text())
            stat = dict(line.split() for line in Path("/sys/fs/cgroup/memory.stat").read_text().splitlines())
            cached = float(stat.get("inactive_file", 0))  # given back when needed
            free = min(free, float(limit) - used + cached)
    except (OSError, StopIteration, ValueError):
        pass
    return free


@contextmanager
def kept_memory() -> Iterator[None]:
    """Freed memory stays with this process, instead of going back to the system after every large map.

    Pages given back have to be cleared and mapped again for the next layer, which was up to a twelfth of a step on a
    CPU (docs/LOG.md). Only glibc's own switches are used; elsewhere nothing happens.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        return
    for switch, value in _KEPT.items():
        libc.mallopt(switch, value)
    try:
        yield
    finally:
        for switch, value in _GLIBCS_OWN.items():
            libc.mallopt(switch, value)
        libc.malloc_trim(0)
