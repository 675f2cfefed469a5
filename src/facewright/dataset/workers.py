"""Runs shards in this process or in several, and always ends cleanly."""

from __future__ import annotations

import ctypes
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event

from facewright.dataset.plan import ShardPlan
from facewright.errors import FacewrightError

__all__ = ["OnImages", "Work", "run_shards"]

OnImages = Callable[[int], None]
Work = Callable[[ShardPlan, OnImages], None]
"""Makes one shard, and reports images as they are drawn. With several workers it is pickled."""


def run_shards(work: Work, shards: Sequence[ShardPlan], workers: int, on_images: OnImages) -> None:
    """Make every shard; `on_images` hears of progress in this process.

    With one worker everything happens here, otherwise in new processes that end with this one, however it ends. On
    Ctrl-C, or when a shard fails, the others stop at their next person and nothing of them becomes visible.
    """
    workers = min(workers, len(shards))
    if workers <= 1:
        for shard in shards:
            work(shard, on_images)
        return
    context = multiprocessing.get_context("spawn")
    drawn, stop = context.Value(ctypes.c_int64, 0), context.Event()
    pool = ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(drawn, stop))
    try:
        _feed(pool, work, shards, workers, lambda seen: _report(drawn, seen, on_images))
    except BrokenProcessPool:
        raise FacewrightError("a worker process ended unexpectedly (killed, or out of memory?)") from None
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _feed(
    pool: ProcessPoolExecutor,
    work: Work,
    shards: Sequence[ShardPlan],
    workers: int,
    report: Callable[[int], int],
) -> None:
    """Keep two shards per worker submitted until all are done."""
    remaining = iter(shards)
    waiting: set[Future[None]] = set()
    seen = 0
    while True:
        with _interrupt_held():
            for shard in itertools.islice(remaining, 2 * workers - len(waiting)):
                waiting.add(pool.submit(_run_shard, work, shard))
        if not waiting:
            return
        done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
        seen = report(seen)
        for future in done:
            future.result()


def _report(drawn: Synchronized[int], seen: int, on_images: OnImages) -> int:
    total = drawn.value
    on_images(total - seen)
    return total


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Processes started inside inherit that SIGINT is blocked: Ctrl-C is this process's business alone."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Stopped(Exception):
    """Ends a shard early; nobody waits for its result any more."""


_drawn: Synchronized[int]
_stop: Event


def _start_worker(drawn: Synchronized[int], stop: Event) -> None:
    global _drawn, _stop
    _drawn, _stop = drawn, stop
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENCV_FOR_THREADS_NUM"] = "1"  # before OpenCV is imported
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_shard(work: Work, shard: ShardPlan) -> None:
    work(shard, _count_images)


def _count_images(count: int) -> None:
    with _drawn.get_lock():
        _drawn.value += count
    if _stop.is_set():
        raise _Stopped
