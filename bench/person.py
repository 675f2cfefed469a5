"""CPU time of building a person, and of everything around the drawing call, stage by stage.

    python bench/person.py [--people 40] [--samples 10 100] [--rounds 3]

One thread, one process. The stages are functions of the package with a clock put round each: what a stage calls that
is a stage itself counts there. A person's figure is the least of the rounds, the table has the median and mean over
people. A new expression is its vertices: drawing a person with the expressions of SCENES scenes, less the same call
without expressions, the camera turned so far away that nothing else depends on them.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from facewright.dataset.config import DatasetConfig
from facewright.dataset.drawing import draw_person, open_sampler
from facewright.dataset.generate import generate
from facewright.geometry import ARCFACE_112
from facewright.render import LAMBERTIAN
from facewright.render.renderer import draw_heads

SEED, SCENES = 7, 400
# By what they are called in the tables: module and name there, of a function as its caller knows it.
BUILDING = {
    "identity": "people.builder:draw_identity",
    "traits": "people.builder:draw_traits",
    "shape": "people.builder:shaped",
    "lids": "people.builder:with_plausible_lids",
    "mouth": "people.builder:with_hidden_mouth",
    "paint": "people.builder:paint_albedo",
    "roots": "people.builder:paint_roots",
    "hair": "people.builder:grow_hair",
    "rest": "scenes.sampler:build_person",
}
AROUND = {
    "person": "scenes.sampler:build_person",
    "scenes": "scenes.sampler:Sampler.scenes",
    "hair again": "people.builder:_restyled",
    "eyewear": "people.worn.dressing:build_eyewear",
    "headwear": "people.worn.dressing:_headwear",
    "masks": "people.worn.dressing:build_mask",
    "other dressing": "render.renderer:dress",
    "make-up": "people.make_up:paint_make_up",
    "backgrounds": "render.renderer:draw_backgrounds",
    "wardrobe": "render.renderer:wardrobe_of",
    "arrays": "render.renderer:inputs_of",
    "drawing": "render.renderer:draw_heads",
    "parameters": "dataset.drawing:_parameters",
    "JPEG": "dataset.generate:encode",
    "tar": "formats.webdataset:WebDatasetWriter.add",
    "table": "dataset.generate:write_table",
    "rest": "dataset.generate:_make_shard",
}
OTHERS = ("person", "drawing")
"""What is measured elsewhere and not part of the sum."""


class Clock:
    """CPU time by stage, each without the stages inside it."""

    def __init__(self, stages: dict[str, str]) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner = [0.0]
        for stage, address in stages.items():
            module, _, path = address.partition(":")
            *owners, name = path.split(".")
            owner: Any = import_module(f"facewright.{module}")
            for part in owners:
                owner = getattr(owner, part)
            setattr(owner, name, self._timed(stage, getattr(owner, name)))

    def _timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            self._inner.append(0.0)
            start = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                took = time.process_time() - start
                self.spent[stage] += took - self._inner.pop()
                self._inner[-1] += took

        return timed

    def take(self) -> dict[str, float]:
        """What was spent since the last time."""
        spent, self.spent = dict(self.spent), defaultdict(float)
        return spent


def building(people: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each stage for each person."""
    sampler, clock = open_sampler(DatasetConfig(seed=SEED)), Clock(BUILDING)
    for index in range(people, people + 5):
        sampler.person(index)
    clock.take()
    found: dict[str, list[float]] = {stage: [] for stage in (*BUILDING, "all")}
    for index in range(people):
        takes = []
        for _ in range(rounds):
            sampler.person(index)
            takes.append(clock.take())
        for stage in BUILDING:
            found[stage].append(min(take.get(stage, 0.0) for take in takes))
        found["all"].append(min(sum(take.values()) for take in takes))
    return found


def expressions(people: int, rounds: int) -> list[float]:
    """Seconds that each person's new expressions take, for one."""
    sampler = open_sampler(DatasetConfig(seed=SEED))
    background = np.zeros((SCENES, ARCFACE_112.size_px, ARCFACE_112.size_px, 3), np.uint8)
    found = []
    for index in range(people):
        person, scenes = sampler.person(index), sampler.scenes(index, 0, SCENES)
        moved = dataclasses.replace(scenes, shift=np.full_like(scenes.shift, 1e4))
        still = dataclasses.replace(moved, expression=np.zeros_like(moved.expression))
        took: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(2 * rounds):
            start = time.process_time()
            draw_heads(person, moved if turn % 2 else still, ARCFACE_112, background, shading=LAMBERTIAN)
            took[bool(turn % 2)].append(time.process_time() - start)
        found.append((min(took[True]) - min(took[False])) / SCENES)
    return found


def around(people: int, samples: int, rounds: int, clock: Clock) -> dict[str, float]:
    """Seconds an image of each stage, the medians of the rounds."""
    config = DatasetConfig(people=people, samples=samples, seed=SEED)
    draw_person(config, people)
    takes = []
    for _ in range(rounds):
        clock.take()
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder) / "set", config, quiet=True)
        takes.append(clock.take())
    return {
        stage: statistics.median(take.get(stage, 0.0) for take in takes) / (people * samples)
        for stage in AROUND
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--samples", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| building a person, ms of CPU time | median | mean |\n|---|---|---|")
    for stage, seconds in building(options.people, options.rounds).items():
        print(f"| {stage} | {1e3 * statistics.median(seconds):.2f} | {1e3 * statistics.mean(seconds):.2f} |")
    seconds = expressions(min(options.people, 10), options.rounds)
    print(
        f"| a new expression | {1e3 * statistics.median(seconds):.3f} | {1e3 * statistics.mean(seconds):.3f} |"
    )
    clock = Clock(AROUND)
    columns = [around(options.people, samples, options.rounds, clock) for samples in options.samples]
    print("\n| us of CPU time an image, people of |", " | ".join(map(str, options.samples)), "|")
    print("|---" * (1 + len(columns)) + "|")
    for stage in AROUND:
        print(f"| {stage} | {' | '.join(f'{1e6 * column[stage]:.1f}' for column in columns)} |")
    sums = [sum(value for stage, value in column.items() if stage not in OTHERS) for column in columns]
    print(f"| **all but {' and '.join(OTHERS)}** | {' | '.join(f'{1e6 * total:.1f}' for total in sums)} |")


if __name__ == "__main__":
    main()
