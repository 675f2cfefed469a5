"""Free-form directions of identity: smooth displacements of the face that no target has.

A Gaussian process over the face in the sense of Lüthi et al., "Gaussian Process Morphable Models" (PAMI 2018): a
squared exponential kernel made symmetric about the middle of the face, cut off at its leading eigenfunctions.
"""

from __future__ import annotations

import numpy as np

from facewright.models.morphable import Part
from head.hair import smoothstep
from head.surface import Surface

__all__ = ["local_directions"]

_REACH_MM = 20.0
# Before the cut, which keeps nearly all of it; and how many functions each axis has.
_SPREAD_MM, _FUNCTIONS = 3.1, 40
_ASYMMETRIC_SPREAD_MM, _ASYMMETRIC_FUNCTIONS = 0.45, 16
_FLATTENING = 0.16
"""Share of the spectrum's slope that is taken away: more of the spread is in small forms, which tell faces apart."""
_SUPPORTS, _SEED = 1400, 0
_MIRROR = np.array([-1.0, 1.0, 1.0])
# Features that must keep their form have a share of the spread: lips must not part, wings of a nose that pinch or bulge
# look like clay, lids have directions of their own, cheeks beside hair must not fall in, chins be no spikes. Middle and
# half size in mm, of one side, and share.
_CALM = (
    (np.array([0.0, -69.0, 26.0]), np.array([36.0, 20.0, 40.0]), 0.18),
    (np.array([0.0, -25.0, 32.0]), np.array([18.0, 28.0, 40.0]), 0.29),
    (np.array([30.0, -1.5, 13.0]), np.array([24.0, 15.0, 40.0]), 0.45),
    (np.array([30.0, 20.5, 13.0]), np.array([34.0, 12.0, 40.0]), 0.57),
    (np.array([64.0, -36.0, -14.0]), np.array([20.0, 32.0, 40.0]), 0.62),
    (np.array([0.0, -108.0, 12.0]), np.array([30.0, 20.0, 40.0]), 0.6),
)


def local_directions(points: np.ndarray, surface: Surface) -> tuple[list[str], np.ndarray]:
    """Names and displacements (D, P, 3) by one standard deviation, of the mean head's points (P, 3).

    First those that are the same on both sides of the face, then those that make them differ.
    """
    amplitude = _amplitude(points, surface)
    candidates = surface.skin[amplitude[surface.skin] > 0.05]
    chosen = np.random.default_rng(_SEED).permutation(candidates)[:_SUPPORTS]
    odd, even = (_eigenfunctions(points, amplitude, chosen, sign) for sign in (-1.0, 1.0))
    names, out = [], []
    # Skin that meets in the middle of the face would rise to a ridge.
    parted = odd * (0.8 * smoothstep(np.abs(points[:, 0]), -8, 24))
    for name, (across, along), spread, count in (
        ("local", (parted, even), _SPREAD_MM, _FUNCTIONS),
        ("asymmetry", (even, odd), _ASYMMETRIC_SPREAD_MM, _ASYMMETRIC_FUNCTIONS),
    ):
        for axis, functions in enumerate((across, along, along)):
            fields = np.zeros((count, len(points), 3))
            fields[:, :, axis] = spread * functions[:count]
            out.append(fields)
        names += [f"{name}{i:03d}" for i in range(3 * count)]
    return names, np.concatenate(out)


def _amplitude(points: np.ndarray, surface: Surface) -> np.ndarray:
    """Share of the spread (P,): all of it on the face, nothing on neck, skull, teeth and tongue."""
    y, z = points[:, 1], points[:, 2]
    front = smoothstep(z, -70, -20) * smoothstep(y, -150, -110) * smoothstep(-y, -110, -60)
    loose = np.isin(surface.parts, (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE))
    sided = np.abs(points) * [1, 0, 0] + points * [0, 1, 1]
    near = [np.exp(-((((sided - middle) / half) ** 2).sum(axis=1) ** 2)) for middle, half, _ in _CALM]
    crowd = np.maximum(sum(near), 1)  # where two meet they share
    out = front * (
        1 - sum((1 - share) * weight for weight, (_, _, share) in zip(near, _CALM, strict=True)) / crowd
    )
    out[np.unique(surface.triangles[loose])] = 0
    return np.asarray(out)


def _eigenfunctions(points: np.ndarray, amplitude: np.ndarray, chosen: np.ndarray, sign: float) -> np.ndarray:
    """Leading functions (functions, P) of the kernel times the amplitudes, scaled by the roots of flatter eigenvalues.

    Nyström's extension from the supports `chosen` to all points. sign 1: even in x; -1: odd.
    """
    supports, share = points[chosen], amplitude[chosen]
    values, vectors = np.linalg.eigh(_kernel(supports, supports, sign) * share[:, None] * share)
    values, vectors = values[::-1][:_FUNCTIONS], vectors[:, ::-1][:, :_FUNCTIONS]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(_FUNCTIONS)])
    extended = amplitude[:, None] * (_kernel(points, supports, sign) * share) @ vectors
    flatter = values ** (1 - _FLATTENING)
    flatter *= values.sum() / flatter.sum()
    return np.asarray((extended * (np.sqrt(flatter) / values)).T)


def _kernel(a: np.ndarray, b: np.ndarray, sign: float) -> np.ndarray:
    def bell(b: np.ndarray) -> np.ndarray:
        squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * a @ b.T
        return np.exp(-squared / (2 * _REACH_MM**2))

    return np.asarray(bell(b) + sign * bell(b * _MIRROR))
