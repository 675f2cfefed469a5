"""Pre-training on drawn people and fine-tuning on photographs against photographs alone, by the number of photographs.

    python bench/finetune.py RESULTS --pretrained RUN --real PHOTOS --view1 CROPS.npz --work FOLDER [--figure FILE.png]

The shape of Table I of Kortylewski et al. (2018). Both sides see the same images as often and have the same schedule;
the fine-tuned one starts from RUN with a quarter of the learning rate. One JSON file a cell in RESULTS; cells that are
there are not run again.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from view1 import View1, gap, load_cells, save_cell

from facewright.recognition.config import BackboneConfig, LossConfig, TrainConfig
from facewright.recognition.train import TrainingData, train

SIZES = (1000, 5000, 10000, 24474)
SEEN = 48_000  # images, each as often as it takes


def run(size: int, tuned: bool, options: argparse.Namespace, view: View1) -> None:
    """Train and measure one cell."""
    config = TrainConfig(
        epochs=1,
        epoch_steps=SEEN // 64,
        seed=options.seed,
        backbone=BackboneConfig("fast", input_px=(48, 48)),
        loss=LossConfig("arcface"),
        devices=1,
        accelerator="cpu",
    )
    if tuned:
        config = replace(config, init=options.pretrained, learning_rate=config.learning_rate / 4)
    name = f"{'tuned' if tuned else 'real'}_{size}_seed{options.seed}"
    if (options.results / f"{name}.json").exists():
        return
    out = train(config, TrainingData((f"{options.real},images={size}",)), options.work / "runs" / name)
    facts = {"photographs": size, "pretrained": tuned, "seed": options.seed}
    save_cell(options.results / f"{name}.json", view.scores(out), view, **facts)


def report(options: argparse.Namespace, view: View1) -> None:
    """The table, and the figure where one is asked for."""
    cells = [cell for cell in load_cells(options.results).values() if cell["seed"] == options.seed]
    by = {(cell["pretrained"], cell["photographs"]): cell for cell in cells}
    print(
        "| photographs | real alone | pre-trained, fine-tuned | difference (95%) | AUC | AUC | difference (95%) |"
    )
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        if (True, size) in by and (False, size) in by:
            tuned, real = by[True, size], by[False, size]
            gaps = gap([np.array(tuned["scores"])], [np.array(real["scores"])], view)
            texts = [f"{g.estimate:+.4f} ({g.low:+.4f} .. {g.high:+.4f})" for g in gaps]
            print(
                f"| {size:,} | {real['accuracy']:.4f} | {tuned['accuracy']:.4f} | {texts[0]} "
                f"| {real['auc']:.4f} | {tuned['auc']:.4f} | {texts[1]} |"
            )
    if options.figure is None:
        return
    pretrained = view.scores(options.pretrained)
    alone = float(np.mean((view.margins(pretrained) >= 0) == view.same))
    figure = Figure(figsize=(5, 3.6), layout="constrained")
    axes = figure.subplots()
    for tuned, label in ((False, "photographs alone"), (True, "drawn people, then photographs")):
        sizes = [size for size in SIZES if (tuned, size) in by]
        axes.plot(sizes, [by[tuned, size]["accuracy"] for size in sizes], marker="o", label=label)
    axes.axhline(alone, color="gray", linestyle=":", label="drawn people alone")
    axes.set_xscale("log")
    axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
    axes.minorticks_off()
    axes.set_xlabel("photographs")
    axes.set_ylabel("accuracy, 3,200 pairs of View 1")
    axes.legend(loc="lower right")
    figure.savefig(options.figure, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--pretrained", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--view1", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    view = View1.load(options.view1)
    for size in SIZES:
        for tuned in (False, True):
            run(size, tuned, options, view)
    report(options, view)


if __name__ == "__main__":
    main()
