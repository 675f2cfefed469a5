"""Runs one function in several processes, rank 0 in this one, joined by torch.distributed.

On CPUs every rank computes with one thread: two OpenMP threads in one process can collapse on a busy machine, two
processes do not. Helpers are started by an explicit command, so that it works from a notebook, a test or a pipe as it
does from the command line, and nothing of the caller's main module runs again.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

import cv2
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import nn

from facewright.errors import FacewrightError
from facewright.recognition.memory import kept_memory

__all__ = ["Precision", "RankSetup", "has_fast_bf16", "quiet_memory", "run_ranks"]

T = TypeVar("T")
Precision = Literal["bf16", "fp16", "fp32"]

_FABRIC: dict[Precision, Literal["bf16-mixed", "16-mixed", "32-true"]] = {
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
    "fp32": "32-true",
}

_READY = b"ready\n"
_TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True)
class RankSetup:
    """ranks: number of processes, one device each. work: a folder for the rendezvous file and the helpers' messages."""

    ranks: int
    accelerator: Literal["cpu", "cuda"]
    precision: Precision
    work: Path


def run_ranks(function: Callable[[Fabric, T], None], argument: T, setup: RankSetup) -> None:
    """Call `function(fabric, argument)` in every rank; both must be picklable.

    Rank 0 runs here: its exceptions come out as they are. Raises FacewrightError when a helper dies.
    """
    helpers = [_start_helper(function, argument, setup, rank) for rank in range(1, setup.ranks)]
    try:
        for rank, helper in enumerate(helpers, 1):
            assert helper.stdout is not None
            if helper.stdout.readline() != _READY:
                raise _dead_helper(setup, rank, helper)
        with _join(setup, 0) as fabric:
            function(fabric, argument)
        for rank, helper in enumerate(helpers, 1):
            if helper.wait() != 0:
                raise _dead_helper(setup, rank, helper)
    except RuntimeError as error:
        if (helpers and "gloo" in str(error)) or isinstance(error, torch.distributed.DistError):
            for rank, helper in enumerate(helpers, 1):  # a connection was lost: which of them is gone?
                with suppress(subprocess.TimeoutExpired):
                    if helper.wait(timeout=5) != 0:
                        raise _dead_helper(setup, rank, helper) from None
        raise
    finally:
        for helper in helpers:
            helper.kill()
            helper.communicate()


def has_fast_bf16(accelerator: str) -> bool:
    """Whether bfloat16 is faster than float32 here: CUDA devices that have it, CPUs with AMX or AVX512-BF16."""
    if accelerator == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False
    return bool(words & {"amx_bf16", "avx512_bf16"})


def _start_helper(
    function: Callable[..., None], argument: object, setup: RankSetup, rank: int
) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C goes to rank 0 alone, which ends the helpers.
    with _messages(setup, rank).open("wb") as messages:
        helper = subprocess.Popen(
            [sys.executable, "-m", "facewright.recognition.ranks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=messages,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
    assert helper.stdin is not None
    pickle.dump((function, argument, setup, rank), helper.stdin)
    helper.stdin.flush()
    return helper


def _messages(setup: RankSetup, rank: int) -> Path:
    return setup.work / f"rank{rank}.txt"


def _dead_helper(setup: RankSetup, rank: int, helper: subprocess.Popen[bytes]) -> FacewrightError:
    status = helper.wait()
    lines = _messages(setup, rank).read_text(errors="replace").strip().splitlines() or ["no message"]
    return FacewrightError(f"training process {rank} ended with status {status}: {lines[-1]}")


def _serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    function, argument, setup, rank = pickle.load(requests)
    replies.write(_READY)
    replies.flush()
    with _join(setup, rank) as fabric:
        function(fabric, argument)


@contextmanager
def _join(setup: RankSetup, rank: int) -> Iterator[Fabric]:
    """This process as one rank: one thread, a process group with the others, a Fabric over it; undone at the end."""
    threads = torch.get_num_threads(), cv2.getNumThreads()
    if setup.accelerator == "cpu":
        torch.set_num_threads(1)
    cv2.setNumThreads(1)
    strategy: dict[str, Any] = {}
    try:
        if setup.ranks > 1:
            torch.distributed.init_process_group(
                "nccl" if setup.accelerator == "cuda" else "gloo",
                init_method=f"file://{(setup.work / 'rendezvous').resolve()}",
                rank=rank,
                world_size=setup.ranks,
                timeout=_TIMEOUT,
            )
            joined = _JoinedDDP if setup.accelerator == "cuda" else _Joined
            strategy["strategy"] = joined(cluster_environment=_KnownRank(rank))
        fabric = Fabric(
            accelerator=setup.accelerator,
            devices=setup.ranks,
            precision=_FABRIC[setup.precision],
            **strategy,
        )
        fabric.launch()
        with warnings.catch_warnings(), quiet_memory(setup.accelerator):
            # The layout of a 1x1 convolution's weights has two names; DDP notices, and it costs nothing.
            warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
            yield fabric
    finally:
        if torch.distributed.is_initialized() and setup.ranks > 1:
            torch.distributed.destroy_process_group()
        torch.set_num_threads(threads[0])
        cv2.setNumThreads(threads[1])


@contextmanager
def quiet_memory(accelerator: Literal["cpu", "cuda"]) -> Iterator[None]:
    """Nothing of a step goes back to the system, and Python looks for garbage only among what is new."""
    gc.collect()
    gc.freeze()
    try:
        with kept_memory() if accelerator == "cpu" else nullcontext():
            yield
    finally:
        gc.unfreeze()


class _KnownRank(LightningEnvironment):
    """Ranks given by the one who started them, whatever the environment variables say."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self._local_rank = rank

    @property
    def creates_processes_externally(self) -> bool:
        return True

    def local_rank(self) -> int:
        return self._local_rank

    def node_rank(self) -> int:
        return 0


class _JoinedDDP(DDPStrategy):
    """DDP among processes that run already: nothing to launch, in a notebook either."""

    def _configure_launcher(self) -> None:
        self._launcher = None


class _Joined(_JoinedDDP):
    """The same without DDP's own exchange: on CPUs it goes through shared memory (exchange.py)."""

    def setup_module(self, module: nn.Module) -> nn.Module:  # type: ignore[override]
        return module


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
