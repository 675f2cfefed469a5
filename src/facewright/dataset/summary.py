"""What is in a data set, in figures: what its card, `inspect` and the pictures beside them show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from facewright.formats.base import DatasetReader
from facewright.formats.tables import Columns, column_names, read_columns
from facewright.people.config import AGE_RANGE_YEARS
from facewright.scenes.worn import Slot

__all__ = ["QUANTITIES", "Quantity", "Summary", "summarise", "worn_shares"]


@dataclass(frozen=True)
class Quantity:
    """Something that varies: its title with the unit, the columns it comes from, and how."""

    title: str
    columns: tuple[str, ...]
    of: Callable[[Columns], Any]


def _luminance(rgb: Any) -> Any:
    """Rec. 709, of the last axis."""
    return rgb[..., 0] * 0.2126 + rgb[..., 1] * 0.7152 + rgb[..., 2] * 0.0722


def _key_share(columns: Columns) -> Any:
    """Irradiance of the key light against that of the mean of the environment (pi x its radiance)."""
    key = _luminance(columns["key_irradiance"])
    around = np.sqrt(np.pi) / 2 * _luminance(columns["light"][:, 0])  # pi L, L = c Y_00 = c / (2 sqrt(pi))
    return key / np.maximum(key + around, 1e-9)


QUANTITIES = (
    Quantity("yaw (deg)", ("yaw_deg",), lambda c: c["yaw_deg"]),
    Quantity("pitch (deg)", ("pitch_deg",), lambda c: c["pitch_deg"]),
    Quantity("roll (deg)", ("roll_deg",), lambda c: c["roll_deg"]),
    Quantity("distance (mm)", ("distance_mm",), lambda c: c["distance_mm"]),
    Quantity("ambient radiance", ("light",), lambda c: _luminance(c["light"][:, 0]) / (2 * np.sqrt(np.pi))),
    Quantity("key light's share", ("light", "key_irradiance"), _key_share),
    Quantity(
        "light from (deg)",
        ("key_direction",),
        lambda c: np.degrees(np.arctan2(c["key_direction"][:, 0], c["key_direction"][:, 2])),
    ),
    Quantity(
        "strongest expression", ("expression",), lambda c: np.abs(c["expression"]).max(axis=1, initial=0)
    ),
    Quantity("age (years)", ("trait_age",), lambda c: _years(c["trait_age"])),
    Quantity("masculinity", ("trait_masculinity",), lambda c: c["trait_masculinity"]),
    Quantity("melanin", ("trait_melanin",), lambda c: c["trait_melanin"]),
    Quantity("weight of the first", ("weight",), lambda c: c["weight"]),
)


def _years(age: Any) -> Any:
    youngest, oldest = AGE_RANGE_YEARS
    return youngest + (oldest - youngest) * age


@dataclass(frozen=True)
class Summary:
    """images_per_class: (classes,) images. values: those of each quantity by title, one for each image.

    shares: of images that show something, by what it is.
    """

    images_per_class: Int64[np.ndarray, " classes"]
    values: Mapping[str, Float64[np.ndarray, " images"]]
    shares: Mapping[str, float]


def summarise(reader: DatasetReader) -> Summary:
    """Read the tables of a data set; one from elsewhere has none, and only its classes are counted."""
    present = set(column_names(reader))
    quantities = [quantity for quantity in QUANTITIES if present.issuperset(quantity.columns)]
    wanted = {name for quantity in quantities for name in quantity.columns} | ({"worn"} & present)
    columns = read_columns(reader, sorted(wanted)) if wanted else {}
    values = {quantity.title: np.asarray(quantity.of(columns), np.float64) for quantity in quantities}
    shares = worn_shares(columns["worn"]) if "worn" in columns else {}
    return Summary(np.bincount(reader.labels, minlength=reader.classes), values, shares)


def worn_shares(worn: Any) -> dict[str, float]:
    """Share of images that show something in each slot. worn: (images, slots)."""
    names = {
        Slot.EYES: "eyewear",
        Slot.HEAD: "headwear",
        Slot.FACE: "masks",
        Slot.MAKE_UP: "make-up",
        Slot.HAIR: "restyled hair",
    }
    return {name: float(np.mean(worn[:, slot] > 0)) for slot, name in names.items()}
