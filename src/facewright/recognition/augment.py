"""Random changes to training images, from a batch of stored uint8 images to the network's float input.

All geometry is one homography and one warp an image; all colour is one affine map of RGB an image. `RECIPES` holds what
papers do, by name. The same key gives the same batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from facewright.errors import FacewrightError
from facewright.recognition import damage

__all__ = ["RECIPES", "AugmentConfig", "RecipeName", "augment", "resize_crops", "to_input"]


@dataclass(frozen=True)
class AugmentConfig:
    """What to do to training images: probabilities (p) for each image, and strengths.

    Defaults are DigiFace-1M's (Bae et al., WACV 2023, section 4.2) without its geometry: drawn faces come with
    alignment errors of their own, and in minutes of training more of them seemed to cost accuracy (one seed,
    docs/LOG.md).
    """

    p_flip: float = 0.5
    p_geometry: float = 0.0
    """Probability of a random scale, rotation and shift, and of moved corners."""
    # DigiFace always scales, rotates and shifts but does not say by how much: chosen on held-out people.
    scale: float = 0.05
    """Largest change of scale, as a part of the image."""
    rotation_deg: float = 5.0
    shift: float = 0.03
    """Largest shift along each axis, as a part of the image."""
    corner: float = 0.02
    """Largest independent shift of each corner, as a part of the image."""
    p_aspect: float = 0.0
    aspect: float = 0.12
    """Largest logarithm of the change of width over height."""
    p_zoom: float = 0.0
    """Probability of seeing a random part of the image, enlarged by 7/6 (SynFace's resizing to 112 and cropping)."""
    p_crop: float = 0.0
    """Probability of black outside a random rectangle (AdaFace)."""
    p_colour: float = 1.0
    """Probability of a change of brightness, contrast and saturation."""
    brightness: float = 0.15
    """A factor 1 +- this, as for contrast and saturation."""
    contrast: float = 0.3
    """See brightness."""
    saturation: float = 0.1
    """See brightness."""
    p_hue: float = 0.1
    hue: float = 0.1
    """Largest turn of the colour circle, as a part of it."""
    p_grey: float = 0.01
    p_gaussian_blur: float = 0.05
    p_motion_blur: float = 0.05
    p_noise: float = 0.035
    p_low_resolution: float = 0.01
    """Probability of being drawn smaller and enlarged again."""
    resolution: tuple[float, float] = (0.3, 0.8)
    """Range of its factor."""
    p_jpeg: float = 0.05
    p_erase: float = 0.0
    """Probability of a grey rectangle (RandomErasing)."""

    def __post_init__(self) -> None:
        for field in fields(self):
            limit = 180.0 if field.name == "rotation_deg" else 1.0
            value = getattr(self, field.name)
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(0 <= number <= limit for number in numbers):
                raise FacewrightError(f"augment.{field.name}: found {value}, expected 0 .. {limit:g}")
        if not 0 < self.resolution[0] <= self.resolution[1]:
            raise FacewrightError(f"augment.resolution: found {self.resolution}, expected 0 < low <= high")


RecipeName = Literal["none", "flip", "digiface", "digiface-appearance", "synface", "adaface"]

_NONE = AugmentConfig(
    p_flip=0.0,
    p_colour=0.0,
    p_hue=0.0,
    p_grey=0.0,
    p_gaussian_blur=0.0,
    p_motion_blur=0.0,
    p_noise=0.0,
    p_low_resolution=0.0,
    p_jpeg=0.0,
)


RECIPES: dict[RecipeName, AugmentConfig] = {
    "none": _NONE,
    "flip": replace(_NONE, p_flip=0.5),
    "digiface-appearance": AugmentConfig(),
    "digiface": AugmentConfig(p_geometry=1.0, p_aspect=0.1),
    # SynFace's released code: RandomApply of Resize(112) and RandomCrop, a flip, RandomErasing; each with probability
    # .5.
    "synface": replace(_NONE, p_flip=0.5, p_zoom=0.5, p_erase=0.5),
    # AdaFace (Kim et al., CVPR 2022) and its code: crop, low resolution and colour, each with probability .2.
    "adaface": replace(
        _NONE,
        p_flip=0.5,
        p_crop=0.2,
        p_colour=0.2,
        brightness=0.5,
        contrast=0.5,
        saturation=0.5,
        p_low_resolution=0.2,
        resolution=(0.2, 1.0),
    ),
}


def resize_crops(images: UInt8[np.ndarray, "n S S 3"], size_px: int) -> UInt8[np.ndarray, "n T T 3"]:
    """Each image averaged down (or interpolated up) to `size_px`."""
    if images.shape[1] == size_px:
        return images
    out = np.empty((len(images), size_px, size_px, 3), np.uint8)
    for image, small in zip(images, out, strict=True):
        cv2.resize(image, (size_px, size_px), dst=small, interpolation=cv2.INTER_AREA)
    return out


def to_input(images: UInt8[np.ndarray, "n S S 3"], size: tuple[int, int]) -> Float32[np.ndarray, "n h w 3"]:
    """Stored images as the network sees them outside training, 0 .. 255 scaled to -1 .. 1.

    size: height and width; the height shows the whole crop, a smaller width its middle.
    """
    warps = _warps(np.broadcast_to(_CORNERS, (len(images), 4, 2)), images.shape[1], size)
    return _scale(_warp(images, warps, size))


def augment(
    images: UInt8[np.ndarray, "n S S 3"], config: AugmentConfig, size: tuple[int, int], key: tuple[int, ...]
) -> Float32[np.ndarray, "n h w 3"]:
    """A batch as the network sees it in training: changed as `config` says, of this height and width, in -1 .. 1.

    key: non-negative integers, e.g. (seed, epoch, step, rank); all randomness comes from it. With all probabilities 0
    this is `to_input(images, size)`.
    """
    # One generator a batch, not one an image: making one takes as long as augmenting an image.
    rng = np.random.default_rng(key)
    changed = _warp(images, _warps(_windows(rng, config, len(images)), images.shape[1], size), size)
    _apply_damage(rng, config, changed)
    hit = np.flatnonzero(rng.random(len(images)) < config.p_colour) if config.p_colour < 1 else slice(None)
    recoloured = changed[hit]
    for image, colours in zip(recoloured, _colour_maps(rng, config, recoloured), strict=True):
        cv2.transform(image, colours, dst=image)
    changed[hit] = recoloured
    return _scale(changed)


# The corners of an image, half its side as the unit.
_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)

_ZOOM = 7 / 6  # SynFace: from 96 to 112 pixels


def _corner_points(
    corners: Float64[np.ndarray, "... 4 2"], size: tuple[int, int]
) -> Float32[np.ndarray, "... 4 2"]:
    """In cv2's pixels: a side of S reaches from -0.5 to S - 0.5."""
    return ((corners + 1) * (np.array(size[::-1]) / 2) - 0.5).astype(np.float32)


def _scale(images: UInt8[np.ndarray, "n h w 3"]) -> Float32[np.ndarray, "n h w 3"]:
    return images.astype(np.float32) * np.float32(1 / 127.5) - np.float32(1)


def _signed(rng: np.random.Generator, limit: float, *shape: int) -> Float64[np.ndarray, ...]:
    return rng.uniform(-limit, limit, shape)


def _windows(rng: np.random.Generator, config: AugmentConfig, n: int) -> Float64[np.ndarray, "n 4 2"]:
    """Where in the stored image the corners of each input are, half its side as the unit."""
    flip = np.where(rng.random(n) < config.p_flip, -1.0, 1.0)
    windows = np.repeat(_CORNERS[None], n, axis=0)
    if config.p_zoom:
        zoomed = rng.random(n)[:, None, None] < config.p_zoom
        offset = _signed(rng, 1 - 1 / _ZOOM, n, 1, 2)
        windows = np.where(zoomed, windows / _ZOOM + offset, windows)
    if config.p_geometry or config.p_aspect:
        on = rng.random(n) < config.p_geometry
        scale = np.exp(_signed(rng, config.scale, n) * on)
        angle = np.deg2rad(_signed(rng, config.rotation_deg, n) * on)
        aspect = np.exp(_signed(rng, config.aspect, n) / 2 * (rng.random(n) < config.p_aspect))
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        turn = np.stack([cos * aspect, -sin / aspect, sin * aspect, cos / aspect], axis=1).reshape(n, 2, 2)
        moved = _signed(rng, config.shift, n, 1, 2) + _signed(rng, config.corner, n, 4, 2)
        windows = windows @ turn.transpose(0, 2, 1) + 2 * moved * on[:, None, None]
    return np.asarray(windows * np.stack([flip, np.ones(n)], axis=1)[:, None])


def _warps(
    windows: Float64[np.ndarray, "n 4 2"], source_px: int, size: tuple[int, int]
) -> Float64[np.ndarray, "n 3 3"]:
    """Maps from input pixels to stored pixels (both counted from pixel centres, as cv2 does).

    An input that is narrower than high sees the middle of the stored image's width.
    """
    source = _corner_points(windows * np.array([size[1] / size[0], 1.0]), (source_px, source_px))
    target = _corner_points(_CORNERS, size)
    return np.stack([cv2.getPerspectiveTransform(target, points) for points in source]).reshape(-1, 3, 3)


def _warp(
    images: UInt8[np.ndarray, "n S S 3"], warps: Float64[np.ndarray, "n 3 3"], size: tuple[int, int]
) -> UInt8[np.ndarray, "n h w 3"]:
    out = np.empty((len(images), *size, 3), np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for image, warp, small in zip(images, warps, out, strict=True):
        cv2.warpPerspective(image, warp, size[::-1], dst=small, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return out


def _colour_maps(
    rng: np.random.Generator, config: AugmentConfig, images: UInt8[np.ndarray, "n h w 3"]
) -> Float64[np.ndarray, "n 3 4"]:
    """Brightness, contrast about the image's mean grey, saturation and hue, in this order: a matrix and an offset."""
    n = len(images)
    brightness = 1 + _signed(rng, config.brightness, n)
    contrast = 1 + _signed(rng, config.contrast, n)
    saturation = np.where(rng.random(n) < config.p_grey, 0.0, 1 + _signed(rng, config.saturation, n))
    turn = 2 * np.pi * _signed(rng, config.hue, n) * (rng.random(n) < config.p_hue)
    luma = np.array([0.299, 0.587, 0.114])
    # In YIQ, saturation scales the two colour axes and hue turns them.
    yiq = np.array([luma, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
    chroma = np.zeros((n, 3, 3))
    chroma[:, 0, 0] = 1
    chroma[:, 1, 1] = chroma[:, 2, 2] = saturation * np.cos(turn)
    chroma[:, 2, 1] = saturation * np.sin(turn)
    chroma[:, 1, 2] = -chroma[:, 2, 1]
    matrices = (brightness * contrast)[:, None, None] * (np.linalg.inv(yiq) @ chroma @ yiq)
    grey = np.array([cv2.mean(image)[:3] for image in images]).reshape(n, 3) @ luma
    offsets = np.repeat(((1 - contrast) * brightness * grey)[:, None, None], 3, axis=1)
    return np.concatenate([matrices, offsets], axis=2)


_Damage = Callable[[np.random.Generator, damage.Image], damage.Image]


def _apply_damage(
    rng: np.random.Generator, config: AugmentConfig, images: UInt8[np.ndarray, "n h w 3"]
) -> None:
    """Each kind of damage to its own few images of the batch, in place."""
    kinds: tuple[tuple[float, _Damage], ...] = (
        (config.p_crop, damage.crop_in_place),
        (config.p_gaussian_blur, damage.gaussian_blur),
        (config.p_motion_blur, damage.motion_blur),
        (config.p_low_resolution, partial(damage.low_resolution, scales=config.resolution)),
        (config.p_noise, damage.noise),
        (config.p_jpeg, damage.jpeg),
        (config.p_erase, damage.erase),
    )
    for (p, change), hit in zip(kinds, rng.random((len(kinds), len(images))), strict=True):
        for index in np.flatnonzero(hit < p):
            images[index] = change(rng, images[index])
