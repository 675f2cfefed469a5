"""SynFace's two mixups: ArcFace on drawn people and photographs, measured on all 3,200 pairs of LFW's View 1.

    python bench/mixup.py RESULTS --work FOLDER --real PHOTOS --view1 CROPS.npz [--seeds 3] [--table]

FOLDER holds `syn` and `mixed`, the same people without and with identity mixup:

    facewright generate FOLDER/syn --people 1000 --samples 20
    facewright generate FOLDER/mixed --people 1000 --samples 20 --mixup --mixup-partners 4

Photographs are left out, are further people of the same training set ("joined"), or are blended into the drawn images
("mixed", domain mixup). Each cell is one training of the fast network on one core and one JSON file in RESULTS;
cells that are there, or that another process works on, are left alone: so the grid resumes, and processes share it.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from view1 import View1, gap, load_cells, save_cell, short_training

from facewright.recognition.train import TrainingData, train

SEEN = 120_000  # images, in every cell

Photographs = Literal["none", "joined", "mixed"]


@dataclass(frozen=True)
class Cell:
    """identity: on images of two people. photographs: how they take part."""

    identity: bool
    photographs: Photographs
    seed: int

    @property
    def kind(self) -> str:
        return f"photographs-{self.photographs}_identity-{'on' if self.identity else 'off'}"

    @property
    def name(self) -> str:
        return f"{self.kind}_seed{self.seed}"


def run(cell: Cell, options: argparse.Namespace, view: View1) -> None:
    """Train and measure one cell."""
    drawn = options.work / ("mixed" if cell.identity else "syn")
    photographs = str(options.real)
    sets = (str(drawn), photographs) if cell.photographs == "joined" else (str(drawn),)
    data = TrainingData(sets, domain_mixup=photographs if cell.photographs == "mixed" else None)
    out = train(short_training(SEEN, cell.seed), data, options.work / "runs" / cell.name)
    facts = {"identity_mixup": cell.identity, "photographs": cell.photographs, "seed": cell.seed}
    save_cell(options.results / f"{cell.name}.json", view.scores(out), view, **facts)


def table(results: Path, view: View1) -> str:
    """Mean accuracy and AUC of each kind over its seeds, and its difference to drawn people alone on the same seeds."""
    kinds: dict[str, dict[int, dict]] = {}
    for cell in load_cells(results).values():
        kind = Cell(cell["identity_mixup"], cell["photographs"], cell["seed"]).kind
        kinds.setdefault(kind, {})[cell["seed"]] = cell
    base = kinds[Cell(False, "none", 0).kind]
    lines = [
        "| photographs | identity mixup | seeds | accuracy (each seed) | difference (95%) | AUC | difference (95%) |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, cells in sorted(kinds.items()):
        seeds = sorted(set(cells) & set(base))
        ours, theirs = ([np.array(side[seed]["scores"]) for seed in seeds] for side in (cells, base))
        gaps = ["", ""]
        if cells is not base:
            gaps = [f"{g.estimate:+.4f} ({g.low:+.4f} .. {g.high:+.4f})" for g in gap(ours, theirs, view)]
        means = [np.mean([cells[seed][name] for seed in seeds]) for name in ("accuracy", "auc")]
        each = " ".join(f"{cells[seed]['accuracy']:.4f}" for seed in seeds)
        photographs, identity = (part.split("-")[1] for part in kind.split("_"))
        lines.append(
            f"| {photographs} | {identity} | {len(seeds)} | {means[0]:.4f} ({each}) | {gaps[0]} "
            f"| {means[1]:.4f} | {gaps[1]} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--view1", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--table", action="store_true", help="print the table of the cells there are, train nothing"
    )
    options = parser.parse_args()
    view = View1.load(options.view1)
    options.results.mkdir(parents=True, exist_ok=True)
    if not options.table:
        for seed, photographs, identity in itertools.product(
            range(1, options.seeds + 1), get_args(Photographs), (False, True)
        ):
            cell = Cell(identity, photographs, seed)
            claim = options.work / f"{cell.name}.claimed"
            if (options.results / f"{cell.name}.json").exists():
                continue
            try:
                claim.touch(exist_ok=False)
            except FileExistsError:
                continue
            try:
                run(cell, options, view)
            finally:
                claim.unlink()
    print(table(options.results, view))


if __name__ == "__main__":
    main()
