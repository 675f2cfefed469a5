"""Zones of a face: where the skin of people is lighter, darker or redder than painted blood and pigment make it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from facewright.models.embedded import ZONE_STEPS
from facewright.models.morphable import Part
from head.masks import Texels

__all__ = ["skin_zones"]

_FILE = Path(__file__).with_suffix(".csv")
_REACH_MM = 4.0
_NEIGHBOURS = 40
_REDDER = np.array([0.35, -1.0, -0.9])
"""What one unit of redness adds to the share of red, green and blue."""
_FOREHEAD_MM, _FOREHEAD_SHARE = (28.7, 40.7), 0.3
_NECK_MM = (-95.0, -80.0)
_SIDE_MM = (-5.0, 25.0)
_MARGIN = 4
"""Texels round an island that take part."""


def skin_zones(texels: Texels, masks: dict[str, np.ndarray]) -> np.ndarray:
    """(S, S, 3) int8: what is added to the albedo of every texel, in `ZONE_STEPS` parts of it; symmetric.

    masks: those of `paint_masks`. zones.csv holds lightness and redness at places of one half of the usual head. Like
    usual.csv they were fitted so that two recognisers trained on photographs find less in common between all drawn
    people, under a limit on how much and how sharply they change; docs/LOG.md tells how.
    """
    rows = np.genfromtxt(_FILE, delimiter=",", skip_header=1)
    places = np.abs(texels.positions_mm * [1, 0, 0]) + texels.positions_mm * [0, 1, 1]
    share = _share(texels, masks)
    found = np.flatnonzero(share > 0.02)
    distance, near = cKDTree(rows[:, :3]).query(places[found], k=_NEIGHBOURS)
    weight = np.exp(-0.5 * (distance / _REACH_MM) ** 2)
    weight *= (share[found] / weight.sum(axis=1))[:, None]
    lightness, redness = np.einsum("tk,tkc->ct", weight, rows[near, 3:])
    added = np.zeros((len(places), 3))
    added[found] = lightness[:, None] + redness[:, None] * _REDDER
    steps = np.round(added * ZONE_STEPS)
    if (largest := np.abs(steps).max()) > np.iinfo(np.int8).max:
        raise RuntimeError(
            f"{_FILE}: found {largest / ZONE_STEPS:.2f} of the albedo, expected less than a quarter"
        )
    return np.asarray(steps.astype(np.int8).reshape(texels.size, texels.size, 3))


def _share(texels: Texels, masks: dict[str, np.ndarray]) -> np.ndarray:
    """Of the zones in each texel (n,): all of them on the face, few on the forehead, none on ears, neck and skull."""
    _, y, z = texels.positions_mm.T
    own = (np.stack(np.divmod(np.arange(len(z)), texels.size)[::-1], axis=1) + 0.5) / texels.size
    skin = (texels.parts == Part.SKIN) & (np.abs(texels.uvs - own).max(axis=1) * texels.size < _MARGIN)
    out = _ramp(z, *_SIDE_MM) * _ramp(y, *_NECK_MM) * skin
    out *= 1 - (1 - _FOREHEAD_SHARE) * _ramp(y, *_FOREHEAD_MM)
    for name in ("ears", "neck"):
        out *= 1 - masks[name].reshape(-1) / 255
    return np.asarray(out)


def _ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.clip((values - low) / (high - low), 0, 1)
