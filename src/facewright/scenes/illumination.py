"""Illumination drawn from a parametric prior: sky and ground, a key light, a fill light, an exposure.

Coefficients are environment radiance in real spherical harmonics, order (1; y, z, x; xy, yz, 3z2-1, zx, x2-y2), in the
camera frame (+x right, +y up, +z towards the camera), with the normalisation of Ramamoorthi and Hanrahan, "An efficient
representation for irradiance environment maps" (SIGGRAPH 2001).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from facewright import _native
from facewright.distributions import Distribution, Normal, TruncatedNormal, Uniform
from facewright.scenes.grid import NOTHING_GIVEN, Given, quantity

__all__ = ["DRAWS", "GRID", "Light", "LightConfig", "directional_light", "draw_light", "uniform_light"]

PI = math.pi
# Normalisation of the basis functions; a square root is exactly rounded everywhere.
_N0 = 0.5 * math.sqrt(1 / PI)
_N1 = 0.5 * math.sqrt(3 / PI)
_N2 = 0.5 * math.sqrt(15 / PI)
_N20 = 0.25 * math.sqrt(5 / PI)
_N22 = 0.25 * math.sqrt(15 / PI)

# Rec. 709 luminance weights.
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
DRAWS = 16
GRID = ("key_azimuth_deg", "key_elevation_deg", "key_share", "fill_share", "ground", "warmth", "exposure")
"""What can be given instead of drawn."""


@dataclass(frozen=True)
class LightConfig:
    """The prior's distributions. Irradiance 1 on a white surface is rendered as white."""

    key_azimuth_deg: Distribution = TruncatedNormal(0, 60, -150, 150)
    """Direction of the key light, 0 from the camera, positive from the image's right."""
    key_elevation_deg: Distribution = TruncatedNormal(32, 22, -25, 85)
    key_share: Distribution = Uniform(0.45, 0.97)
    """Part of the light on a facing surface that comes from the key light; the rest is ambient."""
    fill_share: Distribution = Uniform(0.0, 0.4)
    """Part of the ambient light that comes from one other side."""
    ground: Distribution = Uniform(0.25, 0.9)
    """Brightness of the ground as a part of the sky's."""
    warmth: Distribution = Normal(0.0, 0.45)
    """Colour of key light against ambient: positive is warm (red), negative is cool."""
    exposure: Distribution = TruncatedNormal(1.2, 0.28, 0.6, 2.0)
    """Light on the brightest direction of a face, after exposure."""


def uniform_light(radiance: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 9"]:
    """Light that renders a white surface as `radiance` whatever its normal."""
    light = np.zeros((len(radiance), 9))
    light[:, 0] = radiance / (PI * _N0)
    return light


def directional_light(
    direction: Float64[np.ndarray, "n 3"], irradiance: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n 9"]:
    """A far light from `direction` (unit vectors), cut off at order 2: about irradiance * max(0, n . direction)."""
    x, y, z = direction[:, 0], direction[:, 1], direction[:, 2]
    basis = [
        np.full_like(x, _N0),
        _N1 * y,
        _N1 * z,
        _N1 * x,
        _N2 * x * y,
        _N2 * y * z,
        _N20 * (3 * z * z - 1),
        _N2 * z * x,
        _N22 * (x * x - y * y),
    ]
    light: Float64[np.ndarray, "n 9"] = np.stack(basis, axis=1) * irradiance[:, None]
    return light


@dataclass(frozen=True)
class Light:
    """n illuminations: ambient light (n, 9, 3) and a key light, as in `Scenes`."""

    ambient: Float32[np.ndarray, "n 9 3"]
    key_direction: Float32[np.ndarray, "n 3"]
    key_irradiance: Float32[np.ndarray, "n 3"]


def draw_light(config: LightConfig, p: Float64[np.ndarray, "n 16"], given: Given = NOTHING_GIVEN) -> Light:
    """One illumination for each row of `DRAWS` uniform numbers, except for what is `given`."""

    def of(name: str, column: int) -> Float64[np.ndarray, " n"]:
        return quantity(config, name, p[:, column], given)

    key = _direction(of("key_azimuth_deg", 0), of("key_elevation_deg", 1))
    fill = _direction(360 * p[:, 2] - 180, 140 * p[:, 3] - 60)
    key_share = of("key_share", 4)
    fill_share = of("fill_share", 5) * (1 - key_share)
    ambient = 1 - key_share - fill_share
    ground = of("ground", 6)
    warmth = of("warmth", 7)
    exposure = of("exposure", 8)
    up = np.broadcast_to(np.array([0.0, 1.0, 0.0]), key.shape)

    # Sky above and ground below: a mean plus a first-order gradient.
    sky = uniform_light(ambient * (1 + ground) / 2)
    sky[:, 1] += directional_light(up, ambient * (1 - ground) * 1.5)[:, 1] * 0.5
    coloured = (
        sky[:, :, None] * _tint(-0.5 * warmth, 0.06 * (2 * p[:, 9] - 1))[:, None, :]
        + directional_light(fill, fill_share)[:, :, None]
        * _tint(1.6 * p[:, 11] - 0.8, 0.1 * (2 * p[:, 12] - 1))[:, None, :]
    )
    irradiance = key_share[:, None] * 1.15 * _tint(warmth, 0.06 * (2 * p[:, 10] - 1))
    # A camera exposes for the face: half-way between the light that falls on its front and that on its bright side.
    metered = 0.5 + 0.5 * (_facing_luminance(coloured) + _luminance(irradiance) * key[:, 2].clip(0, None))
    gain = exposure / metered
    return Light(
        np.ascontiguousarray(coloured * gain[:, None, None], dtype=np.float32),
        np.ascontiguousarray(key, dtype=np.float32),
        np.ascontiguousarray(irradiance * gain[:, None], dtype=np.float32),
    )


def _luminance(rgb: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
    luminance: Float64[np.ndarray, " n"] = (
        rgb[:, 0] * _LUMINANCE[0] + rgb[:, 1] * _LUMINANCE[1] + rgb[:, 2] * _LUMINANCE[2]
    )
    return luminance


def _facing_luminance(light: Float64[np.ndarray, "n 9 3"]) -> Float64[np.ndarray, " n"]:
    """Luminance of a white surface that faces the camera."""
    rgb = PI * _N0 * light[:, 0] + 2 * PI / 3 * _N1 * light[:, 2] + PI / 4 * 2 * _N20 * light[:, 6]
    clipped: Float64[np.ndarray, " n"] = _luminance(rgb).clip(0.0, None)
    return clipped


def _direction(
    azimuth_deg: Float64[np.ndarray, " n"], elevation_deg: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n 3"]:
    azimuth = _native.sincos_deg(np.ascontiguousarray(azimuth_deg))
    elevation = _native.sincos_deg(np.ascontiguousarray(elevation_deg))
    return np.stack(
        [azimuth[:, 0] * elevation[:, 1], elevation[:, 0], azimuth[:, 1] * elevation[:, 1]], axis=1
    )


def _tint(warmth: Float64[np.ndarray, " n"], green: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
    """RGB factors of luminance 1: warm light is red, cool light is blue."""
    rgb = np.stack([1 + 0.16 * warmth, 1 + green, 1 - 0.26 * warmth], axis=1).clip(0.2, 2.0)
    tint: Float64[np.ndarray, "n 3"] = rgb / _luminance(rgb)[:, None]
    return tint
