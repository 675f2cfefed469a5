"""Verification metrics as pure functions of scores.

Everywhere `scores` is (n,) with larger meaning more alike, `same` is (n,) and true where a pair shows one person, and
a pair is accepted when score >= threshold. Both kinds of pairs must be present.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

__all__ = [
    "FoldAccuracy",
    "Interval",
    "Roc",
    "accuracy",
    "auc",
    "best_threshold",
    "bootstrap",
    "eer",
    "k_fold_accuracy",
    "paired_bootstrap",
    "roc",
    "tar_at_far",
]

Statistic = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Roc:
    """Points from (0, 0) to (1, 1), one per distinct score, with the threshold that gives each (the first is inf)."""

    far: Float64[np.ndarray, " points"]
    tar: Float64[np.ndarray, " points"]
    thresholds: Float64[np.ndarray, " points"]


@dataclass(frozen=True)
class FoldAccuracy:
    """Accuracy of each fold at the threshold that is best on all the other folds.

    `margins` is each pair's score minus its fold's threshold: a pair is accepted when its margin is 0 or more.
    """

    accuracies: Float64[np.ndarray, " folds"]
    thresholds: Float64[np.ndarray, " folds"]
    margins: Float64[np.ndarray, " n"]


@dataclass(frozen=True)
class Interval:
    """An estimate and the 2.5 and 97.5 percentiles of its bootstrap distribution."""

    estimate: float
    low: float
    high: float


def accuracy(scores: Float[np.ndarray, " n"], same: Bool[np.ndarray, " n"], threshold: float = 0.0) -> float:
    """Fraction of pairs on the right side of `threshold`."""
    return float(np.mean((scores >= threshold) == same))


def best_threshold(scores: Float[np.ndarray, " n"], same: Bool[np.ndarray, " n"]) -> float:
    """The threshold of highest accuracy: half way between two neighbouring scores.

    When several are equally good, the middle one of them.
    """
    curve = roc(scores, same)
    genuine = np.count_nonzero(same)
    right = curve.tar * genuine + (1 - curve.far) * (len(same) - genuine)
    best = np.flatnonzero(right >= right.max() - 1e-6)
    index = int(best[len(best) // 2])
    if index == 0:
        return float(np.nextafter(curve.thresholds[1], np.inf))
    if index == len(right) - 1:
        return float(curve.thresholds[-1])
    above, below = curve.thresholds[index], curve.thresholds[index + 1]
    middle = below + (above - below) / 2
    return float(middle if middle > below else above)


def k_fold_accuracy(
    scores: Float[np.ndarray, " n"], same: Bool[np.ndarray, " n"], folds: Int[np.ndarray, " n"]
) -> FoldAccuracy:
    """LFW's View 2 protocol: each fold at the threshold that is best on the others.

    `folds` holds each pair's fold. Huang et al., "Labeled Faces in the Wild" (2007), section on View 2.
    """
    numbers = np.unique(folds)
    accuracies, thresholds = np.empty(len(numbers)), np.empty(len(numbers))
    margins = np.empty(len(scores))
    for index, number in enumerate(numbers):
        held_out = folds == number
        thresholds[index] = best_threshold(scores[~held_out], same[~held_out])
        margins[held_out] = scores[held_out] - thresholds[index]
        accuracies[index] = accuracy(margins[held_out], same[held_out])
    return FoldAccuracy(accuracies, thresholds, margins)


def roc(scores: Float[np.ndarray, " n"], same: Bool[np.ndarray, " n"]) -> Roc:
    """Receiver operating characteristic. Raises ValueError when one kind of pair is missing."""
    genuine = np.count_nonzero(same)
    impostors = len(same) - genuine
    if genuine == 0 or impostors == 0:
        raise ValueError(f"{genuine} genuine and {impostors} impostor pairs: expected some of both")
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order].astype(np.float64)
    last_of_ties = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    accepted_genuine = np.cumsum(same[order])[last_of_ties]
    accepted_impostors = last_of_ties + 1 - accepted_genuine
    return Roc(
        far=np.concatenate([[0.0], accepted_impostors / impostors]),
        tar=np.concatenate([[0.0], accepted_genuine / genuine]),
        thresholds=np.concatenate([[np.inf], ordered[last_of_ties]]),
    )


def auc(scores: Float[np.ndarray, " n"], same: Bool[np.ndarray, " n"]) -> float:
    """Area under the ROC: the chance that a genuine pair scores above an impostor pair, ties counting half."""
    curve = roc(scores, same)
    return float(np.sum(np.diff(curve.far) * (curve.tar[1:] + curve.tar[:-1]) / 2))


def eer(scores: Float[np.ndarray, " n"], same: Bool[np.ndarray, " n"]) -> float:
    """Equal error rate: where the ROC, its points joined by straight lines, meets FAR = 1 - TAR."""
    curve = roc(scores, same)
    gap = curve.far + curve.tar - 1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    part = -gap[before] / (gap[after] - gap[before])
    return float(curve.far[before] + part * (curve.far[after] - curve.far[before]))


def tar_at_far(
    scores: Float[np.ndarray, " n"], same: Bool[np.ndarray, " n"], fars: Sequence[float]
) -> dict[float, float | None]:
    """The highest TAR among thresholds whose FAR is at most the one asked for.

    Nothing is interpolated. None where the FAR is below 1 / impostors, which these pairs cannot resolve.
    """
    curve = roc(scores, same)
    impostors = len(same) - np.count_nonzero(same)
    found: dict[float, float | None] = {}
    for far in fars:
        allowed = np.floor(far * impostors + 1e-9)
        within = np.rint(curve.far * impostors) <= allowed
        found[far] = float(curve.tar[within].max()) if allowed >= 1 else None
    return found


def bootstrap(
    scores: Float[np.ndarray, " n"],
    same: Bool[np.ndarray, " n"],
    statistic: Statistic,
    seed: int,
    resamples: int = 1000,
) -> Interval:
    """95% percentile interval of `statistic(scores, same)`; genuine and impostor pairs are resampled apart."""
    values = [statistic(scores[rows], same[rows]) for rows in _resampled_rows(same, seed, resamples)]
    return _interval(statistic(scores, same), values)


def paired_bootstrap(
    scores: Float[np.ndarray, " n"],
    others: Float[np.ndarray, " n"],
    same: Bool[np.ndarray, " n"],
    statistic: Statistic,
    seed: int,
    resamples: int = 1000,
) -> Interval:
    """95% interval of `statistic(scores, same) - statistic(others, same)`, two models on the same pairs.

    Both see the same resampled pairs, so what makes a pair hard for both cancels.
    """
    values = [
        statistic(scores[rows], same[rows]) - statistic(others[rows], same[rows])
        for rows in _resampled_rows(same, seed, resamples)
    ]
    return _interval(statistic(scores, same) - statistic(others, same), values)


def _resampled_rows(same: Bool[np.ndarray, " n"], seed: int, resamples: int) -> list[Int[np.ndarray, " n"]]:
    generator = np.random.default_rng(seed)
    genuine, impostors = np.flatnonzero(same), np.flatnonzero(~same)
    return [
        np.concatenate(
            [generator.choice(genuine, len(genuine)), generator.choice(impostors, len(impostors))],
        )
        for _ in range(resamples)
    ]


def _interval(estimate: float, values: Sequence[float]) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(estimate, float(low), float(high))
