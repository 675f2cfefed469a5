"""How accuracy on photographs moves with people, images and augmentation: one short training for each cell.

    python bench/ablation.py WORK --lfw FOLDER --pairs pairsDevTest.txt --minutes 4

Cells that have a result in WORK are not run again; the table is printed and written to WORK/table.md after each cell.
Every difference is to the first cell, on the same pairs, with a paired-bootstrap 95% interval.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facewright.dataset import DatasetConfig, generate
from facewright.evaluation.embedders import open_embedder
from facewright.evaluation.evaluate import EvaluationOptions, evaluate_lfw
from facewright.evaluation.metrics import accuracy, auc, paired_bootstrap
from facewright.machine import available_cores, cache_folder
from facewright.recognition.augment import RECIPES, AugmentConfig
from facewright.recognition.config import TrainConfig
from facewright.recognition.train import TrainingData, train

ALL = RECIPES["digiface"]
OFF = RECIPES["none"]
NO_COLOUR = {"p_colour": 0.0, "p_hue": 0.0, "p_grey": 0.0}
NO_DAMAGE = {f"p_{name}": 0.0 for name in ("gaussian_blur", "motion_blur", "noise", "low_resolution", "jpeg")}


@dataclass(frozen=True)
class Cell:
    """One run: how much data, and which augmentation."""

    people: int = 500
    samples: int = 30
    augment: AugmentConfig = ALL
    seed: int = 1


CELLS = {
    "500 x 30": Cell(),
    "500 x 30, seed 2": Cell(seed=2),
    "150 x 100": Cell(people=150, samples=100),
    "1500 x 10": Cell(people=1500, samples=10),
    "500 x 10": Cell(samples=10),
    "1500 x 30": Cell(people=1500),
    "no augmentation": Cell(augment=OFF),
    "flip only": Cell(augment=RECIPES["flip"]),
    "all but geometry": Cell(augment=RECIPES["digiface-appearance"]),
    "all but colour": Cell(augment=replace(ALL, **NO_COLOUR)),
    "all but blur, noise, JPEG": Cell(augment=replace(ALL, **NO_DAMAGE)),
}


def run(
    cell: Cell, work: Path, name: str, minutes: float, options: argparse.Namespace
) -> dict[str, np.ndarray]:
    """Generate, train and evaluate one cell, or load its result."""
    result = work / f"{name.replace(' ', '_').replace(',', '')}.npz"
    if not result.exists():
        cores = available_cores()
        data = work / f"people{cell.people}x{cell.samples}"
        generate(data, DatasetConfig(cell.people, cell.samples), workers=cores)
        model = train(
            TrainConfig(minutes=minutes, seed=cell.seed, augment=cell.augment),
            TrainingData((str(data),)),
            work / "runs" / result.stem,
        )
        asked = EvaluationOptions(workers=cores, cache=cache_folder())
        found = evaluate_lfw(open_embedder(model), options.lfw, options.pairs, options=asked)
        with (model / "log.csv").open(newline="") as log:
            last = list(csv.DictReader(log))[-1]
        partial = result.with_suffix(".partial.npz")
        np.savez(
            partial, scores=found.scores, margins=found.margins, same=found.same, epochs=int(last["epoch"])
        )
        shutil.move(partial, result)
    return dict(np.load(result))


def table(results: dict[str, dict[str, np.ndarray]]) -> str:
    """Accuracy and AUC of each cell and their differences to the first one."""
    lines = [
        "| run | epochs | accuracy | difference (95%) | AUC | difference (95%) |",
        "|---|---|---|---|---|---|",
    ]
    base = next(iter(results.values()))
    for name, found in results.items():
        same = found["same"]
        cells = [name, str(int(found["epochs"]))]
        for metric, column in ((accuracy, "margins"), (auc, "scores")):
            cells.append(f"{metric(found[column], same):.4f}")
            gap = paired_bootstrap(found[column], base[column], same, metric, 0, 2000)
            cells.append("" if found is base else f"{gap.estimate:+.4f} ({gap.low:+.4f} .. {gap.high:+.4f})")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--lfw", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=4.0)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, np.ndarray]] = {}
    for name, cell in CELLS.items():
        results[name] = run(cell, options.work, name, options.minutes, options)
        text = table(results)
        (options.work / "table.md").write_text(text)
        print(text, flush=True)


if __name__ == "__main__":
    main()
