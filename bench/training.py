"""Images a second of forward, backward and step: this package beside plain float32 PyTorch of the same network.

    python bench/training.py [--networks nn4 fast] [--seconds 12]

One thread. Every side is a process of its own, so that none has another's settings of malloc. They take turns of a
third of a second, at least a step, as training makes step after step; times are CPU time (user and system) of a step,
the median of the turns counts. No allocator is preloaded. Plain: float32, PyTorch's own layers and memory layout, SGD,
softmax over 500 people. Ours: what `facewright train` does here (bfloat16 where the CPU has it, channels-last, fused
layers, quiet memory, ArcFace), and the same without what is named.
Steps of 32 images, for the fast network also of the 64 that its preset takes. The last lines measure augmentation
beside a step, and two ranks beside one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from torch import nn

from facewright.recognition.augment import RECIPES, augment
from facewright.recognition.backbones import build_backbone
from facewright.recognition.backbones.layers import plain_layers
from facewright.recognition.config import BackboneConfig, BackboneName, LossConfig, TrainConfig
from facewright.recognition.losses import build_loss
from facewright.recognition.ranks import has_fast_bf16, quiet_memory
from facewright.recognition.train import TrainingData, train

NETWORKS: tuple[BackboneName, ...] = ("fast", "nn4.small2", "nn4", "mobilefacenet", "iresnet18", "iresnet50")
BATCH = 32
TURN = 1 / 3
CLASSES = 500


def plain_step(config: BackboneConfig, batch: int) -> Callable[[], None]:
    """A step in float32 with PyTorch's own layers in their default layout."""
    network = build_backbone(config).to(memory_format=torch.contiguous_format)
    head = nn.Linear(config.dimensions, CLASSES)
    optimiser = torch.optim.SGD([*network.parameters(), *head.parameters()], 0.01, momentum=0.9)
    images, labels = torch.randn(batch, 3, *config.size), torch.arange(batch) % CLASSES

    def step() -> None:
        with plain_layers():
            loss = nn.functional.cross_entropy(head(network(images)), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return step


def our_step(config: BackboneConfig, batch: int, fused: bool = True) -> Callable[[], None]:
    """A step as `facewright train` makes it."""
    network = build_backbone(config)
    head = build_loss(LossConfig("arcface"), CLASSES, config.dimensions)
    optimiser = torch.optim.SGD(
        [*network.parameters(), *head.parameters()], 0.01, momentum=0.9, nesterov=True, fused=True
    )
    images = torch.randn(batch, *config.size, 3)
    labels, weights = torch.arange(batch)[:, None] % CLASSES, torch.ones(batch, 1)
    bf16 = has_fast_bf16("cpu")

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = head(network(images.permute(0, 3, 1, 2)), labels, weights, 1.0)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()

    if fused:
        return step

    def unfused() -> None:
        with plain_layers():
            step()

    return unfused


def turn(step: Callable[[], None]) -> float:
    """CPU seconds of a step, from as many as TURN seconds take."""
    taken = [timed(step)]
    while sum(taken) < TURN:
        taken.append(timed(step))
    return sum(taken) / len(taken)


def take_turns(sides: Mapping[str, Callable[[], float]], seconds: float) -> dict[str, float]:
    """The median of the CPU seconds that each side returns, which take turns; the first turn does not count."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for run in sides.values():
        run()
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(next(iter(times.values()))) < 3:
        for name, run in sides.items():
            times[name].append(run())
    return {name: statistics.median(taken) for name, taken in times.items()}


def timed(run: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def serve_steps(pipe: Connection, side: str, name: BackboneName, batch: int) -> None:
    """A process that takes a turn whenever it is asked to, and answers with the CPU seconds of a step."""
    torch.set_num_threads(1)
    config = BackboneConfig(name)
    step = plain_step(config, batch) if side == "plain" else our_step(config, batch, side != "unfused")
    with quiet_memory("cpu") if side in ("ours", "unfused") else nullcontext():
        while pipe.recv():
            pipe.send(turn(step))


@contextmanager
def step_processes(
    sides: Sequence[str], name: BackboneName, batch: int
) -> Iterator[dict[str, Callable[[], float]]]:
    """One process for each side, as functions that take a turn there."""
    context = multiprocessing.get_context("spawn")
    pipes, runs = [], {}
    for side in sides:
        ours, theirs = context.Pipe()
        context.Process(target=serve_steps, args=(theirs, side, name, batch), daemon=True).start()
        theirs.close()
        pipes.append(ours)
        runs[side] = partial(lambda pipe: pipe.send(True) or pipe.recv(), ours)
    try:
        yield runs
    finally:
        for pipe in pipes:
            pipe.send(False)


def bench_networks(names: list[BackboneName], seconds: float) -> None:
    print(
        "| network | images a step | plain fp32 images/s | ours | ratio | without fused layers | without quiet memory |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    cases = [(name, BATCH) for name in names]
    if "fast" in names:
        cases.insert(0, ("fast", TrainConfig().batch_size))
    for name, batch in cases:
        with step_processes(("plain", "ours", "unfused", "malloc"), name, batch) as sides:
            taken = take_turns(sides, 4 * seconds)
        plain = taken.pop("plain")
        cells = [f"{batch / plain:.1f}", f"{batch / taken['ours']:.1f}", f"**{plain / taken['ours']:.2f}**"]
        cells += [f"{batch / taken[side]:.1f} ({plain / taken[side]:.2f})" for side in ("unfused", "malloc")]
        height, width = BackboneConfig(name).size
        print(f"| {name} {height}x{width} | {batch} | {' | '.join(cells)} |", flush=True)


def bench_augmentation(batch: int, seconds: float) -> None:
    config = BackboneConfig("fast")
    images = np.random.default_rng(0).integers(0, 256, (batch, 80, 80, 3), dtype=np.uint8)
    sides = {"step": partial(timed, our_step(config, batch))}
    for name, recipe in RECIPES.items():
        sides[name] = partial(timed, partial(augment, images, recipe, config.size, (1,)))
    with quiet_memory("cpu"):
        taken = take_turns(sides, seconds)
    parts = ", ".join(f"{name} {100 * taken[name] / taken['step']:.1f}%" for name in RECIPES)
    print(f"augmentation, part of a step of the fast network at 64x64: {parts}", flush=True)


def bench_ranks(folder: Path) -> None:
    """The fast network on made images: CPU time of rank 0 in a long run less that in a short one."""
    data = folder / "people"
    for person in range(8):
        (data / f"{person}").mkdir(parents=True)
        for index in range(48):
            image = np.random.default_rng((person, index)).integers(0, 256, (112, 112, 3), np.uint8)
            (data / f"{person}" / f"{index}.jpg").write_bytes(simplejpeg.encode_jpeg(image, 90))

    def seconds_an_image(ranks: int, batch: int, repeat: int) -> float:
        times = {}
        for epochs in (1, 11):
            config = TrainConfig(epochs=epochs, devices=ranks, accelerator="cpu", batch_size=batch)
            out = folder / f"run{ranks}-{batch}-{epochs}-{repeat}"
            times[epochs] = timed(partial(train, config, TrainingData((str(data),)), out))
        return (times[11] - times[1]) / (10 * 384)

    sides = ((1, 64), (2, 64), (2, 128))
    taken = {side: [seconds_an_image(*side, repeat) for repeat in range(3)] for side in sides}
    one, shared, each = (statistics.median(taken[side]) for side in sides)
    print(
        f"by a rank's CPU time, fast network: one {1 / one:.0f} images/s; two with a step of 64 between them "
        f"{1 / shared:.0f} ({one / shared:.2f} times); two with 64 each {1 / each:.0f} ({one / each:.2f} times)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--seconds", type=float, default=12.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.networks:
        bench_networks(options.networks, options.seconds)
    bench_augmentation(64, options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        bench_ranks(Path(folder))


if __name__ == "__main__":
    main()
