"""What a person looks like beside their geometry: tones, brows, hair, beard; drawn to go together."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float64

from facewright.people.identity import Identity
from facewright.streams import Factor, Streams

__all__ = ["Traits", "draw_traits"]


@dataclass(frozen=True)
class Traits:
    """Everything that paints and dresses a head, each 0 .. 1 unless said otherwise."""

    masculinity: float
    age: float
    """0 a young adult, 1 old."""
    african: float
    asian: float
    caucasian: float
    melanin: float
    redness: float
    """-1 .. 1 either side of usual, as `yellowness`."""
    yellowness: float
    blotches: float
    freckles: float
    dark_sockets: float
    lip_redness: float
    """-1 .. 1."""
    lip_strength: float
    iris_lightness: float
    brow_thickness: float
    brow_strength: float
    hair_lightness: float
    hair_red: float
    grey: float
    baldness: float
    """0 full hair, 1 shaved or bald."""
    hairline: float
    """0 low .. 1 receding."""
    hair_texture: float
    """0 straight, 1 tightly curled."""
    hair_cropped: float
    """Coefficients of the head's hair outlines: this one, `hair_top`, `_sides`, `_back` and `_long`."""
    hair_top: float
    hair_sides: float
    hair_back: float
    hair_long: float
    beard: float
    """0 shaved, about .3 stubble, 1 full."""
    moustache: float

    def as_columns(self) -> dict[str, float]:
        """Name and value of each, for a parameter table."""
        return {f.name: float(getattr(self, f.name)) for f in fields(self)}


def draw_traits(identity: Identity, streams: Streams) -> Traits:
    """Draw a person's traits: skin, hair and beard follow age, gender, ancestry and chance."""
    skin = streams.uniform(Factor.ALBEDO, 0, 1, 16)[0]
    hair = streams.uniform(Factor.HAIR, 0, 1, 24)[0]
    masculinity, age = identity.masculinity, identity.age
    african, asian, caucasian = identity.african, identity.asian, identity.caucasian
    male = masculinity > 0.5
    melanin = float(
        np.clip(0.86 * african + 0.36 * asian + 0.2 * caucasian + 0.5 * (skin[1] - 0.5), 0.0, 1.0)
    )
    fair = caucasian * (1 - melanin)
    grey = float(np.clip(2.2 * (age - 0.55) + 0.8 * (hair[1] - 0.5), 0, 1))
    bald = bool(male and hair[2] < 0.12 + 0.3 * age)
    return Traits(
        masculinity=masculinity,
        age=age,
        african=african,
        asian=asian,
        caucasian=caucasian,
        melanin=melanin,
        redness=2 * skin[2] - 1,
        yellowness=2 * skin[3] - 1,
        blotches=skin[4],
        freckles=max(0.0, skin[5] - 0.75) * 4 * fair,
        dark_sockets=skin[6] * (0.4 + 0.6 * age),
        lip_redness=2 * skin[7] - 1,
        lip_strength=0.45 + 0.4 * skin[8] + (0.15 if not male and skin[9] > 0.6 else 0.0),
        iris_lightness=float(np.clip(skin[10] * 2.2 * fair - 0.1 + 0.1 * skin[11], 0, 1)),
        brow_thickness=float(np.clip(0.2 + 0.45 * hair[3] + (0.25 if male else 0.0), 0, 1)),
        brow_strength=0.5 + 0.5 * hair[4],
        hair_lightness=float(np.clip(hair[5] * (0.15 + 1.3 * fair), 0, 1)),
        hair_red=max(0.0, hair[6] - 0.88) * 8 * fair,
        grey=grey,
        baldness=1.0 if bald else 0.0,
        hairline=float(np.clip(0.1 + 0.5 * hair[7] + (0.35 * age if male else -0.1), 0, 1)),
        hair_texture=float(np.clip(0.75 * african + 0.5 * (hair[8] - 0.35), 0, 1)),
        **_hair_outline(male, bald, hair[9:16]),
        **_facial_hair(male, hair[16:20]),
    )


def _hair_outline(male: bool, bald: bool, p: Float64[np.ndarray, " 7"]) -> dict[str, float]:
    """How far hair stands out where: three women in four have long hair, and one man in ten."""
    if bald:
        return {"hair_cropped": 0.0, "hair_top": 0.0, "hair_sides": 0.0, "hair_back": 0.0, "hair_long": 0.0}
    long = p[0] < (0.1 if male else 0.75)
    full = 0.5 if male and not long else 1.0
    return {
        "hair_cropped": 0.3 + 0.7 * p[1],
        "hair_top": 0.1 + 0.7 * full * p[2],
        "hair_sides": 0.8 * full * p[3],
        "hair_back": full * p[4],
        "hair_long": 0.4 + 0.6 * p[5] if long else 0.0,
    }


def _facial_hair(male: bool, p: Float64[np.ndarray, " 4"]) -> dict[str, float]:
    """Beard and moustache: a third of men have some; most of the others show where it would grow."""
    if not male:
        return {"beard": 0.0, "moustache": 0.0}
    shadow = 0.2 * p[1]
    grown = 0.25 + 0.75 * p[1]
    beard = grown if p[0] < 0.25 else shadow
    moustache = 0.7 * grown if p[0] < 0.2 or p[2] < 0.08 else shadow
    return {"beard": beard, "moustache": moustache}
