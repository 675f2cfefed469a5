"""The pictures of a data set: its people on a contact sheet, and a histogram of everything that varies."""

from __future__ import annotations

import io
import math
from typing import Any

import cv2
import numpy as np
import simplejpeg
from jaxtyping import UInt8

from facewright.dataset.sheet import contact_sheet, encode_png
from facewright.dataset.summary import Summary
from facewright.errors import FacewrightError
from facewright.formats.annotations import read_annotations
from facewright.formats.base import DatasetReader
from facewright.render.figure import buffer_picture

__all__ = ["draw_annotations", "draw_histograms", "draw_sheet"]

_COLUMNS = 4
_BINS = 40
_MIDDLE = (0.0005, 0.9995)  # the rest would make everything else a single bar
_CELL_PX = 112


def draw_histograms(summary: Summary) -> bytes:
    """A PNG with one histogram for each quantity, and images per person."""
    from matplotlib.figure import Figure  # late: processes that only draw people need none of it

    drawn = {"images per person": summary.images_per_class.astype(np.float64), **summary.values}
    rows = math.ceil(len(drawn) / _COLUMNS)
    figure = Figure(figsize=(2.6 * _COLUMNS, 1.9 * rows), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for place, (title, values) in zip(axes, drawn.items(), strict=False):
        _draw_histogram(place, title, values)
    for place in axes[len(drawn) :]:
        place.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()


def _draw_histogram(axes: Any, title: str, values: np.ndarray) -> None:
    low, high = np.quantile(values, _MIDDLE).tolist()
    if high - low <= 1e-6 * max(abs(low), abs(high)):  # a constant
        low, high = low - 0.5, high + 0.5
    axes.hist(
        values, bins=min(_BINS, 5 + round(2 * math.sqrt(len(values)))), range=(low, high), color="#4477aa"
    )
    axes.set_title(title, fontsize=9)
    axes.set_yticks([])
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)


def draw_sheet(reader: DatasetReader, rows: int = 8, columns: int = 10) -> bytes:
    """A JPEG of people in rows, as many as fit and spread over the data set, and their first images in columns."""
    starts = np.searchsorted(np.sort(reader.labels), np.arange(reader.classes))
    order = np.argsort(reader.labels, kind="stable")
    counts = np.bincount(reader.labels, minlength=reader.classes)
    people = np.unique(np.linspace(0, reader.classes - 1, min(rows, reader.classes)).round().astype(int))
    across = int(min(columns, counts[people].max()))
    cells = np.full((len(people), across, _CELL_PX, _CELL_PX, 3), 255, np.uint8)
    for row, person in enumerate(people.tolist()):
        chosen = order[starts[person] : starts[person] + min(across, counts[person])]
        for column, index in enumerate(chosen.tolist()):
            cells[row, column] = _cell(reader.read(index), f"{reader.path}: image {index}")
    sheet: bytes = simplejpeg.encode_jpeg(contact_sheet(cells), quality=90)
    return sheet


def draw_annotations(reader: DatasetReader, rows: int = 6) -> bytes:
    """A PNG of images in rows, spread over the data set, each with what is stored of its pixels beside it.

    Raises FacewrightError where nothing is stored.
    """
    lines = []
    for index in np.unique(np.linspace(0, len(reader) - 1, rows).round().astype(int)).tolist():
        known = read_annotations(reader, index)
        pictures = [_fitted(buffer_picture(name, values)) for name, values in known.items()]
        lines.append([_cell(reader.read(index), f"{reader.path}: image {index}"), *pictures])
    return encode_png(contact_sheet(np.array(lines)))


def _cell(data: bytes, where: str) -> UInt8[np.ndarray, "H W 3"]:
    """An encoded image at the size of a cell."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if image is None:
        raise FacewrightError(f"{where}: found {len(data)} unreadable bytes, expected a JPEG or PNG")
    return _fitted(np.asarray(image, np.uint8))


def _fitted(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "H W 3"]:
    """An image at the size of a cell, its longer side filling it."""
    height, width = image.shape[:2]
    factor = _CELL_PX / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = image if size == (width, height) else cv2.resize(image, size, interpolation=method)
    cell = np.full((_CELL_PX, _CELL_PX, 3), 255, np.uint8)
    top, left = (_CELL_PX - size[1]) // 2, (_CELL_PX - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    return cell
