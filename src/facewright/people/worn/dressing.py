"""Everything that a person has on in their scenes, and which of it each scene shows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, UInt32

from facewright.errors import FacewrightError
from facewright.people.attachment import Attachment
from facewright.people.person import Person
from facewright.people.worn.eyewear import build_eyewear, draw_eyewear
from facewright.people.worn.facewear import build_mask, draw_mask
from facewright.people.worn.fit import FaceFit, measure_face
from facewright.people.worn.headwear import build_hat, draw_hat
from facewright.people.worn.scarf import build_scarf, draw_scarf
from facewright.people.worn.shell import measure_shell
from facewright.people.worn.style import draw_style
from facewright.people.worn.tuck import tucked
from facewright.scenes.scene import Scenes
from facewright.scenes.worn import Slot

__all__ = ["dress"]

_SCARF_WOMEN, _SCARF_MEN = 0.3, 0.02
"""Share of head scarves in headwear."""
_UNDER_MASKS = ("beard", "moustache")


def dress(person: Person, scenes: Scenes) -> tuple[tuple[Attachment, ...], Bool[np.ndarray, "n A"]]:
    """All attachments that any of the scenes shows, hair included, and which scene shows which: (n, A).

    Each style is built once, fitted to the person, and is a function of (person.seed, person.index, slot, style). With
    headwear, the person's usual hair is pulled in under it, one variant a style; under a head scarf there is none.
    Beards and moustaches are left out under masks.
    Raises FacewrightError when scenes.worn is not (n, 5).
    """
    worn = scenes.worn
    if worn.shape != (len(scenes), len(Slot)):
        raise FacewrightError(f"scenes worn: found shape {worn.shape}, expected {(len(scenes), len(Slot))}")
    on_head, on_face = worn[:, Slot.HEAD], worn[:, Slot.FACE]
    wardrobe = _Wardrobe(len(scenes))
    _add_hair(person, worn, wardrobe)
    if not worn[:, : Slot.MAKE_UP].any():
        return wardrobe.contents()
    fit = measure_face(person.model, person.neutral_mm)
    for number in _styles(worn[:, Slot.EYES]):
        style = draw_eyewear(draw_style(person.seed, person.index, Slot.EYES, number))
        wardrobe.add(build_eyewear(style, fit), worn[:, Slot.EYES] == number + 1)
    for number in _styles(on_head):
        wardrobe.add(_headwear(person, fit, number), on_head == number + 1)
    for number in _styles(on_face):
        mask = draw_mask(draw_style(person.seed, person.index, Slot.FACE, number))
        wardrobe.add(build_mask(mask, person.model, person.neutral_mm, fit), on_face == number + 1)
    return wardrobe.contents()


def _add_hair(person: Person, worn: UInt32[np.ndarray, "n 5"], wardrobe: _Wardrobe) -> None:
    """Hair and beard, in the arrangement of each scene."""
    bare, unmasked = worn[:, Slot.HEAD] == 0, worn[:, Slot.FACE] == 0
    arranged = np.where(bare, worn[:, Slot.HAIR], 0) if person.restyled else np.zeros(len(worn), np.uint32)
    for number in np.unique(arranged).tolist():
        hair = person.restyled(number - 1) if person.restyled and number > 0 else person.hair
        for one in hair:
            free = unmasked if one.name in _UNDER_MASKS else bare
            wardrobe.add((one,), free & (arranged == number))


def _headwear(person: Person, fit: FaceFit, number: int) -> tuple[Attachment, ...]:
    """One style of hat or scarf with the hair that it leaves to see."""
    masculinity = person.traits.get("masculinity", 0.5)
    draws = draw_style(person.seed, person.index, Slot.HEAD, number)
    shell = measure_shell(person.model, person.neutral_mm)
    if draws.uniform() < (_SCARF_MEN if masculinity > 0.5 else _SCARF_WOMEN):
        return build_scarf(draw_scarf(draws), shell, fit)
    hat = build_hat(draw_hat(draws, masculinity), shell, fit)
    hair = (tucked(one, shell, hat.limit_mm) for one in person.hair if one.name not in _UNDER_MASKS)
    return (*hat.parts, *hair)


def _styles(worn: UInt32[np.ndarray, " n"]) -> list[int]:
    """The numbers of the styles that occur."""
    return [int(number) - 1 for number in np.unique(worn) if number > 0]


class _Wardrobe:
    """Attachments and the scenes that show them."""

    def __init__(self, scenes: int) -> None:
        self._scenes = scenes
        self._attachments: list[Attachment] = []
        self._visible: list[Bool[np.ndarray, " n"]] = []

    def add(self, attachments: Iterable[Attachment], shown: Bool[np.ndarray, " n"]) -> None:
        """Things worn together; nothing if no scene shows them."""
        if not shown.any():
            return
        for one in attachments:
            self._attachments.append(one)
            self._visible.append(shown)

    def contents(self) -> tuple[tuple[Attachment, ...], Bool[np.ndarray, "n A"]]:
        """All of them, and the scenes (n) that show each (A)."""
        visible = np.zeros((self._scenes, len(self._visible)), np.bool_)
        for column, shown in enumerate(self._visible):
            visible[:, column] = shown
        return tuple(self._attachments), visible
