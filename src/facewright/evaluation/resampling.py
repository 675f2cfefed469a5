"""How much a set's figures would move with other people: a bootstrap over people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from facewright.evaluation.pairs import PairCounts

__all__ = ["Resampled", "resample_people"]

_RESAMPLES = 1000


@dataclass(frozen=True)
class Resampled:
    """A figure's value in each of r resamples; nan where a resample has no such pairs."""

    genuine_mean: Float64[np.ndarray, " r"]
    impostor_mean: Float64[np.ndarray, " r"]
    false_accepts: Float64[np.ndarray, " r"]


def resample_people(parts: Sequence[PairCounts], seed: int, resamples: int = _RESAMPLES) -> Resampled:
    """Draw each part's people with replacement and work the figures out anew from what `PairCounts` keeps.

    A pair of two people drawn i and j times counts i * j times; copies of one person are never compared, they would be
    no impostors. With weights w, sums over pairs of different people are (sum squared - sum of squares) / 2.
    """
    generator = np.random.default_rng(seed)
    totals = np.zeros((5, resamples))
    for part in parts:
        people = len(part.sizes)
        weights = generator.multinomial(people, np.full(people, 1 / people), size=resamples).astype(
            np.float64
        )
        squared = weights * weights
        own = np.sum(part.person_sums**2, axis=1)
        totals += [
            weights @ part.genuine_sums,
            weights @ (part.sizes * (part.sizes - 1) / 2),
            (np.sum((weights @ part.person_sums) ** 2, axis=1) - squared @ own) / 2,
            ((weights @ part.sizes) ** 2 - squared @ (part.sizes**2)) / 2,
            np.sum(weights * (part.accepted.T @ weights.T).T, axis=1),
        ]
    genuine_sum, genuine_pairs, impostor_sum, impostor_pairs, accepted = totals
    return Resampled(
        genuine_mean=_ratio(genuine_sum, genuine_pairs),
        impostor_mean=_ratio(impostor_sum, impostor_pairs),
        false_accepts=_ratio(accepted, impostor_pairs),
    )


def _ratio(sums: Float64[np.ndarray, " r"], counts: Float64[np.ndarray, " r"]) -> Float64[np.ndarray, " r"]:
    return np.asarray(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))
