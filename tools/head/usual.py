"""Where people are among the directions of identity: the mean of MakeHuman's sliders is not the mean of people."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

__all__ = ["usual_shape"]

_FILE = Path(__file__).with_suffix(".csv")
_MIRROR = np.array([-1.0, 1.0, 1.0])


def usual_shape(points: np.ndarray, names: list[str], basis_mm: np.ndarray) -> np.ndarray:
    """Displacements (P, 3) of the mean head's points (P, 3), from directions (K, P, 3) by their names; symmetric.

    usual.csv holds coefficients in standard deviations. They were fitted so that a face recogniser trained on
    photographs finds least in common between all drawn people, under the condition that widths and heights of eyes,
    nose, mouth and face, as parts of the distance between the pupils, stay or come nearer to those of adults
    (Farkas, "Anthropometry of the Head and Face", 1994); docs/LOG.md tells how.
    """
    with _FILE.open(newline="", encoding="utf-8") as file:
        coefficients = {row["direction"]: float(row["deviations"]) for row in csv.DictReader(file)}
    if unknown := coefficients.keys() - set(names):
        raise RuntimeError(f"{_FILE}: found {', '.join(sorted(unknown))}, expected names of directions")
    weights = np.array([coefficients.get(name, 0.0) for name in names])
    field = np.einsum("k,kpc->pc", weights, basis_mm)
    partner = cKDTree(points).query(points * _MIRROR)[1]
    return np.asarray((field + field[partner] * _MIRROR) / 2)
