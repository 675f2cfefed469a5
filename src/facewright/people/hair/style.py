"""The numbers that a hair style consists of, and how a person's are drawn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from facewright.errors import FacewrightError
from facewright.people.hair.families import FACIAL_HAIR, FAMILIES, USUAL, Ranges, family_weights
from facewright.people.traits import Traits
from facewright.streams import Factor, Streams

__all__ = ["HairStyle", "Kinds", "draw_hair_style", "draw_kinds", "rearranged", "style_values"]


@dataclass(frozen=True)
class HairStyle:
    """One person's hair and beard: the parameters of the growth model. Lengths in mm of the mean head.

    Places named by a height (`_mm` with y) are in the head frame; shares are 0 .. 1.
    """

    length_top: float
    length_sides: float
    length_back: float
    length_fringe: float
    cut_mm: float
    """Height y at which hanging hair ends."""
    volume_top: float
    """How far hair stands off the skull, as `volume_sides`, `_back` and `_front`."""
    volume_sides: float
    volume_back: float
    volume_front: float
    part_mm: float
    """x of the parting line."""
    parted: float
    """0 combed away from the crown, 1 away from the parting line."""
    swept: float
    """Combed backwards."""
    fringe: float
    """Hair of the forehead combed forwards."""
    fringe_side: float
    """-1 .. 1: and sideways."""
    lift: float
    """How steeply hair leaves the skin."""
    fall: float
    """Falling hair drifts backwards (-1) or over the cheeks (1)."""
    frame_mm: float
    """Half the width of the face that falling hair leaves free."""
    gravity: float
    cling: float
    """How much hair is drawn back to the skull's outline."""
    puff: float
    """Hair begins at its outline instead of on the skin: afros, tight curls."""
    frizz: float
    """Disorder of single locks."""
    wave_mm: float
    wave_length_mm: float
    tied: float
    """Above .5: all hair runs to a knot."""
    knot_rise: float
    """Slope of the line from the skull's middle to the knot at the back."""
    tail_mm: float
    bun_mm: float
    """The bun's radius; 0 a ponytail."""
    hairline_mm: float
    """Height of the hairline above the lowest one; `temples_mm` is added there, `peak_mm` taken off in the middle."""
    temples_mm: float
    peak_mm: float
    sideburn_mm: float
    """How far above the lowest line hair begins in front of the ears."""
    crown_mm: float
    """Radius of a bald spot on the crown."""
    horseshoe_mm: float
    """Height y above which the head is bald."""
    fade_mm: float
    """Height y (beside the ear) below which hair is clipped to the skin."""
    front_mm: float
    """z of the front edge of hanging hair beside the face."""
    ground: float
    """How much roots darken the scalp: 1 under hair, less where it is shaved."""
    cards: float
    """How many cards would grow without bald places."""
    width_mm: float
    curl: float
    """0 straight strands, 1 tight curls, in the texture."""
    beard_mm: float
    """0 no beard that stands off the skin."""
    moustache_mm: float
    beard_cover: float
    """0 chin only, 1 up to the ears."""
    cheek_mm: float
    """Above 0: cheeks are shaved above the jaw, the lower the more."""
    beard_width: float
    strands: float
    """Seed of chance for single locks, a whole number below 2**24."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value):
                raise FacewrightError(f"hair style {field.name}: found {value}, expected a finite number")
        if not 0 <= self.cards <= 2000:
            raise FacewrightError(f"hair style cards: found {self.cards}, expected 0 .. 2000")
        if not 0 <= self.strands < 2**24:
            raise FacewrightError(f"hair style strands: found {self.strands}, expected 0 .. 16777215")

    def as_columns(self) -> dict[str, float]:
        """Name and value of each, for a parameter table."""
        return {f"hairstyle_{f.name}": float(getattr(self, f.name)) for f in fields(self)}


def draw_hair_style(traits: Traits, streams: Streams) -> HairStyle:
    """Draw a person's style: a family that suits age, gender, ancestry and baldness, then each number in its range."""
    kinds = draw_kinds(traits, streams)
    each = streams.uniform(Factor.HAIR, 1, 1, len(fields(HairStyle)))[0].tolist()
    values = style_values(USUAL | FAMILIES[kinds.family] | FACIAL_HAIR[kinds.facial_hair], each)
    if kinds.mirrored:
        values["part_mm"], values["fringe_side"] = -values["part_mm"], -values["fringe_side"]
    values["hairline_mm"] += 15.0 * (traits.hairline - 0.3)
    if traits.masculinity > 0.5:
        values["temples_mm"] += 8.0 * traits.hairline
    else:
        values["sideburn_mm"] += 22.0
    values["curl"] = min(max(values["curl"] + 0.6 * (traits.hair_texture - 0.4), 0.0), 1.0)
    return HairStyle(**values)


@dataclass(frozen=True)
class Kinds:
    """What of a style is not a matter of degree: names of `FAMILIES` and `FACIAL_HAIR`, and the parting's side."""

    family: str
    facial_hair: str
    mirrored: bool


def draw_kinds(traits: Traits, streams: Streams) -> Kinds:
    """Draw what kind of hair and beard a person wears; near relatives usually have the same."""
    family, beard, side = streams.choice(Factor.HAIR, 2, 3).tolist()
    return Kinds(_choose(family_weights(traits), family), _beard(traits, beard), side < 0.5)


# What is different when long hair is done differently; where it grows, what was cut and how it curls is not.
_ARRANGEMENT = (
    *(
        "volume_top",
        "volume_sides",
        "volume_back",
        "volume_front",
        "part_mm",
        "parted",
        "lift",
        "fall",
        "frame_mm",
    ),
    *("gravity", "cling", "front_mm", "tied", "knot_rise", "tail_mm", "bun_mm", "cards", "width_mm"),
)
_LONG_MM = -90.0
"""Hair that hangs below this height can be tied."""


def rearranged(style: HairStyle, streams: Streams, number: int) -> HairStyle:
    """The same hair done differently: long hair tied or let down, short hair fuller, flatter or to the other side."""
    shares = streams.uniform(Factor.HAIR, 3 + number, 1, len(fields(HairStyle)))[0].tolist()
    at = dict(zip((field.name for field in fields(HairStyle)), shares, strict=True))
    changed = {name: getattr(style, name) * (0.6 + 0.6 * at[name]) for name in ("beard_mm", "moustache_mm")}
    if -900 < style.cut_mm < _LONG_MM:
        tie = at["tied"] < (0.3 if style.tied > 0.5 else 0.6)
        family = ("bun" if at["tail_mm"] < 0.4 else "ponytail") if tie else "long_straight"
        fresh = style_values(USUAL | FAMILIES[family], shares)
        changed |= {name: fresh[name] for name in _ARRANGEMENT}
    else:
        fuller = 0.65 + 0.7 * at["volume_top"]
        changed |= {name: getattr(style, name) * fuller for name in _ARRANGEMENT if name.startswith("volume")}
        changed["lift"] = style.lift * (0.6 + 0.8 * at["lift"])
    side = -1.0 if at["part_mm"] < 0.35 else 1.0
    changed["part_mm"] = side * changed.get("part_mm", style.part_mm)
    changed["fringe_side"] = side * style.fringe_side
    return replace(style, **changed)


def style_values(ranges: Ranges, shares: Sequence[float]) -> dict[str, float]:
    """Each number of a style at its share of its range; hair is about equally thick everywhere."""
    at = dict(zip((field.name for field in fields(HairStyle)), shares, strict=True))
    for place in ("sides", "back", "front"):
        at[f"volume_{place}"] = 0.35 * at[f"volume_{place}"] + 0.65 * at["volume_top"]
    values = {name: low + (high - low) * at[name] for name, (low, high) in ranges.items()}
    values["strands"] = float(int(values["strands"]))
    return values


def _choose(weights: dict[str, float], chance: float) -> str:
    """The name whose share of the weights, laid end to end in their order, holds `chance`."""
    ends = list(itertools.accumulate(weights.values()))
    return next(name for name, end in zip(weights, ends, strict=True) if chance * ends[-1] <= end)


def _beard(traits: Traits, chance: float) -> str:
    """The kind of beard that traits with a full one may have."""
    if traits.beard < 0.5:
        return "moustache" if traits.moustache > 0.3 and chance < 0.6 else "none"
    return ("full", "goatee", "long")[min(int(chance * 3.2), 2)]
