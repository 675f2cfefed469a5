"""Pre-training on drawn people and fine-tuning on photographs against photographs alone, by the number of photographs.

    python bench/finetune.py RESULTS --pretrained RUN --real PHOTOS --view1 CROPS.npz --work FOLDER [--figure FILE.png]

The shape of Table I of Kortylewski et al. (2018). Both sides see the same images as often and have the same schedule;
the fine-tuned one starts from RUN with a quarter of the learning rate. One JSON file a cell in RESULTS; cells that are
there are not run again.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from view1 import View1, gap, load_cells, save_cell, short_training

from facewright.recognition.train import TrainingData, train

SIZES = (1000, 5000, 10000, 24474)
SEEN = 96_000  # images, each as often as it takes


def run(size: int, tuned: bool, seed: int, options: argparse.Namespace, view: View1) -> None:
    """Train and measure one cell."""
    config = short_training(SEEN, seed)
    if tuned:
        config = replace(config, init=options.pretrained, learning_rate=config.learning_rate / 4)
    name = f"{'tuned' if tuned else 'real'}_{size}_seed{seed}"
    if (options.results / f"{name}.json").exists():
        return
    out = train(
        config, TrainingData((f"{options.real},images={size},seed={seed}",)), options.work / "runs" / name
    )
    facts = {"photographs": size, "pretrained": tuned, "seed": seed}
    save_cell(options.results / f"{name}.json", view.scores(out), view, **facts)


def report(options: argparse.Namespace, view: View1) -> None:
    """The table of means over the seeds, and the figure where one is asked for."""
    by: dict[tuple[bool, int], dict[int, dict[str, Any]]] = {}
    for cell in load_cells(options.results).values():
        by.setdefault((cell["pretrained"], cell["photographs"]), {})[cell["seed"]] = cell
    print(
        "| photographs | seeds | alone | drawn people first | difference (95%) | AUC alone | AUC | difference (95%) |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        real, tuned = by.get((False, size), {}), by.get((True, size), {})
        seeds = sorted(set(real) & set(tuned))
        if not seeds:
            continue
        ours, theirs = ([np.array(side[seed]["scores"]) for seed in seeds] for side in (tuned, real))
        texts = [f"{g.estimate:+.4f} ({g.low:+.4f} .. {g.high:+.4f})" for g in gap(ours, theirs, view)]
        means = {
            name: [np.mean([side[seed][name] for seed in seeds]) for side in (real, tuned)]
            for name in ("accuracy", "auc")
        }
        print(
            f"| {size:,} | {len(seeds)} | {means['accuracy'][0]:.4f} | {means['accuracy'][1]:.4f} | {texts[0]} "
            f"| {means['auc'][0]:.4f} | {means['auc'][1]:.4f} | {texts[1]} |"
        )
    if options.figure is not None:
        draw(by, view.scores(options.pretrained), view, options.figure)


def draw(
    by: dict[tuple[bool, int], dict[int, dict[str, Any]]], pretrained: np.ndarray, view: View1, path: Path
) -> None:
    """Accuracy by the number of photographs: a point for each seed, a line through their means."""
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    for tuned, label in ((False, "photographs alone"), (True, "drawn people, then photographs")):
        sizes = [size for size in SIZES if (tuned, size) in by]
        each = [[cell["accuracy"] for cell in by[tuned, size].values()] for size in sizes]
        (line,) = axes.plot(sizes, [np.mean(values) for values in each], label=label)
        for size, values in zip(sizes, each, strict=True):
            axes.plot([size] * len(values), values, "o", markersize=4, color=line.get_color())
    alone = float(np.mean((view.margins(pretrained) >= 0) == view.same))
    axes.axhline(alone, color="gray", linestyle=":", label="drawn people alone")
    axes.set_xscale("log")
    axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
    axes.minorticks_off()
    axes.set_xlabel("photographs")
    axes.set_ylabel("accuracy, 3,200 pairs of View 1")
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--pretrained", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--view1", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    view = View1.load(options.view1)
    for seed, size, tuned in itertools.product(range(1, options.seeds + 1), SIZES, (False, True)):
        run(size, tuned, seed, options, view)
    report(options, view)


if __name__ == "__main__":
    main()
