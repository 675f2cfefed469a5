"""Distils MakeHuman's targets to a few independent, normally distributed directions of identity.

Everything is linear in the targets' weights: the rigid part is removed and the eyeballs are seated per target,
heads are sampled as weights, and the principal directions of those samples are combinations of targets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from head.source import Source

__all__ = ["ATTRIBUTES", "Distilled", "distil", "sample_weights", "target_names_and_rows"]

ATTRIBUTES = ("age", "gender", "african", "asian", "caucasian", "weight", "muscle")
_FOLDERS = (
    "eyes", "mouth", "ears", "nose", "head", "neck", "cheek", "chin", "forehead", "eyebrows", "asym",
)  # fmt: skip
# Standard deviation of a pair's coefficient; 1 is MakeHuman's slider at its end.
_SPREAD = {
    "mouth": 0.24, "ears": 0.20, "nose": 0.31, "head": 0.21, "neck": 0.12, "cheek": 0.28, "chin": 0.24,
    "forehead": 0.30, "asym": 0.035,
}  # fmt: skip
# Targets that turn people into caricatures sooner than others: factors on their folder's spread.
_CALMER = {
    "mouth/mouth-angles": 0.45, "mouth/mouth-laugh-lines": 0.4, "mouth/mouth-dimples": 0.5, "ears/ear-wing": 0.6,
    "nose/nose-septumangle": 0.6, "nose/nose-curve": 0.8, "nose/nose-point": 0.7, "nose/nose-hump": 0.7,
    "nose/nose-greek": 0.7, "nose/nose-scale-depth": 0.8, "nose/nose-compression": 0.7, "head/head-age": 0.5,
    "head/head-scale-horiz": 0.8, "chin/chin-prognathism": 0.7, "chin/chin-jaw-drop": 0.6,
    "forehead/forehead-nubian": 0.6,
}  # fmt: skip
_ONE_SIDED_SPREAD = 0.10
_SIDE_CORRELATION = 0.93
_OPPOSITES = {
    "decr": "incr", "down": "up", "in": "out", "backward": "forward", "concave": "convex",
    "compress": "uncompress",
}  # fmt: skip
_RACES = ("african", "asian", "caucasian")


@dataclass(frozen=True)
class Distilled:
    """mean (P, 3), basis (K, P, 3) for N(0, 1) coefficients, and how attributes (A,) follow from coefficients.

    attribute = offset (A,) + directions (A, K) @ coefficients. explained: share of the variance that was kept.
    """

    mean_mm: np.ndarray
    basis_mm: np.ndarray
    attribute_directions: np.ndarray
    attribute_offsets: np.ndarray
    explained: float


def target_names_and_rows(source: Source) -> tuple[list[str], list[np.ndarray]]:
    """Every target that shapes the adult head, as folder/name and rows of vertex index and displacement."""
    names, rows = [], []
    for folder in _FOLDERS:
        for name, target in source.targets(folder).items():
            if not name.startswith(("asymm-", "head-trans-", "neck-trans-")):
                names.append(f"{folder}/{name}")
                rows.append(target)
    for name, target in source.targets("macrodetails").items():
        if "-baby" not in name and "-child" not in name:
            names.append(f"macro/{name}")
            rows.append(target)
    return names, rows


def sample_weights(names: list[str], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (count, targets) of random adults and their attributes (count, A)."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((count, len(names)))
    column = {name: i for i, name in enumerate(names)}
    shared: dict[str, np.ndarray] = {}
    for low, high, folder in _pairs(names):
        stem = re.sub(r"/[lr]-", "/", high or low)
        common = shared.setdefault(stem, rng.standard_normal(count))
        z = common
        if stem != (high or low):
            z = _SIDE_CORRELATION * common + (1 - _SIDE_CORRELATION**2) ** 0.5 * rng.standard_normal(count)
        if high:
            spread = _SPREAD[folder] * _CALMER.get(stem.rpartition("-")[0], 1.0)
            value = np.clip(z * spread, -1, 1)
            weights[:, column[low]] = np.maximum(-value, 0)
            weights[:, column[high]] = np.maximum(value, 0)
        else:
            weights[:, column[low]] = np.clip(np.abs(z) * _ONE_SIDED_SPREAD, 0, 1)
    attributes = _sample_macros(weights, column, rng)
    return weights, attributes


def _pairs(names: list[str]) -> list[tuple[str, str, str]]:
    """(low, high, folder) of opposite targets; high is empty for a target without an opposite."""
    known, pairs, used = set(names), [], set()
    for name in names:
        folder = name.split("/")[0]
        if folder not in _SPREAD or name in used:
            continue
        stem, _, ending = name.rpartition("-")
        other = _OPPOSITES.get(ending, "r" if folder == "asym" and ending == "l" else "")
        partner = f"{stem}-{other}" if other and f"{stem}-{other}" in known else ""
        used.update({name, partner})
        if partner or not _is_high(ending, stem, known):
            pairs.append((name, partner, folder))
    return pairs


def _is_high(ending: str, stem: str, known: set[str]) -> bool:
    return any(high == ending and f"{stem}-{low}" in known for low, high in _OPPOSITES.items()) or (
        ending == "r" and f"{stem}-l" in known
    )


def _sample_macros(weights: np.ndarray, column: dict[str, int], rng: np.random.Generator) -> np.ndarray:
    count = len(weights)
    race = rng.dirichlet((0.5, 0.5, 0.5), count)
    male, old = rng.beta(0.5, 0.5, count), rng.beta(0.8, 1.8, count)
    heavy, muscle = np.clip(rng.normal(0, 0.45, (2, count)), -1, 1)
    genders = {"male": male, "female": 1 - male}
    ages = {"old": old, "young": 1 - old}
    sizes = {"min": np.maximum(-heavy, 0), "average": 1 - np.abs(heavy), "max": np.maximum(heavy, 0)}
    muscles = {"min": np.maximum(-muscle, 0), "average": 1 - np.abs(muscle), "max": np.maximum(muscle, 0)}
    for gender, in_gender in genders.items():
        for age, in_age in ages.items():
            share = in_gender * in_age
            for index, name in enumerate(_RACES):
                weights[:, column[f"macro/{name}-{gender}-{age}"]] = share * race[:, index]
            for strength, in_strength in muscles.items():
                for size, in_size in sizes.items():
                    name = f"macro/universal-{gender}-{age}-{strength}muscle-{size}weight"
                    if name in column:
                        weights[:, column[name]] = share * in_strength * in_size
    return np.stack([old, male, *race.T, heavy, muscle], axis=1)


def distil(
    mean_mm: np.ndarray,
    targets_mm: np.ndarray,
    weights: np.ndarray,
    attributes: np.ndarray,
    importance: np.ndarray,
    modes: int,
) -> Distilled:
    """Principal directions of the sampled heads, by importance (P,) of a point.

    mean_mm (P, 3) is the head of the mean weights, targets_mm (T, P, 3) the cleaned targets, weights (n, T) the
    samples, attributes (n, A) what they are like.
    """
    count = len(weights)
    centred = weights - weights.mean(axis=0)
    flat = targets_mm.reshape(len(targets_mm), -1)
    weighted = (targets_mm * np.sqrt(importance)[:, None]).reshape(len(targets_mm), -1)
    gram = weighted @ weighted.T
    # Heads are centred @ weighted. Their singular vectors follow from the (T, T) problem C^1/2 G C^1/2.
    values, vectors = np.linalg.eigh(centred.T @ centred / count)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    variances, directions = np.linalg.eigh(root @ gram @ root)
    variances, directions = variances[::-1], directions[:, ::-1]
    directions = directions * np.sign(
        directions[np.abs(directions).argmax(axis=0), np.arange(len(directions))]
    )
    combos = (root @ directions[:, :modes]).T
    basis = (combos @ flat).reshape(modes, -1, 3)
    # A head's coefficient is its projection on the direction, in standard deviations.
    scores = centred @ (gram @ combos.T) / variances[:modes]
    return Distilled(
        mean_mm=mean_mm,
        basis_mm=basis,
        attribute_directions=(attributes - attributes.mean(axis=0)).T @ scores / count,
        attribute_offsets=attributes.mean(axis=0),
        explained=float(variances[:modes].sum() / variances.sum()),
    )
