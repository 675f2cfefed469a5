"""Outlines of lenses: one closed curve with a few continuous parameters, from round to cat-eye."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from facewright import _native

__all__ = ["POINTS", "Outline", "draw_outline"]

POINTS = 36


@dataclass(frozen=True)
class Outline:
    """A lens, subject's left: +u is towards the temple, +v up.

    width_mm, height_mm: of the box around it.
    squareness: 0 an ellipse .. 1 a rectangle with round corners.
    taper: how much wider the upper half is than the lower.
    lift: how far the upper outer corner is drawn up, in half heights.
    teardrop: how far the lower outline is drawn towards the temple, in half widths (aviators).
    """

    width_mm: float
    height_mm: float
    squareness: float
    taper: float = 0.0
    lift: float = 0.0
    teardrop: float = 0.0


def draw_outline(outline: Outline) -> Float64[np.ndarray, "P 2"]:
    """(POINTS, 2) mm about the box's middle, counter-clockwise from the temple."""
    circle, box = _unit_curves()
    curve = circle * (1 - outline.squareness) + box * outline.squareness
    u, v = curve[:, 0], curve[:, 1]
    upper, outer = v.clip(0, None), u.clip(0, None)
    lower = (-v).clip(0, None)
    u = u * (1 + outline.taper * v) + outline.teardrop * lower * (0.25 - 0.75 * u)
    v = v + outline.lift * (outer * outer * (0.35 + 0.65 * upper) - 0.3 * lower * outer)
    return np.stack([_spanning(u, outline.width_mm), _spanning(v, outline.height_mm)], axis=1)


def _spanning(values: Float64[np.ndarray, " P"], width: float) -> Float64[np.ndarray, " P"]:
    """Shifted and stretched to -width / 2 .. width / 2."""
    low, high = values.min(), values.max()
    spanned: Float64[np.ndarray, " P"] = ((values - low) / (high - low) - 0.5) * width
    return spanned


@functools.cache
def _unit_curves() -> tuple[Float64[np.ndarray, "P 2"], Float64[np.ndarray, "P 2"]]:
    """The unit circle, and the curve x^8 + y^8 = 1 at angles that come closer together in the corners."""
    step = np.arange(POINTS, dtype=np.float64) * (360 / POINTS)
    quarter = step % 90
    # Angles crowd towards 45 degrees, where a rectangle bends.
    part = quarter / 90
    eased = part + 0.9 * part * (1 - part) * (1 - 2 * part)
    turned = _native.sincos_deg(step - quarter + 90 * eased)
    sine, cosine = turned[:, 0], turned[:, 1]
    s2, c2 = sine * sine, cosine * cosine
    s4, c4 = s2 * s2, c2 * c2
    radius = 1 / np.sqrt(np.sqrt(np.sqrt(s4 * s4 + c4 * c4)))
    even = _native.sincos_deg(step)
    return even[:, ::-1].copy(), np.stack([cosine * radius, sine * radius], axis=1)
