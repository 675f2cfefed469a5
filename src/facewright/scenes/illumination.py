"""Illumination: drawn as in a studio (sky and ground, a key light, a fill light), or from a prior of real places.

Light is described in `spherical`; an exposure comes on top.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64

from facewright import _native
from facewright.distributions import Constant, Distribution, Normal, TruncatedNormal, Uniform, require_within
from facewright.errors import FacewrightError
from facewright.scenes.grid import NOTHING_GIVEN, Given, quantity
from facewright.scenes.light_priors import LightPrior, gaussian_of, light_prior
from facewright.scenes.spherical import (
    N0,
    N1,
    PI,
    ambient_diffuse_light,
    directional_light,
    facing_luminance,
    luminance,
    mirrored,
    turned,
    turned_direction,
    uniform_light,
)

__all__ = ["DRAWS", "GRID", "Light", "LightConfig", "draw_light"]

DRAWS = 64
"""Uniform numbers that one illumination takes."""
GRID = (
    "key_azimuth_deg",
    "key_elevation_deg",
    "key_share",
    "fill_share",
    "ground",
    "warmth",
    "exposure",
    "light_angle_deg",
)
"""What can be given instead of drawn."""
_SINE_60 = math.sqrt(0.75)
_PRIOR_SATURATION = Uniform(0.1, 0.4)


@dataclass(frozen=True)
class LightConfig:
    """Where light comes from and how it is spread. Irradiance 1 on a white surface is rendered as white."""

    illumination: str = "studio"
    """studio (the shares and directions below), natural (an embedded prior of 26 places), bip:FOLDER (the Basel
    Illumination Prior's .rps files) or maps:FOLDER (your own .exr and .hdr environment maps)."""
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
    exposure: Distribution | None = TruncatedNormal(1.2, 0.28, 0.6, 2.0)
    """Light on the brightest direction of a face, after exposure; None leaves a prior's light as it is."""
    light_turn_deg: Distribution = Uniform(-180, 180)
    """Turn of a natural place or a map about the vertical; at 0 the face looks at the map's middle."""
    light_saturation: Distribution | None = None
    """How much of its colour the light of a prior keeps: 0 none; by default 0.1..0.4, and 1 for the Basel prior."""
    light_energy: float | None = None
    """Sum of squares that a prior's light is scaled to, instead of an exposure (Basel: 6.33)."""
    light_mode: Literal["empirical", "multivariate_normal", "static_frontal", "around"] = "empirical"
    """Which light of a prior: one of its places, one drawn from the normal distribution fitted to them, always the same
    from the front, or one from 60 degrees off the viewing axis, half of it ambient, `light_angle_deg` from above."""
    light_angle_deg: Distribution = Uniform(-180, 180)
    """Where the light of mode `around` comes from: 0 above, 90 the image's left."""
    key_split: Distribution = Constant(1)
    """Part of a prior's dominant light that becomes the key light, which casts shadows; 0 leaves harmonics only."""

    def __post_init__(self) -> None:
        kind, _, folder = self.illumination.partition(":")
        if self.illumination not in ("studio", "natural") and not (kind in ("bip", "maps") and folder):
            raise FacewrightError(
                f"illumination: found '{self.illumination}', expected studio, natural, bip:FOLDER or maps:FOLDER"
            )
        if self.light_saturation is not None:
            require_within("light_saturation", self.light_saturation, 0.0, 2.0)
        require_within("key_split", self.key_split, 0.0, 1.0)
        if self.exposure is not None:
            require_within("exposure", self.exposure, 0.0, 100.0)
        elif self.illumination == "studio":
            raise FacewrightError("exposure: found None, expected a distribution for studio light")
        if self.light_energy is not None and not 0 < self.light_energy <= 1e6:
            raise FacewrightError(f"light_energy: found {self.light_energy}, expected above 0")


@dataclass(frozen=True)
class Light:
    """n illuminations: ambient light (n, 9, 3) and a key light, as in `Scenes`."""

    ambient: Float32[np.ndarray, "n 9 3"]
    key_direction: Float32[np.ndarray, "n 3"]
    key_irradiance: Float32[np.ndarray, "n 3"]


def draw_light(config: LightConfig, p: Float64[np.ndarray, "n 64"], given: Given = NOTHING_GIVEN) -> Light:
    """One illumination for each row of `DRAWS` uniform numbers, except for what is `given`.

    Raises FacewrightError when the prior's files cannot be read.
    """
    if config.illumination == "studio":
        return _studio_light(config, p, given)
    return _light_of_prior(config, p, given)


def _studio_light(config: LightConfig, p: Float64[np.ndarray, "n 64"], given: Given) -> Light:
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
    metered = 0.5 + 0.5 * (facing_luminance(coloured) + luminance(irradiance) * key[:, 2].clip(0, None))
    gain = exposure / metered
    return Light(
        np.ascontiguousarray(coloured * gain[:, None, None], dtype=np.float32),
        np.ascontiguousarray(key, dtype=np.float32),
        np.ascontiguousarray(irradiance * gain[:, None], dtype=np.float32),
    )


def _light_of_prior(config: LightConfig, p: Float64[np.ndarray, "n 64"], given: Given) -> Light:
    """Draw from a prior; then colour, energy or exposure, and the key light's share."""
    ambient, key, irradiance = _drawn_places(config, p, given)
    saturation = config.light_saturation or (
        Constant(1) if config.illumination.startswith("bip:") else _PRIOR_SATURATION
    )
    kept = saturation.quantile(p[:, 3])
    ambient = _desaturated(ambient, kept)
    irradiance = _desaturated(irradiance[:, None], kept)[:, 0]
    if not irradiance.any():
        key, irradiance = _dominant(ambient)
        ambient = ambient - _coloured(key, irradiance)
    split = config.key_split.quantile(p[:, 4])[:, None]
    ambient = ambient + _coloured(key, irradiance * (1 - split))
    irradiance = irradiance * split
    if config.light_energy is None and config.exposure is None and "exposure" not in given:
        gain = np.ones(len(p))
    elif config.light_energy is None:
        exposure = quantity(config, "exposure", p[:, 8], given)
        front = facing_luminance(ambient) + luminance(irradiance) * key[:, 2].clip(0, None)
        everything = luminance(ambient[:, 0] * (PI * N0) + irradiance)
        gain = exposure / (0.5 * everything + 0.5 * front).clip(1e-9, None)
    else:
        total = ambient + _coloured(key, irradiance)
        gain = np.sqrt(config.light_energy / _sum_of_squares(total).clip(1e-12, None))
    return Light(
        np.ascontiguousarray(ambient * gain[:, None, None], dtype=np.float32),
        np.ascontiguousarray(key, dtype=np.float32),
        np.ascontiguousarray(irradiance * gain[:, None], dtype=np.float32),
    )


def _drawn_places(
    config: LightConfig, p: Float64[np.ndarray, "n 64"], given: Given
) -> tuple[Float64[np.ndarray, "n 9 3"], Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"]]:
    """Ambient light, direction of the key light and its irradiance."""
    count, nothing = len(p), np.zeros((len(p), 3))
    straight = np.tile(np.array([0.0, 0.0, 1.0]), (count, 1))
    if config.light_mode in ("static_frontal", "around"):
        ambient, diffuse, towards = 0.8, 0.2, straight
        if config.light_mode == "around":
            around = _native.sincos_deg(quantity(config, "light_angle_deg", p[:, 5], given))
            ambient, diffuse = 0.5, 0.5
            towards = np.stack(
                [-_SINE_60 * around[:, 0], _SINE_60 * around[:, 1], np.full(count, 0.5)], axis=1
            )
        light = ambient_diffuse_light(ambient, diffuse, towards)
        return np.repeat(light[:, :, None], 3, axis=2), straight, nothing
    prior = light_prior(config.illumination)
    if config.light_mode == "multivariate_normal":
        mean, factor = gaussian_of(config.illumination)
        normal = _native.normal_quantile(np.ascontiguousarray(p[:, 16:43]).ravel()).reshape(count, 27)
        drawn = mean + sum(normal[:, k : k + 1] * factor[:, k] for k in range(27))
        return drawn.reshape(count, 9, 3), straight, nothing
    return _turned_places(config, prior, p)


def _turned_places(
    config: LightConfig, prior: LightPrior, p: Float64[np.ndarray, "n 64"]
) -> tuple[Float64[np.ndarray, "n 9 3"], Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"]]:
    places = np.minimum((p[:, 0] * len(prior)).astype(int), len(prior) - 1)
    ambient, key, irradiance = (
        prior.ambient[places],
        prior.key_direction[places],
        prior.key_irradiance[places],
    )
    if not prior.turns:
        return ambient, key, irradiance
    angle = config.light_turn_deg.quantile(p[:, 1])
    other_side = p[:, 2] < 0.5
    sides = np.where(other_side[:, None], np.array([-1.0, 1.0, 1.0]), 1.0)
    return turned(mirrored(ambient, other_side), angle), turned_direction(key * sides, angle), irradiance


def _desaturated(
    light: Float64[np.ndarray, "n k 3"], kept: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n k 3"]:
    grey = (light[:, :, :1] + light[:, :, 1:2] + light[:, :, 2:]) / 3
    mixed: Float64[np.ndarray, "n k 3"] = grey + kept[:, None, None] * (light - grey)
    return mixed


def _sum_of_squares(light: Float64[np.ndarray, "n 9 3"]) -> Float64[np.ndarray, " n"]:
    """Added in one order everywhere, unlike numpy's sum."""
    total = np.zeros(len(light))
    for column in light.reshape(len(light), -1).T:
        total = total + column * column
    return total


def _coloured(
    direction: Float64[np.ndarray, "n 3"], irradiance: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n 9 3"]:
    """A directional light of RGB irradiance."""
    one = directional_light(direction, np.ones(len(direction)))
    lit: Float64[np.ndarray, "n 9 3"] = one[:, :, None] * irradiance[:, None, :]
    return lit


def _dominant(
    light: Float64[np.ndarray, "n 9 3"],
) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"]]:
    """Direction and irradiance of the light that a far source would explain best.

    A far source of irradiance E has coefficients N0 E and N1 E d. The more of all light the first order explains, the
    more of it is taken to come from one direction.
    """
    grey = luminance(light.reshape(-1, 3)).reshape(-1, 9)
    d = np.stack([grey[:, 3], grey[:, 1], grey[:, 2]], axis=1)
    length = np.sqrt(d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1] + d[:, 2] * d[:, 2])
    directed, all_light = length / N1, (grey[:, 0] / N0).clip(1e-12, None)
    unit = np.where(length[:, None] > 1e-9, d / length[:, None].clip(1e-9, None), np.array([0.0, 0.0, 1.0]))
    rgb = (light[:, 3] * unit[:, :1] + light[:, 1] * unit[:, 1:2] + light[:, 2] * unit[:, 2:]) / N1
    return unit, rgb.clip(0, None) * (directed / all_light).clip(0, 1)[:, None]


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
    tint: Float64[np.ndarray, "n 3"] = rgb / luminance(rgb)[:, None]
    return tint
