"""Annotations as pictures: one scene with all that is known of its pixels, side by side."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from jaxtyping import Shaped, UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic
from facewright.render.annotations import BUFFERS, Annotations
from facewright.render.regions import Region
from facewright.render.renderer import Renderings

__all__ = ["buffer_picture", "draw_figure", "save_arrays"]

_COLOURS = np.array(
    [
        *([0, 0, 0], [236, 188, 160], [214, 140, 110], [70, 130, 220], [110, 190, 250], [110, 70, 40]),
        *([150, 100, 60], [200, 160, 60], [230, 200, 100], [210, 50, 70], [110, 20, 40], [250, 250, 235]),
        *([180, 140, 150], [60, 45, 90], [120, 90, 160], [40, 170, 120], [240, 140, 30], [140, 190, 40]),
    ],
    np.uint8,
)


def buffer_picture(name: str, values: Shaped[np.ndarray, "H W *c"]) -> UInt8[np.ndarray, "H W 3"]:
    """One of `BUFFERS` of a scene as sRGB colours: vectors and positions by their axes, depth the nearer the brighter.

    Raises FacewrightError for another name.
    """
    _require_buffer(name)
    if name == "segmentation":
        return np.asarray(_COLOURS[values], np.uint8)
    if name == "triangle":
        hashed = (
            values[..., None].astype(np.uint32) * np.array([2654435761, 2246822519, 3266489917], np.uint32)
        ) >> 24
        return np.where(values[..., None] >= 0, hashed, 0).astype(np.uint8)
    if name in ("albedo", "irradiance"):
        return _bytes(np.clip(values, 0, 1) ** (1 / 2.2))
    if name == "depth":
        seen = values > 0
        low, high = (values[seen].min(), values[seen].max()) if seen.any() else (0, 1)
        grey = np.where(seen, 1 - 0.85 * (values - low) / max(high - low, 1e-6), 0)
        return _bytes(np.repeat(grey[..., None], 3, axis=2))
    if name == "normals":
        return _bytes(np.where(values.any(axis=2, keepdims=True), values / 2 + 0.5, 0))
    if name == "uv":
        return _bytes(np.concatenate([values, np.zeros_like(values[..., :1])], axis=2))
    if name == "reference":
        return _bytes(np.where(values != 0, values / 320 + [0.5, 0.6, 0.8], 0))
    return _bytes(values)


def _require_buffer(name: str) -> None:
    if name not in BUFFERS:
        raise FacewrightError(f"buffers: found {name!r}, expected one of {', '.join(BUFFERS)}")


def draw_figure(out: Path, renderings: Renderings, names: tuple[str, ...], scene: int = 0) -> None:
    """Write the image, its landmarks (hollow where hidden) and these buffers side by side as a PNG."""
    annotations = _annotations(renderings)
    for name in names:
        _require_buffer(name)
    pictures = {name: buffer_picture(name, getattr(annotations, name)[scene]) for name in names}
    image = renderings.images[scene]
    columns = min(4, 2 + len(names))
    rows = -(-(2 + len(names)) // columns)
    figure = Figure(figsize=(2.6 * columns, 2.8 * rows))
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis, (title, picture) in zip(
        axes.ravel(), {"image": image, "landmarks": image, **pictures}.items(), strict=False
    ):
        axis.imshow(picture, interpolation="nearest", extent=(0, image.shape[1], image.shape[0], 0))
        axis.set_title(title, fontsize=9)
    points = annotations.landmarks["68"]
    colours = np.where(points.visible[scene], "#30e060", "none")
    axes.ravel()[1].scatter(*points.px[scene].T, s=9, c=colours, edgecolors="#30e060", linewidths=0.6)
    for axis in axes.ravel():
        axis.axis("off")
        axis.set_xlim(0, image.shape[1])
        axis.set_ylim(image.shape[0], 0)
    if "segmentation" in pictures:
        _legend(figure, annotations.segmentation[scene])
    figure.tight_layout()
    png = io.BytesIO()
    figure.savefig(png, dpi=150, format="png", bbox_inches="tight")
    write_atomic(out, [png.getvalue()])


def save_arrays(out: Path, renderings: Renderings, names: tuple[str, ...]) -> None:
    """Write images, these buffers, landmarks and cameras of all scenes as an .npz."""
    annotations = _annotations(renderings)
    arrays = {name: getattr(annotations, name) for name in names}
    for kind, points in annotations.landmarks.items():
        arrays |= {f"landmarks{kind}_{part}": getattr(points, part) for part in ("px", "mm", "visible")}
    for name in ("T_camera_head", "K_image_camera", "orthographic"):
        arrays[name] = getattr(annotations, name)
    npz = io.BytesIO()
    np.savez_compressed(npz, images=renderings.images, **arrays)
    write_atomic(out, [npz.getvalue()])


def _annotations(renderings: Renderings) -> Annotations:
    if renderings.annotations is None:
        raise FacewrightError("renderings without annotations: expected those of render(..., annotate=True)")
    return renderings.annotations


def _bytes(values: np.ndarray) -> UInt8[np.ndarray, "H W 3"]:
    return np.asarray(np.clip(values, 0, 1) * 255 + 0.5, np.float32).astype(np.uint8)


def _legend(figure: Figure, segmentation: np.ndarray) -> None:
    shown = [Region(value) for value in np.unique(segmentation) if value]
    handles = [Line2D([], [], marker="s", ls="", c=_COLOURS[region] / 255) for region in shown]
    names = [region.name.lower().replace("_", " ") for region in shown]
    figure.legend(handles, names, loc="lower center", ncols=6, fontsize=7, bbox_to_anchor=(0.5, -0.06))
