"""What cameras, compression and hands do to pictures: blur, noise, low resolution, JPEG, missing parts.

Each function changes one uint8 image; DigiFace-1M gives no strengths for the first five, so they go from barely visible
to a hard but recognisable face.
"""

from __future__ import annotations

import cv2
import numpy as np
import simplejpeg
from jaxtyping import Float, UInt8

__all__ = ["crop_in_place", "erase", "gaussian_blur", "jpeg", "low_resolution", "motion_blur", "noise"]

Image = UInt8[np.ndarray, "h w 3"]

_GREY = 128  # 0 once scaled to -1 .. 1
_INTERPOLATIONS = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def gaussian_blur(rng: np.random.Generator, image: Image) -> Image:
    """A standard deviation of 0.4 to 1.6 pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)


def motion_blur(rng: np.random.Generator, image: Image) -> Image:
    """The average along a line of 3 to 9 pixels at any angle."""
    length, angle = rng.uniform(3, 9), rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    kernel = np.zeros((9, 9), np.float32)
    for along in np.linspace(-1, 1, 17):
        x, y = np.rint(4 + along * reach).astype(int)
        kernel[y, x] = 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def low_resolution(rng: np.random.Generator, image: Image, scales: tuple[float, float]) -> Image:
    """Drawn smaller, by a factor between `scales`, and enlarged again, each with any of five interpolations."""
    height, width = image.shape[:2]
    factor = rng.uniform(*scales)
    down, up = rng.integers(0, len(_INTERPOLATIONS), 2)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(image, size, interpolation=_INTERPOLATIONS[down])
    return np.asarray(cv2.resize(small, (width, height), interpolation=_INTERPOLATIONS[up]), np.uint8)


def noise(rng: np.random.Generator, image: Image) -> Image:
    """Gaussian, with a standard deviation of 2 to 16 of 255."""
    added: Float[np.ndarray, "h w 3"] = rng.normal(0, rng.uniform(2, 16), image.shape)
    return np.asarray(np.rint(image + added).clip(0, 255), np.uint8)


def jpeg(rng: np.random.Generator, image: Image) -> Image:
    """Compressed with a quality of 20 to 79."""
    quality = int(rng.integers(20, 80))
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=quality, colorsubsampling="420")
    return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB"), np.uint8)


def crop_in_place(rng: np.random.Generator, image: Image) -> Image:
    """Black but for a rectangle of 20% to 100% of the area, 3:4 to 4:3, that stays where it was (AdaFace's crop)."""
    top, left, height, width = _rectangle(rng, image.shape[:2], (0.2, 1.0), (3 / 4, 4 / 3))
    out = np.zeros_like(image)
    out[top : top + height, left : left + width] = image[top : top + height, left : left + width]
    return out


def erase(rng: np.random.Generator, image: Image) -> Image:
    """A grey rectangle of 2% to 33% of the area, 0.3 to 3.3 times as high as wide (torchvision's RandomErasing)."""
    top, left, height, width = _rectangle(rng, image.shape[:2], (0.02, 0.33), (0.3, 3.3))
    out = image.copy()
    out[top : top + height, left : left + width] = _GREY
    return out


def _rectangle(
    rng: np.random.Generator, shape: tuple[int, ...], areas: tuple[float, float], aspects: tuple[float, float]
) -> tuple[int, int, int, int]:
    """Top, left, height and width of a rectangle in an image, its aspect uniform in the logarithm, at most the
    image."""
    area = rng.uniform(*areas) * shape[0] * shape[1]
    aspect = np.exp(rng.uniform(*np.log(aspects)))
    height = int(np.clip(round(np.sqrt(area * aspect)), 1, shape[0]))
    width = int(np.clip(round(np.sqrt(area / aspect)), 1, shape[1]))
    top, left = rng.integers(0, shape[0] - height + 1), rng.integers(0, shape[1] - width + 1)
    return int(top), int(left), height, width
