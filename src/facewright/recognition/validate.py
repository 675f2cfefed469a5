"""How well a network tells people apart while it trains, on a development set: people it is not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from facewright.errors import FacewrightError
from facewright.evaluation.evaluate import draw_pairs
from facewright.evaluation.metrics import accuracy, auc, best_threshold
from facewright.geometry import CROPS
from facewright.recognition.embed import Embedder
from facewright.recognition.sources import Selection, Source, class_names, open_sources
from facewright.recognition.store import decode_image

__all__ = ["DevelopmentSet", "ValidationRow", "open_development_set"]

_PAIRS_PER_KIND = 1000


@dataclass(frozen=True)
class ValidationRow:
    """accuracy: of pairs at the threshold that is best on the other half of them. auc: area under the ROC curve."""

    step: int
    epoch: int
    accuracy: float
    auc: float


@dataclass(frozen=True)
class DevelopmentSet:
    """Crops and pairs of them, by row."""

    images: UInt8[np.ndarray, "n S S 3"]
    first: Int64[np.ndarray, " pairs"]
    second: Int64[np.ndarray, " pairs"]
    same: Bool[np.ndarray, " pairs"]

    def measure(self, embedder: Embedder, step: int, epoch: int) -> ValidationRow:
        """Accuracy and AUC of a network as it is."""
        vectors = embedder(self.images)
        scores = np.asarray(np.sum(vectors[self.first] * vectors[self.second], axis=1, dtype=np.float64))
        half = np.arange(len(scores)) % 2 == 0  # both kinds of pairs in both halves
        right = [
            accuracy(scores[part], self.same[part], best_threshold(scores[~part], self.same[~part]))
            for part in (half, ~half)
        ]
        return ValidationRow(step, epoch, float(np.mean(right)), auc(scores, self.same))


def open_development_set(text: str, crop: str, trained: Sequence[Selection], seed: int) -> DevelopmentSet:
    """Read a development set (typed as a `Source`) and draw its pairs.

    Raises FacewrightError when it shares its path or a person's name with a training set.
    """
    (selection,) = open_sources([Source.parse(text)])
    names = _named(selection)
    for other in trained:
        shared = names & _named(other)
        if selection.reader.path.resolve() == other.reader.path.resolve() or shared:
            found = f"people of {other.reader.path}" + (f", e.g. {min(shared)}" if shared else "")
            raise FacewrightError(f"{selection.reader.path}: found {found}, expected people not trained on")
    labels = selection.targets.labels[:, 0]
    rows = draw_pairs(labels, _PAIRS_PER_KIND, seed, str(selection.reader.path))
    used, places = np.unique(rows, return_inverse=True)
    first, second = places.reshape(-1, 2).T
    same = np.arange(len(rows)) < len(rows) // 2
    reader = selection.reader
    images = [
        decode_image(
            reader.read(int(row)), CROPS[crop].size_px, f"{reader.path}: image {reader.key(int(row))}"
        )
        for row in selection.rows[used]
    ]
    return DevelopmentSet(np.stack(images), first, second, same)


def _named(selection: Selection) -> set[str]:
    """Names of the chosen people that are names and not numbers."""
    chosen = np.unique(selection.reader.labels[selection.rows])
    names = class_names(selection.reader)
    return {names[int(label)] for label in chosen if not names[int(label)].isdigit()}
