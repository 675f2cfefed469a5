"""Plausible facial expressions as combinations of ARKit-style units, with gaze and blinks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from facewright.distributions import Distribution, Normal
from facewright.errors import FacewrightError
from facewright.scenes.grid import NOTHING_GIVEN, Given

__all__ = ["DRAWS", "KINDS", "ExpressionConfig", "draw_expressions"]

DRAWS = 16
"""Uniform numbers that one expression takes."""
_GAUSSIAN_LIMIT = 2.5

# Units of each kind of expression at full strength. "Left" and "Right" units are named once, without the side.
KINDS: dict[str, dict[str, float]] = {
    "neutral": {"mouthSmile": 0.2},
    "smile": {
        "mouthSmile": 1.2, "mouthStretch": 0.5, "mouthUpperUp": 0.6, "jawOpen": 0.07, "cheekSquint": 0.6,
        "eyeSquint": 0.3, "mouthDimple": 0.25, "browOuterUp": 0.1,
    },
    "laugh": {
        "mouthSmile": 1.4, "mouthStretch": 0.65, "mouthUpperUp": 0.75, "mouthLowerDown": 0.45, "jawOpen": 0.2,
        "cheekSquint": 0.85, "eyeSquint": 0.45, "mouthDimple": 0.2, "browInnerUp": 0.15,
    },
    "talk": {"jawOpen": 0.35, "mouthFunnel": 0.25, "mouthLowerDown": 0.25, "mouthUpperUp": 0.15},
    "press": {"mouthPress": 0.6, "mouthRollLower": 0.3, "mouthRollUpper": 0.3, "mouthShrugLower": 0.2},
    "surprise": {"browInnerUp": 0.7, "browOuterUp": 0.7, "eyeWide": 0.7, "jawOpen": 0.3},
    "frown": {"browDown": 0.7, "eyeSquint": 0.4, "mouthFrown": 0.6, "mouthShrugLower": 0.3},
    "disgust": {"noseSneer": 0.6, "mouthUpperUp": 0.35, "browDown": 0.4, "cheekSquint": 0.3},
    "pout": {"mouthPucker": 0.6, "mouthFunnel": 0.2},
}  # fmt: skip


@dataclass(frozen=True)
class ExpressionConfig:
    """How often each kind of expression occurs (weights, not necessarily summing to 1) and how strong it is."""

    neutral: float = 0.3
    smile: float = 0.26
    laugh: float = 0.16
    talk: float = 0.1
    press: float = 0.04
    surprise: float = 0.04
    frown: float = 0.05
    disgust: float = 0.02
    pout: float = 0.03
    expression_strength: float = 1.0
    coefficient: Distribution | None = None
    """Of the coefficients of a model with statistical expressions, in standard deviations; by default normal, with the
    strength above."""
    expression_dimensions: int | None = None
    """Only the first so many expression coefficients are used."""
    blink: float = 0.03
    """Probability of closed eyes."""
    gaze_deg: float = 12.0
    """Largest usual turn of the eyes."""

    def __post_init__(self) -> None:
        weights = [getattr(self, kind) for kind in KINDS]
        if min(weights) < 0 or sum(weights) <= 0:
            raise FacewrightError(
                f"expression weights: found {weights}, expected none below 0 and a sum above 0"
            )
        if not 0 <= self.expression_strength <= 1.5:
            raise FacewrightError(f"expression strength: found {self.expression_strength}, expected 0 .. 1.5")
        if not 0 <= self.gaze_deg <= 30:
            raise FacewrightError(f"expression gaze_deg: found {self.gaze_deg}, expected 0 .. 30")
        if not 0 <= self.blink <= 1:
            raise FacewrightError(f"expression blink: found {self.blink}, expected 0 .. 1")


def draw_expressions(
    config: ExpressionConfig,
    unit_names: tuple[str, ...],
    p: Float64[np.ndarray, "n draws"],
    gaussian: int = 0,
    given: Given = NOTHING_GIVEN,
) -> Float32[np.ndarray, "n units"]:
    """Coefficients 0 .. 1 of the model's `unit_names` for each row of `DRAWS` uniform numbers.

    Units that the model does not have are left out. The first `gaussian` names are statistical directions: they get
    coefficients from N(0, expression_strength^2), cut off at 2.5 standard deviations, from as many numbers more.
    The kind, a number in the order of `KINDS`, may be given.
    """
    units = {name: i for i, name in enumerate(unit_names)}
    out = np.zeros((len(p), len(unit_names)))
    weights = np.array([getattr(config, kind) for kind in KINDS])
    kind_of = np.searchsorted(np.cumsum(weights / weights.sum()), p[:, 0]).clip(0, len(KINDS) - 1)
    if "expression" in given:
        kind_of = given["expression"].astype(int)
    strength = config.expression_strength * (0.3 + 0.8 * p[:, 1])
    tilt = 0.12 * (p[:, 2] - 0.5)  # asymmetry between the sides
    for kind, name in enumerate(KINDS):
        rows = kind_of == kind
        for unit, amount in KINDS[name].items():
            _add(out, units, unit, rows * amount * strength, tilt)
    for column, unit in enumerate(
        ("browInnerUp", "browDown", "jawOpen", "mouthSmile", "mouthPress", "eyeSquint")
    ):
        small = (p[:, 3 + column] - 0.6).clip(0, None) * (0.2 if unit == "jawOpen" else 0.5)
        _add(out, units, unit, small, tilt)
    _add_gaze(out, units, config, p[:, 9], p[:, 10])
    blinking = p[:, 11] < config.blink
    drooping = 0.1 * p[:, 12] * p[:, 12]
    _add(out, units, "eyeBlink", np.where(blinking, 0.6 + 0.4 * p[:, 13], drooping), np.zeros(len(p)))
    out = out.clip(0, 1)
    each = p[:, DRAWS : DRAWS + gaussian]
    if gaussian and config.coefficient is not None:
        out[:, :gaussian] = config.coefficient.quantile(each)
    elif gaussian:
        limited = Normal(0, 1).quantile(each).clip(-_GAUSSIAN_LIMIT, _GAUSSIAN_LIMIT)
        out[:, :gaussian] = config.expression_strength * limited
    if config.expression_dimensions is not None:
        out[:, config.expression_dimensions :] = 0.0
    return np.ascontiguousarray(out, dtype=np.float32)


def _add(
    out: Float64[np.ndarray, "n units"],
    units: dict[str, int],
    name: str,
    amount: Float64[np.ndarray, " n"],
    tilt: Float64[np.ndarray, " n"],
) -> None:
    """Add to a unit, or to its left and right halves, one a little more than the other."""
    for unit, share in ((name, 1.0), (name + "Left", 1 + tilt), (name + "Right", 1 - tilt)):
        if unit in units:
            out[:, units[unit]] += amount * share


def _add_gaze(
    out: Float64[np.ndarray, "n units"],
    units: dict[str, int],
    config: ExpressionConfig,
    p_side: Float64[np.ndarray, " n"],
    p_height: Float64[np.ndarray, " n"],
) -> None:
    """Turn both eyes the same way. A look unit at 1 is a turn of about 25 degrees."""
    side = (2 * p_side - 1) * config.gaze_deg / 25
    height = (2 * p_height - 1) * 0.6 * config.gaze_deg / 25
    to_left, to_right = side.clip(0, None), (-side).clip(0, None)
    up, down = height.clip(0, None), (-height).clip(0, None)
    for unit, amount in (
        ("eyeLookOutLeft", to_left), ("eyeLookInRight", to_left),
        ("eyeLookOutRight", to_right), ("eyeLookInLeft", to_right),
        ("eyeLookUpLeft", up), ("eyeLookUpRight", up), ("eyeLookDownLeft", down), ("eyeLookDownRight", down),
    ):  # fmt: skip
        if unit in units:
            out[:, units[unit]] += amount
