"""Contact sheets: people in rows, their variations in columns."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from facewright.dataset.config import DatasetConfig
from facewright.dataset.drawing import Draw, draw_person, draw_steps
from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic

__all__ = ["contact_sheet", "encode_png", "preview", "preview_mixup", "write_png"]

_GUTTER_PX = 2
_PAPER = 255


def contact_sheet(images: UInt8[np.ndarray, "rows columns H W 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """Lay a table of equally large images out on white paper, two pixels between and around them."""
    rows, columns, height, width, _ = images.shape
    cell_height, cell_width = height + _GUTTER_PX, width + _GUTTER_PX
    cells = np.full((rows, cell_height, columns, cell_width, 3), _PAPER, dtype=np.uint8)
    cells[:, _GUTTER_PX:, :, _GUTTER_PX:] = images.transpose(0, 2, 1, 3, 4)
    paper = cells.reshape(rows * cell_height, columns * cell_width, 3)
    return np.pad(paper, ((0, _GUTTER_PX), (0, _GUTTER_PX), (0, 0)), constant_values=_PAPER)


def encode_png(image: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """An sRGB image as the bytes of a PNG file."""
    _, png = cv2.imencode(".png", image[:, :, ::-1])
    return png.tobytes()


def write_png(path: Path, image: UInt8[np.ndarray, "height width 3"]) -> None:
    """Write an sRGB image, whole or not at all.

    Raises FacewrightError when `path` does not end in .png or cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise FacewrightError(f"{path}: found suffix '{path.suffix}', expected .png")
    if not path.absolute().parent.is_dir():
        raise FacewrightError(f"{path}: cannot be written: folder {path.absolute().parent} does not exist")
    write_atomic(path, [encode_png(image)])


def preview(config: DatasetConfig, path: Path, draw: Draw = draw_person) -> None:
    """Write a PNG with one row for each person of `config` and one column for each of their samples.

    Raises FacewrightError as `write_png`.
    """
    people = range(config.first_person, config.first_person + config.people)
    write_png(path, contact_sheet(np.stack([draw(config, person).images for person in people])))


def preview_mixup(config: DatasetConfig, path: Path) -> None:
    """Write a PNG with a row for each two people of `config`: the first, nine steps between them, the second.

    Each row is one scene of the first. Raises FacewrightError as `write_png`.
    """
    pairs = range(config.first_person, config.first_person + config.people - 1, 2)
    write_png(path, contact_sheet(np.stack([draw_steps(config, first, first + 1) for first in pairs])))
