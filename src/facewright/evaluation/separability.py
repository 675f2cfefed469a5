"""How far apart the people of a labelled set are: all pairs of its embeddings, counted exactly.

Every pair of images is compared, none is sampled: images of one person are genuine pairs, of two people impostor
pairs; a pair is accepted when its cosine similarity is at or above the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Int, Int64

from facewright.errors import FacewrightError
from facewright.evaluation.metrics import Interval
from facewright.evaluation.pairs import BIN_WIDTH, ImagePair, PairCounts, bin_counts, count_pairs
from facewright.evaluation.resampling import resample_people

__all__ = ["FARS", "HISTOGRAM_WIDTH", "PairFigures", "Separability", "separability"]

FARS = (0.01, 0.001)
HISTOGRAM_WIDTH = 2 / 128
"""Width of the bins of the histograms that are kept."""


@dataclass(frozen=True)
class PairFigures:
    """Similarities of all pairs of a set.

    Intervals are 95% bootstrap intervals over people. Means and standard deviations are exact. What concerns genuine
    pairs is None where there are none (one image of each person).

    false_accepts: fraction of impostor pairs at or above the judge's threshold; false_accept_pairs: their number;
    true_accepts: the same fraction of genuine pairs.
    tar_at_far: FAR -> TAR at the lowest threshold, in steps of BIN_WIDTH, that keeps the FAR; None where the set has
        too few impostor pairs for the FAR. far_thresholds: those thresholds.
    genuine_histogram, impostor_histogram: pairs in bins of HISTOGRAM_WIDTH from -1 to 1.
    """

    genuine_pairs: int
    genuine_mean: Interval | None
    genuine_std: float | None
    impostor_pairs: int
    impostor_mean: Interval
    impostor_std: float
    false_accepts: Interval
    false_accept_pairs: int
    true_accepts: float | None
    auc: float | None
    tar_at_far: dict[float, float | None]
    far_thresholds: dict[float, float | None]
    genuine_histogram: Int64[np.ndarray, " bins"] = field(repr=False)
    impostor_histogram: Int64[np.ndarray, " bins"] = field(repr=False)


@dataclass(frozen=True)
class Separability:
    """What a judge sees in n images of p people.

    plain: the embeddings as they are. centred: the people are dealt into two halves, the mean embedding of the other
        half (every person counts the same) is taken away from each, and only pairs within a half are compared; so what
        all people have in common is gone, learnt from other people. None with fewer than four people.
    closest: the most similar pairs of people, each by its two most similar images, most similar first.
    furthest: the people with the least similar two images, least similar first.
    single_image_people: people with one image, who have no genuine pairs.
    """

    images: int
    people: int
    single_image_people: int
    threshold: float
    plain: PairFigures
    centred: PairFigures | None
    closest: tuple[ImagePair, ...]
    furthest: tuple[ImagePair, ...]


def separability(
    embeddings: Float[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    threshold: float,
    seed: int = 0,
    shown: int = 12,
) -> Separability:
    """Work out every figure from embeddings of any length above 0 and the person of each.

    `seed` is of the bootstrap over people; `shown` pairs are kept as closest and as furthest. 10,000 images take about
    ten seconds. Raises FacewrightError for fewer than two people, a threshold outside -1 .. 1 or embeddings that are
    zero or not finite.
    """
    if not -1 <= threshold <= 1:
        raise FacewrightError(f"threshold: found {threshold:g}, expected a cosine similarity from -1 to 1")
    _, people = np.unique(labels, return_inverse=True)
    order = np.argsort(people, kind="stable")
    people, unit = people[order], _unit(embeddings[order])
    sizes = np.bincount(people)
    if len(sizes) < 2:
        raise FacewrightError(f"labels: found {len(sizes)} people, expected 2 or more")

    counts = count_pairs(unit, sizes, threshold, shown)
    return Separability(
        images=len(unit),
        people=len(sizes),
        single_image_people=int(np.count_nonzero(sizes == 1)),
        threshold=threshold,
        plain=_figures([counts], threshold, seed),
        centred=_centred(unit, people, threshold, seed) if len(sizes) >= 4 else None,
        closest=tuple(pair.renamed(order) for pair in counts.closest),
        furthest=tuple(pair.renamed(order) for pair in counts.furthest),
    )


def _unit(embeddings: Float[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
    exact = np.asarray(embeddings, np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise FacewrightError("embeddings: a row is zero or not finite, expected directions")
    return np.asarray(exact / lengths, np.float32)


def _centred(
    unit: Float32[np.ndarray, "n d"], people: Int[np.ndarray, " n"], threshold: float, seed: int
) -> PairFigures:
    """Every second person is one half."""
    sizes = np.bincount(people)
    starts = np.cumsum(sizes) - sizes
    person_means = np.add.reduceat(unit.astype(np.float64), starts, axis=0) / sizes[:, None]
    halves = []
    for half in (0, 1):
        mean = person_means[1 - half :: 2].mean(axis=0)
        centred = unit[people % 2 == half] - mean
        centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
        halves.append(count_pairs(centred.astype(np.float32), sizes[half::2], threshold, 0))
    return _figures(halves, threshold, seed)


def _figures(parts: list[PairCounts], threshold: float, seed: int) -> PairFigures:
    """The figures of one or several groups of people who were compared within their group."""
    genuine = np.concatenate([part.genuine for part in parts])
    impostors = np.sum([part.histogram for part in parts], axis=0)
    impostor_pairs = int(impostors.sum())
    mean = sum(part.impostor_sum for part in parts) / impostor_pairs
    square = sum(part.impostor_square_sum for part in parts) / impostor_pairs
    accepted = sum(int(part.accepted.sum()) for part in parts)
    resampled = resample_people(parts, seed)
    binned = bin_counts(genuine)
    tar, thresholds = _tar_at_far(binned, impostors)
    return PairFigures(
        genuine_pairs=len(genuine),
        genuine_mean=_interval(float(genuine.mean(dtype=np.float64)), resampled.genuine_mean)
        if len(genuine)
        else None,
        genuine_std=float(genuine.std(dtype=np.float64)) if len(genuine) else None,
        impostor_pairs=impostor_pairs,
        impostor_mean=_interval(mean, resampled.impostor_mean),
        impostor_std=float(np.sqrt(max(square - mean * mean, 0.0))),
        false_accepts=_interval(accepted / impostor_pairs, resampled.false_accepts),
        false_accept_pairs=accepted,
        true_accepts=float(np.mean(genuine >= threshold)) if len(genuine) else None,
        auc=_auc(binned, impostors) if len(genuine) else None,
        tar_at_far=tar,
        far_thresholds=thresholds,
        genuine_histogram=_coarse(binned),
        impostor_histogram=_coarse(impostors),
    )


def _interval(estimate: float, resampled: Float[np.ndarray, " r"]) -> Interval:
    low, high = np.nanpercentile(resampled, [2.5, 97.5])
    return Interval(estimate, float(low), float(high))


def _auc(genuine: Int64[np.ndarray, " bins"], impostors: Int64[np.ndarray, " bins"]) -> float:
    """Chance that a genuine pair lies in a higher bin than an impostor pair, the same bin counting half."""
    below = np.cumsum(impostors) - impostors
    return float(np.sum(genuine * (below + impostors / 2)) / (genuine.sum() * impostors.sum()))


def _tar_at_far(
    genuine: Int64[np.ndarray, " bins"], impostors: Int64[np.ndarray, " bins"]
) -> tuple[dict[float, float | None], dict[float, float | None]]:
    """TAR and threshold for each of FARS; the threshold is the lowest bin edge with few enough impostors above."""
    total, pairs = int(impostors.sum()), int(genuine.sum())
    above = np.append(np.cumsum(impostors[::-1])[::-1], 0)  # impostors in bin b and higher
    tar: dict[float, float | None] = {}
    thresholds: dict[float, float | None] = {}
    for far in FARS:
        allowed = np.floor(far * total + 1e-9)
        edge = int(np.argmax(above <= allowed))
        resolved = allowed >= 1
        tar[far] = float(genuine[edge:].sum() / pairs) if resolved and pairs else None
        thresholds[far] = edge * BIN_WIDTH - 1 if resolved else None
    return tar, thresholds


def _coarse(counts: Int64[np.ndarray, " bins"]) -> Int64[np.ndarray, " coarse"]:
    return np.asarray(counts.reshape(-1, round(HISTOGRAM_WIDTH / BIN_WIDTH)).sum(axis=1))
