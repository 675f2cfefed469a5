"""Random changes to training images, from a batch of stored uint8 images to the network's float input.

All geometry is one homography and one warp an image; all colour is one affine map of RGB an image. The list, its
probabilities and strengths are those of DigiFace-1M (Bae et al., WACV 2023, section 4.2); where the paper gives none,
the comments say so. The same seed key gives the same batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import cv2
import numpy as np
import simplejpeg
from jaxtyping import Float, Float32, Float64, UInt8

from facewright.errors import FacewrightError

__all__ = ["AugmentConfig", "augment", "resize_crops", "to_input"]


@dataclass(frozen=True)
class AugmentConfig:
    """What to do to training images: a switch for each group, then probabilities (p) and strengths.

    A switched-off group changes nothing, whatever its probabilities.
    """

    flip: bool = True
    # Off: drawn faces come with alignment errors of their own, and in minutes of training more of them seemed to cost
    # accuracy on photographs (one seed, docs/LOG.md). The paper has it on.
    geometry: bool = False
    """Scale, rotation, shift, aspect and corner warp."""
    colour: bool = True
    """Brightness, contrast, saturation, hue, grey."""
    degrade: bool = True
    """Blur, noise, down- and up-sampling, JPEG."""

    p_flip: float = 0.5
    # The paper always scales, rotates and shifts but does not say by how much: chosen on held-out people.
    scale: float = 0.05
    """Largest change of scale, as a part of the image."""
    rotation_deg: float = 5.0
    shift: float = 0.03
    """Largest shift along each axis, as a part of the image."""
    corner: float = 0.02
    """Largest independent shift of each corner, as a part of the image."""
    p_aspect: float = 0.1
    aspect: float = 0.12
    """Largest logarithm of the change of width over height."""
    brightness: float = 0.15
    """A factor 1 +- this, always applied, as for contrast and saturation."""
    contrast: float = 0.3
    """See brightness."""
    saturation: float = 0.1
    """See brightness."""
    hue: float = 0.1
    """Largest turn of the colour circle, as a part of it."""
    p_hue: float = 0.1
    """Probability, as all that begin with p."""
    p_grey: float = 0.01
    """Probability."""
    p_gaussian_blur: float = 0.05
    """Probability."""
    p_motion_blur: float = 0.05
    """Probability."""
    p_noise: float = 0.035
    """Probability."""
    p_resample: float = 0.01
    """Probability of being drawn smaller and enlarged again."""
    p_jpeg: float = 0.05
    """Probability."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            limit = 180.0 if field.name == "rotation_deg" else 1.0
            if not isinstance(value, bool) and not 0 <= value <= limit:
                raise FacewrightError(f"augment.{field.name}: found {value}, expected 0 .. {limit:g}")


def resize_crops(images: UInt8[np.ndarray, "n S S 3"], size_px: int) -> UInt8[np.ndarray, "n T T 3"]:
    """Each image averaged down (or interpolated up) to `size_px`."""
    if images.shape[1] == size_px:
        return images
    out = np.empty((len(images), size_px, size_px, 3), np.uint8)
    for image, small in zip(images, out, strict=True):
        cv2.resize(image, (size_px, size_px), dst=small, interpolation=cv2.INTER_AREA)
    return out


def to_input(images: UInt8[np.ndarray, "n S S 3"], size_px: int) -> Float32[np.ndarray, "n T T 3"]:
    """Stored images as the network sees them outside training: sampled at `size_px`, 0 .. 255 scaled to -1 .. 1."""
    source = _corner_points(_CORNERS, images.shape[1])
    warp = cv2.getPerspectiveTransform(_corner_points(_CORNERS, size_px), source)
    return _scale(_warp(images, np.broadcast_to(warp, (len(images), 3, 3)), size_px))


def augment(
    images: UInt8[np.ndarray, "n S S 3"], config: AugmentConfig, size_px: int, key: tuple[int, ...]
) -> Float32[np.ndarray, "n T T 3"]:
    """A batch as the network sees it in training: changed as `config` says, `size_px` wide, in -1 .. 1.

    key: non-negative integers, e.g. (seed, epoch, step, rank); all randomness comes from it. With everything switched
    off this is `to_input(images, size_px)`.
    """
    # One generator a batch, not one an image: making one takes as long as augmenting an image.
    rng = np.random.default_rng(key)
    small = _warp(images, _homographies(rng, config, len(images), images.shape[1], size_px), size_px)
    if config.degrade:
        small = _degrade(rng, config, small)
    if config.colour:
        for image, colours in zip(small, _colour_maps(rng, config, small), strict=True):
            cv2.transform(image, colours, dst=image)
    return _scale(small)


# The corners of an image, half its side as the unit.
_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)


def _corner_points(corners: Float64[np.ndarray, "... 4 2"], size_px: int) -> Float32[np.ndarray, "... 4 2"]:
    """In cv2's pixels: a side of S reaches from -0.5 to S - 0.5."""
    return ((corners + 1) * (size_px / 2) - 0.5).astype(np.float32)


def _scale(images: UInt8[np.ndarray, "n S S 3"]) -> Float32[np.ndarray, "n S S 3"]:
    return images.astype(np.float32) * np.float32(1 / 127.5) - np.float32(1)


def _signed(rng: np.random.Generator, limit: float, *shape: int) -> Float64[np.ndarray, ...]:
    return rng.uniform(-limit, limit, shape)


def _homographies(
    rng: np.random.Generator, config: AugmentConfig, n: int, source_px: int, size_px: int
) -> Float64[np.ndarray, "n 3 3"]:
    """Maps from input pixels to stored pixels (both counted from pixel centres, as cv2 does)."""
    flip = np.where((rng.random(n) < config.p_flip) & config.flip, -1.0, 1.0)
    target = np.broadcast_to(_CORNERS, (n, 4, 2))
    if config.geometry:
        scale = np.exp(_signed(rng, config.scale, n))
        angle = np.deg2rad(_signed(rng, config.rotation_deg, n))
        aspect = np.exp(_signed(rng, config.aspect, n) / 2 * (rng.random(n) < config.p_aspect))
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        turn = np.stack([cos * aspect, -sin / aspect, sin * aspect, cos / aspect], axis=1).reshape(n, 2, 2)
        target = target @ turn.transpose(0, 2, 1)
        target = target + 2 * (_signed(rng, config.shift, n, 1, 2) + _signed(rng, config.corner, n, 4, 2))
    target = target * np.stack([flip, np.ones(n)], axis=1)[:, None]
    input_points = _corner_points(_CORNERS, size_px)
    return np.stack(
        [cv2.getPerspectiveTransform(input_points, points) for points in _corner_points(target, source_px)]
    )


def _warp(
    images: UInt8[np.ndarray, "n S S 3"], warps: Float64[np.ndarray, "n 3 3"], size_px: int
) -> UInt8[np.ndarray, "n T T 3"]:
    out = np.empty((len(images), size_px, size_px, 3), np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for image, warp, small in zip(images, warps, out, strict=True):
        cv2.warpPerspective(
            image, warp, (size_px, size_px), dst=small, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
    return out


def _colour_maps(
    rng: np.random.Generator, config: AugmentConfig, images: UInt8[np.ndarray, "n S S 3"]
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
    grey = np.array([cv2.mean(image)[:3] for image in images]) @ luma
    offsets = np.repeat(((1 - contrast) * brightness * grey)[:, None, None], 3, axis=1)
    return np.concatenate([matrices, offsets], axis=2)


def _degrade(
    rng: np.random.Generator, config: AugmentConfig, images: UInt8[np.ndarray, "n S S 3"]
) -> UInt8[np.ndarray, "n S S 3"]:
    """Each kind of damage to its own few images of the batch."""
    kinds: tuple[tuple[float, Callable[[np.random.Generator, _Image], _Image]], ...] = (
        (config.p_gaussian_blur, _gaussian_blur),
        (config.p_motion_blur, _motion_blur),
        (config.p_resample, _resample),
        (config.p_noise, _noise),
        (config.p_jpeg, _jpeg),
    )
    out = images.copy()
    for (p, damage), hit in zip(kinds, rng.random((len(kinds), len(images))), strict=True):
        for index in np.flatnonzero(hit < p):
            out[index] = damage(rng, out[index])
    return out


# The paper gives no strengths for these five: from barely visible to a hard but recognisable 64-px face.
_Image = UInt8[np.ndarray, "S S 3"]


def _gaussian_blur(rng: np.random.Generator, image: _Image) -> _Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)


def _motion_blur(rng: np.random.Generator, image: _Image) -> _Image:
    """Average along a line of 3 to 9 pixels at any angle."""
    length, angle = rng.uniform(3, 9), rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    kernel = np.zeros((9, 9), np.float32)
    for along in np.linspace(-1, 1, 17):
        x, y = np.rint(4 + along * reach).astype(int)
        kernel[y, x] = 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def _resample(rng: np.random.Generator, image: _Image) -> _Image:
    side = image.shape[0]
    small = max(1, round(side * rng.uniform(0.3, 0.8)))
    down = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(down, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def _noise(rng: np.random.Generator, image: _Image) -> _Image:
    noise: Float[np.ndarray, "S S 3"] = rng.normal(0, rng.uniform(2, 16), image.shape)
    return np.asarray(np.rint(image + noise).clip(0, 255), np.uint8)


def _jpeg(rng: np.random.Generator, image: _Image) -> _Image:
    quality = int(rng.integers(20, 80))
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=quality, colorsubsampling="420")
    return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB"), np.uint8)
