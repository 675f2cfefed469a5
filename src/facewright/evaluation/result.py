"""What a benchmark found, and how it is written down."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from facewright import __version__
from facewright.errors import FacewrightError
from facewright.evaluation.metrics import (
    Interval,
    accuracy,
    auc,
    bootstrap,
    eer,
    paired_bootstrap,
    tar_at_far,
)
from facewright.formats.atomic import write_atomic

__all__ = ["FARS", "Comparison", "VerificationResult", "compare", "summarise", "write_result"]

FARS = (0.1, 0.01, 0.001, 0.0001)
_RESAMPLES = 1000


@dataclass(frozen=True)
class VerificationResult:
    """One model on one set of pairs.

    accuracy_std: what it is the deviation of is said in `protocol`.
    accuracy_interval: 95% bootstrap interval over pairs, (low, high).
    tar_at_far: FAR -> TAR, None where there are too few impostor pairs to tell (see `metrics.tar_at_far`).
    not_found: photos without a detected face, cropped by LFW's average landmarks.
    scores, margins, same: cosine of each pair, the same minus its threshold, and the truth; not in the JSON.
    """

    benchmark: str
    model: str
    alignment: str
    protocol: str
    pairs: int
    not_found: int
    accuracy: float
    accuracy_std: float
    accuracy_interval: tuple[float, float]
    threshold: float
    auc: float
    eer: float
    tar_at_far: dict[float, float | None]
    version: str
    scores: Float64[np.ndarray, " n"] = field(repr=False, compare=False)
    margins: Float64[np.ndarray, " n"] = field(repr=False, compare=False)
    same: Bool[np.ndarray, " n"] = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The figures as plain data; the arrays are left out, FARs become strings such as "0.001"."""
        arrays = ("scores", "margins", "same")
        plain = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in arrays}
        return plain | {
            "accuracy_interval": list(self.accuracy_interval),
            "tar_at_far": {f"{far:g}": tar for far, tar in self.tar_at_far.items()},
        }


@dataclass(frozen=True)
class Comparison:
    """How much better the first of two models is on the same pairs, with paired 95% intervals."""

    accuracy: Interval
    auc: Interval


def summarise(
    *,
    benchmark: str,
    model: str,
    alignment: str,
    protocol: str,
    scores: Float64[np.ndarray, " n"],
    margins: Float64[np.ndarray, " n"],
    same: Bool[np.ndarray, " n"],
    threshold: float,
    accuracy_std: float,
    not_found: int,
) -> VerificationResult:
    """Work out every figure of a result from its scores. Each pair is accepted when its margin is 0 or more."""
    interval = bootstrap(margins, same, accuracy, seed=0, resamples=_RESAMPLES)
    return VerificationResult(
        benchmark=benchmark,
        model=model,
        alignment=alignment,
        protocol=protocol,
        pairs=len(same),
        not_found=not_found,
        accuracy=accuracy(margins, same),
        accuracy_std=accuracy_std,
        accuracy_interval=(interval.low, interval.high),
        threshold=threshold,
        auc=auc(scores, same),
        eer=eer(scores, same),
        tar_at_far=tar_at_far(scores, same, FARS),
        version=__version__,
        scores=scores,
        margins=margins,
        same=same,
    )


def compare(first: VerificationResult, second: VerificationResult, seed: int = 0) -> Comparison:
    """Paired bootstrap of two models. Raises FacewrightError when they were not asked the same pairs."""
    if not np.array_equal(first.same, second.same) or first.benchmark != second.benchmark:
        raise FacewrightError(
            f"cannot compare {first.benchmark} with {second.benchmark}: expected the same pairs"
        )
    return Comparison(
        paired_bootstrap(first.margins, second.margins, first.same, accuracy, seed, _RESAMPLES),
        paired_bootstrap(first.scores, second.scores, first.same, auc, seed, _RESAMPLES),
    )


def write_result(path: Path, result: VerificationResult) -> None:
    """Write `to_json` by atomic rename. Raises FacewrightError naming the file when it cannot be written."""
    write_atomic(path, [(json.dumps(result.to_json(), indent=2) + "\n").encode()])
