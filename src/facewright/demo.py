"""From nothing to a benchmark: generate people, train on them, measure, and write one page about it."""

from __future__ import annotations

import csv
import datetime
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facewright.dataset import DatasetConfig, contact_sheet, draw_person, encode_png, generate
from facewright.errors import FacewrightError
from facewright.evaluation.console import detection_progress, print_results
from facewright.evaluation.embedders import open_embedder
from facewright.evaluation.evaluate import EvaluationOptions, evaluate_lfw, evaluate_synthetic
from facewright.evaluation.report import HeadlineFigure, Picture, ReportContent, write_report
from facewright.evaluation.result import VerificationResult, write_result
from facewright.formats import open_dataset
from facewright.machine import cache_folder

__all__ = ["DemoConfig", "demo"]

# Indices far from any training set's, so that the held-out people are others.
_HELD_OUT_FIRST = 50_000_000
# Enough to place a threshold, and a third of the photos to find faces in.
_DEV_PAIRS = 600


@dataclass(frozen=True)
class DemoConfig:
    """How large the demonstration is. The defaults take under ten minutes on two cores, installation included."""

    people: int = 500
    samples: int = 30
    minutes: float = 4.0
    seed: int = 1
    held_out_people: int = 150
    held_out_samples: int = 8
    lfw: Path | None = None
    pairs: Path | None = None

    def __post_init__(self) -> None:
        if (self.lfw is None) != (self.pairs is None):
            raise FacewrightError("demo: found one of --lfw and --pairs, expected both or neither")


def demo(out: Path, config: DemoConfig, workers: int, command: str) -> Path:
    """Run the whole line in the folder `out` and return the report's path. Finished parts are not done again.

    Raises FacewrightError as the parts do.
    """
    from facewright.recognition.config import TrainConfig
    from facewright.recognition.train import TrainingData, train

    training = DatasetConfig(config.people, config.samples, config.seed)
    held_out = DatasetConfig(config.held_out_people, config.held_out_samples, config.seed, _HELD_OUT_FIRST)
    generated = generate(out / "train", training, workers=workers)
    generate(out / "held-out", held_out, workers=workers)

    run = train(
        TrainConfig(minutes=config.minutes, seed=config.seed),
        TrainingData((str(out / "train"),)),
        out / "run",
    )
    trained, training_s = _training(run)

    results = _evaluate(run, out / "held-out", config, workers)
    for result in results:
        write_result(out / f"{result.benchmark.split()[0].lower()}.json", result)
    print_results(results)
    report = out / "report.html"
    figures = [
        HeadlineFigure("people", f"{config.people}", f"{config.samples} images each"),
        HeadlineFigure(
            "images a second", f"{generated.images_per_second:.0f}" if generated.drawn else "-", "drawn"
        ),
        HeadlineFigure("training", f"{trained:,}", f"images in {training_s / 60:.1f} minutes"),
        *(HeadlineFigure(r.benchmark, f"{100 * r.accuracy:.1f}%", f"of {r.pairs} pairs") for r in results),
    ]
    write_report(report, _content(config, command, figures, run, results))
    return report


def _evaluate(run: Path, held_out: Path, config: DemoConfig, workers: int) -> list[VerificationResult]:
    embedder = open_embedder(run)
    options = EvaluationOptions(workers=workers, cache=cache_folder(), max_dev_pairs=_DEV_PAIRS)
    results = [evaluate_synthetic(embedder, open_dataset(held_out), options=options)]
    if config.lfw is not None and config.pairs is not None:
        with detection_progress() as progress:
            results.append(
                evaluate_lfw(embedder, config.lfw, config.pairs, options=options, progress=progress)
            )
    return results


def _training(run: Path) -> tuple[int, float]:
    """Images that the training has seen, and its seconds, from its log."""
    with (run / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    elapsed = [0.0, *(float(row["elapsed_s"]) for row in rows)]
    spans = [end - start for start, end in itertools.pairwise(elapsed)]
    images = sum(float(row["images_per_s"]) * span for row, span in zip(rows, spans, strict=True))
    return round(images), elapsed[-1]


def _sheet(config: DemoConfig) -> bytes:
    """Twelve of the people, eight images each, as PNG."""
    few = DatasetConfig(config.people, 8, config.seed)
    people = range(min(12, config.people))
    return encode_png(contact_sheet(np.stack([draw_person(few, person).images for person in people])))


def _content(
    config: DemoConfig,
    command: str,
    figures: Sequence[HeadlineFigure],
    run: Path,
    results: Sequence[VerificationResult],
) -> ReportContent:
    return ReportContent(
        title="People who do not exist, and a network trained on them",
        command=command,
        date=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        summary=(
            "Every face on this page was drawn by facewright; none is a photograph of anyone. A small network was "
            "trained on them from nothing and then asked whether two pictures show the same person."
        ),
        figures=figures,
        pictures=[
            Picture(
                "Some of the training set", _sheet(config), "A row for each person, a column for each image."
            ),
            Picture("Training", (run / "training.png").read_bytes()),
        ],
        results=results,
        settings={"demo": {name: str(value) for name, value in vars(config).items()}},
    )
