"""All 3,200 pairs of LFW's View 1 (DevTrain and DevTest together) as aligned crops, and a network's scores on them.

    python bench/view1.py CROPS.npz --lfw FOLDER

Finding the faces takes minutes and is done once; FOLDER holds the photos and both pair lists.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facewright.evaluation.lfw import distinct_photos, read_pairs
from facewright.evaluation.metrics import Interval, accuracy, auc, k_fold_accuracy
from facewright.geometry import ARCFACE_112
from facewright.machine import cache_folder
from facewright.photos.align import align, central_landmarks, read_photo
from facewright.photos.landmarks import find_landmarks
from facewright.photos.mtcnn import load_detector
from facewright.recognition.config import BackboneConfig, LossConfig, TrainConfig
from facewright.recognition.embed import load_embedder

FOLDS = 10
RESAMPLES = 500

Scores = np.ndarray


@dataclass(frozen=True)
class View1:
    """crops: (n, 112, 112, 3) uint8; first, second: rows of each pair; same: whether it shows one person."""

    crops: np.ndarray
    first: np.ndarray
    second: np.ndarray
    same: np.ndarray

    @staticmethod
    def load(path: Path) -> View1:
        return View1(**np.load(path))

    def scores(self, run: Path) -> np.ndarray:
        """Cosine similarity of each pair."""
        vectors = load_embedder(run)(self.crops)
        return np.sum(vectors[self.first] * vectors[self.second], axis=1, dtype=np.float64)

    def margins(self, scores: np.ndarray) -> np.ndarray:
        """Each score less the threshold that is best on the other nine folds (every tenth pair of each kind)."""
        folds = np.empty(len(scores), np.int64)
        for kind in (self.same, ~self.same):
            folds[kind] = np.arange(kind.sum()) % FOLDS
        return k_fold_accuracy(scores, self.same, folds).margins


def prepare(lfw: Path, out: Path) -> None:
    """Find and align the faces of all photos of both lists."""
    lists = [read_pairs(lfw / name) for name in ("pairsDevTrain.txt", "pairsDevTest.txt")]
    photos = distinct_photos(lfw, lists)
    paths = [lfw / photo for photo in photos]
    found = find_landmarks(paths, load_detector(), cache_folder(), workers=1)
    crops = []
    for path, points in zip(paths, found, strict=True):
        image = read_photo(path)
        crops.append(align(image, central_landmarks(image.shape) if points is None else points, ARCFACE_112))
    row = {photo: index for index, photo in enumerate(photos)}
    first = np.array([row[photo] for pairs in lists for photo in pairs.first])
    second = np.array([row[photo] for pairs in lists for photo in pairs.second])
    same = np.concatenate([pairs.same for pairs in lists])
    np.savez(out, crops=np.stack(crops), first=first, second=second, same=same)
    print(
        f"{out}: {len(same)} pairs of {len(photos)} photos, {sum(p is None for p in found)} without a face found"
    )


def short_training(images: int, seed: int) -> TrainConfig:
    """The same training for every cell of a grid: the fast network at 48 px, ArcFace, one core, so many images."""
    return TrainConfig(
        epochs=1,
        epoch_steps=images // 64,
        seed=seed,
        backbone=BackboneConfig("fast", input_px=(48, 48)),
        loss=LossConfig("arcface"),
        devices=1,
        accelerator="cpu",
    )


def save_cell(path: Path, scores: np.ndarray, view: View1, **facts: object) -> None:
    """One cell's figures and scores, whole or not at all."""
    margins = view.margins(scores)
    cell = {
        **facts,
        "accuracy": round(accuracy(margins, view.same), 5),
        "auc": round(auc(scores, view.same), 5),
        "scores": [round(score, 4) for score in scores.tolist()],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(cell) + "\n")
    partial.rename(path)


def load_cells(folder: Path) -> dict[str, dict[str, Any]]:
    """All cells that are there, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def gap(ours: Sequence[Scores], theirs: Sequence[Scores], view: View1) -> tuple[Interval, Interval]:
    """Difference of accuracy and of AUC between two groups of runs, the mean over seeds; 95% of a paired bootstrap.

    Each resample of the pairs is taken in all runs at once: the intervals say how much other pairs would matter, not
    other seeds.
    """
    rng = np.random.default_rng(0)
    pairs = len(view.same)
    draws = [np.arange(pairs), *(rng.integers(0, pairs, pairs) for _ in range(RESAMPLES))]
    out = []
    for metric, change in ((accuracy, view.margins), (auc, np.asarray)):
        sides = [[change(scores) for scores in side] for side in (ours, theirs)]
        means = [
            [np.mean([metric(scores[draw], view.same[draw]) for scores in side]) for draw in draws]
            for side in sides
        ]
        difference = np.subtract(*means)
        low, high = np.percentile(difference[1:], [2.5, 97.5])
        out.append(Interval(float(difference[0]), float(low), float(high)))
    return out[0], out[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--lfw", type=Path, required=True)
    options = parser.parse_args()
    prepare(options.lfw, options.out)


if __name__ == "__main__":
    main()
