"""Images a second of forward, backward and step: this package beside plain float32 PyTorch of the same network.

    python bench/training.py [--networks nn4 fast] [--seconds 12] [--batch 64]

One thread; both sides take turns in one process, times are CPU time, the median of the turns counts. Plain: float32,
PyTorch's own layers and memory layout, SGD, softmax over 500 people. Ours: what `facewright train` does here (bfloat16
where the CPU has it, channels-last, fused layers, ArcFace). The last lines measure augmentation beside a step, and two
ranks beside one.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from torch import nn

from facewright.recognition.augment import RECIPES, augment
from facewright.recognition.backbones import build_backbone
from facewright.recognition.backbones.layers import plain_layers
from facewright.recognition.config import BackboneConfig, LossConfig, TrainConfig
from facewright.recognition.losses import build_loss
from facewright.recognition.ranks import has_fast_bf16
from facewright.recognition.train import TrainingData, train

NETWORKS = ("fast", "nn4.small2", "nn4", "mobilefacenet", "iresnet18", "iresnet50")
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


def take_turns(sides: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """The median CPU seconds of each side, which take turns."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for run in sides.values():
        run()
    start = time.process_time()
    while time.process_time() - start < seconds or len(next(iter(times.values()))) < 3:
        for name, run in sides.items():
            begun = time.process_time()
            run()
            times[name].append(time.process_time() - begun)
    return {name: statistics.median(taken) for name, taken in times.items()}


def bench_networks(names: list[str], batch: int, seconds: float) -> None:
    print(
        "| network | plain fp32 images/s | ours | ratio | ours without fused layers |\n|---|---|---|---|---|"
    )
    for name in names:
        config = BackboneConfig(name)  # type: ignore[arg-type]
        sides = {
            "plain": plain_step(config, batch),
            "ours": our_step(config, batch),
            "unfused": our_step(config, batch, fused=False),
        }
        taken = take_turns(sides, seconds)
        speed = {side: batch / value for side, value in taken.items()}
        ratio, unfused = speed["ours"] / speed["plain"], speed["unfused"] / speed["plain"]
        print(
            f"| {name} {config.size[0]}x{config.size[1]} | {speed['plain']:.1f} | {speed['ours']:.1f} "
            f"| {ratio:.2f} | {speed['unfused']:.1f} ({unfused:.2f}) |",
            flush=True,
        )


def bench_augmentation(batch: int, seconds: float) -> None:
    config = BackboneConfig("fast")
    images = np.random.default_rng(0).integers(0, 256, (batch, 80, 80, 3), dtype=np.uint8)
    sides: dict[str, Callable[[], object]] = {"step": our_step(config, batch)}
    for name, recipe in RECIPES.items():
        sides[name] = partial(augment, images, recipe, config.size, (1,))
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
    speeds = {}
    for ranks in (1, 2):
        times = {}
        for epochs in (1, 6):
            begun = time.process_time()
            config = TrainConfig(epochs=epochs, devices=ranks, accelerator="cpu")
            train(config, TrainingData((str(data),)), folder / f"run{ranks}-{epochs}")
            times[epochs] = time.process_time() - begun
        speeds[ranks] = 5 * 384 / (times[6] - times[1])
    print(
        f"two ranks {speeds[2]:.0f} images/s, one {speeds[1]:.0f}: "
        f"{speeds[2] / speeds[1]:.2f} times, by a rank's CPU time"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    torch.set_num_threads(1)
    bench_networks(options.networks, options.batch, options.seconds)
    bench_augmentation(64, options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        bench_ranks(Path(folder))


if __name__ == "__main__":
    main()
