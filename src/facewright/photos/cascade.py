"""The pure parts of the MTCNN cascade: image pyramid, boxes, suppression.

Boxes are rows (x0, y0, x1, y1) of pixel *edges* in the image frame, so that a box of whole pixels has the width
x1 - x0 and no "+ 1" appears anywhere.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8

__all__ = ["cell_boxes", "crop_boxes", "normalise", "pyramid_scales", "regress", "square", "suppress"]

# The proposal network sees a 12x12 window every 2 pixels (Zhang et al. 2016, section II).
_WINDOW_PX = 12
_STRIDE_PX = 2


def pyramid_scales(height: int, width: int, min_face_px: float, factor: float) -> list[float]:
    """Scales, largest first, at which a face of `min_face_px` or more fits the proposal network's 12-px window."""
    scales = []
    scale = _WINDOW_PX / min_face_px
    while min(height, width) * scale >= _WINDOW_PX:
        scales.append(scale)
        scale *= factor
    return scales


def normalise(
    pixels: Float[np.ndarray, "*shape"] | UInt8[np.ndarray, "*shape"],
) -> Float32[np.ndarray, "*shape"]:
    """0 .. 255 to -1 .. 1, as the three networks were trained."""
    return (np.asarray(pixels, np.float32) - 127.5) * np.float32(1 / 128)


def cell_boxes(
    columns: Int[np.ndarray, " k"], rows: Int[np.ndarray, " k"], scale_x: float, scale_y: float
) -> Float[np.ndarray, "k 4"]:
    """Windows of the proposal network's output cells in the unscaled image."""
    near = np.stack([columns, rows], axis=1) * float(_STRIDE_PX)
    scale = np.array([scale_x, scale_y])
    return np.concatenate([near / scale, (near + _WINDOW_PX) / scale], axis=1)


def regress(boxes: Float[np.ndarray, "k 4"], offsets: Float[np.ndarray, "k 4"]) -> Float[np.ndarray, "k 4"]:
    """Move each edge by its predicted offset, in units of the box's width and height."""
    size = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + offsets * np.concatenate([size, size], axis=1))


def square(boxes: Float[np.ndarray, "k 4"]) -> Float[np.ndarray, "k 4"]:
    """The square of whole pixels about each box's centre whose side is the box's longer side."""
    side = np.maximum(np.rint((boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)), 1.0)
    near = np.rint((boxes[:, :2] + boxes[:, 2:] - side) / 2)
    return np.concatenate([near, near + side], axis=1)


def suppress(
    boxes: Float[np.ndarray, "k 4"],
    scores: Float[np.ndarray, " k"],
    limit: float,
    relative_to: Literal["union", "smaller"] = "union",
) -> Int[np.ndarray, " kept"]:
    """Indices of the boxes kept by greedy non-maximum suppression, best score first.

    A box goes when its overlap with a better one exceeds `limit`; the overlap is the intersection's area over the area
    of the union or of the smaller box.
    """
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    by_union = relative_to == "union"
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        near = np.maximum(boxes[best, :2], boxes[rest, :2])
        far = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.prod(np.maximum(far - near, 0.0), axis=1)
        whole = area[best] + area[rest] - shared if by_union else np.minimum(area[best], area[rest])
        order = rest[shared <= limit * whole]
    return np.array(kept, np.int64)


def crop_boxes(
    image: UInt8[np.ndarray, "h w 3"], boxes: Float[np.ndarray, "k 4"], size_px: int
) -> Float32[np.ndarray, "k size size 3"]:
    """Cut whole-pixel boxes out of an image (black outside it) and resize them by area to `size_px`."""
    height, width = image.shape[:2]
    crops = np.empty((len(boxes), size_px, size_px, 3), np.float32)
    for crop, box in zip(crops, boxes.astype(np.int64), strict=True):
        x0, y0, x1, y1 = (int(edge) for edge in box)
        inside = image[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        if inside.shape[:2] != (y1 - y0, x1 - x0):
            window = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
            if inside.size:
                window[max(-y0, 0) : min(y1, height) - y0, max(-x0, 0) : min(x1, width) - x0] = inside
            inside = window
        crop[:] = cv2.resize(inside.astype(np.float32), (size_px, size_px), interpolation=cv2.INTER_AREA)
    return crops
