"""What each part of the light does to accuracy on real faces: people drawn in each light, all pairs of View 1.

    python bench/light_accuracy.py RESULTS --work FOLDER --view1 CROPS.npz [--seeds 2] [--table]

The same 1,000 people x 20 in every light of `bench/light.py`; each cell is one training of the fast network on one
core and one JSON file in RESULTS. Cells that are there are left alone, so the grid resumes.
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

import numpy as np
from light import LOOKS, draw_lit
from view1 import View1, gap, load_cells, save_cell, short_training

from facewright.dataset.config import DatasetConfig
from facewright.dataset.generate import generate
from facewright.recognition.train import TrainingData, train

SEEN = 60_000  # images, in every cell


def fill(results: Path, work: Path, view: View1, seeds: int) -> None:
    """Draw what is missing and train on it."""
    for name, look in LOOKS.items():
        kind = name.replace(" ", "_")
        missing = [seed for seed in range(seeds) if not (results / f"{kind}_seed{seed}.json").exists()]
        if missing:
            config = DatasetConfig(people=1000, samples=20)
            generate(work / kind, config, draw=functools.partial(draw_lit, look), workers=1, quiet=True)
        for seed in missing:
            training = short_training(SEEN, seed)
            run = train(training, TrainingData((str(work / kind),)), work / "runs" / f"{kind}_seed{seed}")
            save_cell(results / f"{kind}_seed{seed}.json", view.scores(run), view, light=name, seed=seed)


def table(results: Path, view: View1) -> str:
    """A row for each light, with the difference from the default."""
    cells = load_cells(results)
    kinds = {name: [cell for cell in cells.values() if cell["light"] == name] for name in LOOKS}
    scores = {name: [np.array(cell["scores"]) for cell in group] for name, group in kinds.items()}
    lines = [
        "| light | accuracy | AUC | accuracy less the default's (95%) | AUC less the default's (95%) |",
        "|---|---|---|---|---|",
    ]
    for name, group in kinds.items():
        if not group:
            continue
        means = [f"{np.mean([cell[field] for cell in group]):.3f}" for field in ("accuracy", "auc")]
        if name == "default":
            gaps = ["", ""]
        else:
            gaps = [
                f"{one.estimate:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
                for one in gap(scores[name], scores["default"], view)
            ]
        lines.append(f"| {name} | {' | '.join(means + gaps)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--view1", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument(
        "--table", action="store_true", help="only print the table of the cells that are there"
    )
    options = parser.parse_args()
    view = View1.load(options.view1)
    if not options.table:
        fill(options.results, options.work, view, options.seeds)
    print(table(options.results, view))


if __name__ == "__main__":
    main()
