"""The photometric side of a camera: what blur, exposure, white balance, noise and compression do to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import simplejpeg
from jaxtyping import Float64, UInt8, UInt32

from facewright import _native
from facewright.distributions import Constant, Distribution, require_within

__all__ = ["DRAWS", "PhotoConfig", "Photos", "draw_photos", "take_photos"]

DRAWS = 8
_LIMITS = {
    "photo_exposure_ev": (-6.0, 6.0),
    "photo_warmth": (-4.0, 4.0),
    "photo_noise": (0.0, 100.0),
    "photo_blur_px": (0.0, 30.0),
}


@dataclass(frozen=True)
class PhotoConfig:
    """How a picture is taken; by default it is not touched."""

    photo_exposure_ev: Distribution = Constant(0)
    """Stops of over- or underexposure."""
    photo_warmth: Distribution = Constant(0)
    """Error of the white balance: 1 is clearly warm, -1 clearly cool."""
    photo_noise: Distribution = Constant(0)
    """Sensor noise: its deviation at middle grey in codes of 255; less in the dark, more in the light."""
    photo_blur_px: Distribution = Constant(0)
    """Lens blur: deviation of a Gaussian in px of a 112-px crop, in linear light."""
    photo_jpeg_quality: Distribution | None = None
    """Compression that the picture has been through before it is stored, 5 .. 100."""

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            require_within(name, getattr(self, name), low, high)
        if self.photo_jpeg_quality is not None:
            require_within("photo_jpeg_quality", self.photo_jpeg_quality, 5.0, 100.0)


@dataclass(frozen=True)
class Photos:
    """n settings, by column name of the parameter table."""

    exposure_ev: Float64[np.ndarray, " n"]
    warmth: Float64[np.ndarray, " n"]
    noise: Float64[np.ndarray, " n"]
    blur_px: Float64[np.ndarray, " n"]
    jpeg_quality: Float64[np.ndarray, " n"] | None
    words: UInt32[np.ndarray, "n 4"]
    """From which noise is drawn."""


def draw_photos(
    config: PhotoConfig, p: Float64[np.ndarray, "n 8"], words: UInt32[np.ndarray, "n 4"]
) -> Photos | None:
    """Settings for each row of `DRAWS` uniform numbers; None where nothing is to be done to any picture."""
    if config == PhotoConfig():
        return None
    quality = config.photo_jpeg_quality
    return Photos(
        exposure_ev=config.photo_exposure_ev.quantile(p[:, 0]),
        warmth=config.photo_warmth.quantile(p[:, 1]),
        noise=config.photo_noise.quantile(p[:, 2]),
        blur_px=config.photo_blur_px.quantile(p[:, 3]),
        jpeg_quality=None if quality is None else (quality.quantile(p[:, 4]) + 0.5).astype(int).astype(float),
        words=words,
    )


def take_photos(images: UInt8[np.ndarray, "n H W 3"], photos: Photos) -> UInt8[np.ndarray, "n H W 3"]:
    """Blur in linear light, expose, balance, add noise, then compress: the order in which a camera does it."""
    blur = photos.blur_px * (images.shape[1] / 112)
    settings = [photos.exposure_ev, 1 + 0.16 * photos.warmth, 1 - 0.2 * photos.warmth, photos.noise, blur]
    taken: UInt8[np.ndarray, "n H W 3"] = _native.develop(
        np.ascontiguousarray(images),
        np.stack(settings, axis=1).astype(np.float32),
        np.ascontiguousarray(photos.words),
    )
    if photos.jpeg_quality is None:
        return taken
    return np.stack([_compressed(image, int(q)) for image, q in zip(taken, photos.jpeg_quality, strict=True)])


def _compressed(image: UInt8[np.ndarray, "H W 3"], quality: int) -> UInt8[np.ndarray, "H W 3"]:
    jpeg = simplejpeg.encode_jpeg(image, quality=quality, colorspace="RGB", colorsubsampling="420")
    decoded: UInt8[np.ndarray, "H W 3"] = simplejpeg.decode_jpeg(jpeg, colorspace="RGB")
    return decoded
