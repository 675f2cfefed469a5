"""Pairs of images side by side, with what they are called and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

__all__ = ["ShownPair", "pair_sheet"]

_PAIRS_IN_A_ROW = 4
_IMAGE_PX = 168
_GUTTER_PX = 8
_CAPTION_PX = 40
_TITLE_PX = 36
_LONGEST_NAME = 22
_INK = (31, 41, 51)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class ShownPair:
    """Two images, their names and their similarity."""

    images: tuple[UInt8[np.ndarray, "h w 3"], UInt8[np.ndarray, "h w 3"]]
    names: tuple[str, str]
    similarity: float


def pair_sheet(groups: Sequence[tuple[str, Sequence[ShownPair]]]) -> bytes:
    """A PNG of titled groups of pairs, four pairs in a row, each below its similarity and its names.

    Letters outside ASCII become question marks.
    """
    blocks = [block for title, pairs in groups for block in _group(title, pairs)]
    _, png = cv2.imencode(".png", np.concatenate(blocks)[:, :, ::-1])
    return png.tobytes()


def _group(title: str, pairs: Sequence[ShownPair]) -> list[UInt8[np.ndarray, "_ width 3"]]:
    cells = [_cell(pair) for pair in pairs]
    blank = _paper(_CAPTION_PX + _IMAGE_PX + _GUTTER_PX, 2 * _IMAGE_PX + _GUTTER_PX)
    cells += [blank] * (-len(cells) % _PAIRS_IN_A_ROW)
    rows = [
        np.concatenate(cells[start : start + _PAIRS_IN_A_ROW], axis=1)
        for start in range(0, len(cells), _PAIRS_IN_A_ROW)
    ]
    heading = _paper(_TITLE_PX, _PAIRS_IN_A_ROW * blank.shape[1])
    _write(heading, title if pairs else f"{title}: none", _TITLE_PX - 10, 0.6)
    return [heading, *rows]


def _cell(pair: ShownPair) -> UInt8[np.ndarray, "h w 3"]:
    cell = _paper(_CAPTION_PX + _IMAGE_PX + _GUTTER_PX, 2 * _IMAGE_PX + _GUTTER_PX)
    for place, image in enumerate(pair.images):
        larger = image.shape[0] < _IMAGE_PX
        method = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
        left = _GUTTER_PX // 2 + place * _IMAGE_PX
        cell[_CAPTION_PX : _CAPTION_PX + _IMAGE_PX, left : left + _IMAGE_PX] = cv2.resize(
            image, (_IMAGE_PX, _IMAGE_PX), interpolation=method
        )
    _write(cell, f"{pair.similarity:.3f}", 17, 0.5)
    _write(cell, " | ".join(_short(name) for name in pair.names), 33, 0.37)
    return cell


def _paper(height: int, width: int) -> UInt8[np.ndarray, "height width 3"]:
    return np.full((height, width, 3), 255, np.uint8)


def _write(paper: UInt8[np.ndarray, "h w 3"], text: str, base_px: int, size: float) -> None:
    """Put one centred line on the paper."""
    plain = text.encode("ascii", "replace").decode()
    (width, _), _ = cv2.getTextSize(plain, _FONT, size, 1)
    left = max(2, (paper.shape[1] - width) // 2)
    cv2.putText(paper, plain, (left, base_px), _FONT, size, _INK, 1, cv2.LINE_AA)


def _short(name: str) -> str:
    name = name.rsplit("/", 1)[-1]
    return name if len(name) <= _LONGEST_NAME else f"{name[:9]}...{name[-10:]}"
