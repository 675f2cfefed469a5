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
    beard: float
    """0 shaved, about .3 stubble, 1 full."""
    moustache: float
    eye_openness: float
    iris_size: float
    """A factor of the usual size, as `pupil_size`."""
    pupil_size: float
    iris_ring: float
    sclera_tone: float
    """0 clear and light .. 1 yellowish, veined and dark."""
    lashes: float
    crease: float
    """How much the crease above the lid shows; 0 for lids without one."""
    crease_height: float
    lid_shade: float
    bags: float
    brow_height: float
    """Up from the usual place, -1 .. 1, as `brow_arch` (bent) and `brow_slope` (outer end up)."""
    brow_arch: float
    brow_slope: float
    brow_taper: float
    """1 thins out towards the temple."""
    brow_bushy: float
    brow_inner: float
    """0 brows begin far from the nose, 1 they nearly meet."""
    lip_edge: float
    forehead_lines: float
    crows_feet: float
    nasolabial: float
    moles: float
    skin_contrast: float
    """How much cheeks, nose and eye sockets stand out from the rest."""

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
    bald = bool(male and hair[2] < 0.05 + 0.25 * age)
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
        dark_sockets=skin[6] * (0.2 + 0.8 * age),
        lip_redness=2 * skin[7] - 1,
        lip_strength=0.18 + 0.38 * skin[8] + (0.0 if male else 0.12),
        iris_lightness=float(np.clip(skin[10] * (0.2 + 1.4 * fair) - 0.05 + 0.1 * skin[11], 0, 1)),
        brow_thickness=float(np.clip(0.8 * hair[3] + (0.25 if male else -0.1), 0, 1)),
        brow_strength=0.05 + 0.95 * hair[4],
        hair_lightness=_hair_lightness(male, melanin, fair, hair),
        hair_red=max(0.0, hair[6] - 0.88) * 8 * fair,
        grey=grey,
        baldness=1.0 if bald else 0.0,
        hairline=float(np.clip(0.1 + 0.5 * hair[7] + (0.35 * age if male else -0.1), 0, 1)),
        hair_texture=float(np.clip(0.75 * african + 0.5 * (hair[8] - 0.35), 0, 1)),
        **_facial_hair(male, hair[16:20]),
        **_eyes(male, age, asian, streams.uniform(Factor.ALBEDO, 1, 1, 16)[0]),
        **_brows(male, streams.uniform(Factor.ALBEDO, 2, 1, 8)[0]),
        **_lines(male, age, streams.uniform(Factor.ALBEDO, 3, 1, 8)[0]),
    )


def _hair_lightness(male: bool, melanin: float, fair: float, p: Float64[np.ndarray, " 24"]) -> float:
    """Dark outside the fair; three women in ten dye theirs, to anything from brown to blond."""
    if not male and p[9] < 0.3:
        return float(0.35 + 0.65 * p[10] * (1 - 0.5 * melanin))
    return float(np.clip(p[5] * (0.12 + 1.4 * fair), 0, 1))


def _eyes(male: bool, age: float, asian: float, p: Float64[np.ndarray, " 16"]) -> dict[str, float]:
    folded = p[4] < 0.55 * asian
    return {
        "eye_openness": 0.1 + 0.5 * p[0] + 0.4 * p[1] - 0.1 * age + (0.0 if male else 0.06),
        "iris_size": 0.92 + 0.18 * p[2],
        "pupil_size": 0.75 + 0.6 * p[3],
        "iris_ring": p[5],
        "sclera_tone": min(1.0, 0.7 * p[6] + 0.4 * age),
        "lashes": min(1.0, 0.15 + 0.6 * p[7] + (0.0 if male else 0.25)),
        "crease": 0.1 * p[8] if folded else 0.2 + 0.8 * p[8],
        "crease_height": p[9],
        "lid_shade": p[10],
        "bags": min(1.0, p[11] * p[11] * (0.15 + 1.3 * age)),
    }


def _brows(male: bool, p: Float64[np.ndarray, " 8"]) -> dict[str, float]:
    return {
        "brow_height": 1.35 * (p[0] + p[1] - 1) - (0.2 if male else 0.0),
        "brow_arch": 0.8 * (p[2] + p[3] - 1) + (-0.2 if male else 0.15),
        "brow_slope": 2 * p[4] - 1,
        "brow_taper": p[5],
        "brow_bushy": min(1.0, 0.8 * p[6] + (0.2 if male else 0.0)),
        "brow_inner": p[7] * (1.0 if male else 0.85),
    }


def _lines(male: bool, age: float, p: Float64[np.ndarray, " 8"]) -> dict[str, float]:
    def with_age(chance: float, young: float, onset: float) -> float:
        return min(1.0, young * chance + max(0.0, age - onset) * (0.5 + 0.9 * chance))

    return {
        "lip_edge": p[0],
        "forehead_lines": with_age(p[1], 0.04, 0.35),
        "crows_feet": with_age(p[2], 0.02, 0.3),
        "nasolabial": with_age(p[3], 0.1, 0.25),
        "moles": p[4],
        "skin_contrast": p[5],
    }


def _facial_hair(male: bool, p: Float64[np.ndarray, " 4"]) -> dict[str, float]:
    """Beard and moustache: a third of men have some, a third of the others stubble; the rest shave."""
    if not male:
        return {"beard": 0.0, "moustache": 0.0}
    shadow = 0.1 * p[1] if p[3] < 0.65 else 0.2 + 0.15 * p[1]
    grown = 0.35 + 0.65 * p[1]
    beard = grown if p[0] < 0.28 else shadow
    moustache = 0.7 * grown if p[0] < 0.23 or p[2] < 0.1 else shadow
    return {"beard": beard, "moustache": moustache}
