"""Light as real spherical harmonics of order 2.

Coefficients are environment radiance, order (1; y, z, x; xy, yz, 3z2-1, zx, x2-y2), in the camera frame (+x right,
+y up, +z towards the camera), with the normalisation of Ramamoorthi and Hanrahan, "An efficient representation for
irradiance environment maps" (SIGGRAPH 2001). Arrays are (n, 9) or (n, 9, 3) for RGB. Elementwise arithmetic only:
what is calculated here ends up in pixels.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from facewright import _native

__all__ = [
    "N0",
    "N1",
    "PI",
    "ambient_diffuse_light",
    "directional_light",
    "facing_luminance",
    "luminance",
    "mirrored",
    "turned",
    "turned_direction",
    "uniform_light",
]

PI = math.pi
# Normalisation of the basis functions; a square root is exactly rounded everywhere.
N0 = 0.5 * math.sqrt(1 / PI)
N1 = 0.5 * math.sqrt(3 / PI)
_N2 = 0.5 * math.sqrt(15 / PI)
_N20 = 0.25 * math.sqrt(5 / PI)
_N22 = 0.25 * math.sqrt(15 / PI)

# Rec. 709 luminance weights.
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def uniform_light(radiance: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 9"]:
    """Light that renders a white surface as `radiance` whatever its normal."""
    light = np.zeros((len(radiance), 9))
    light[:, 0] = radiance / (PI * N0)
    return light


def directional_light(
    direction: Float64[np.ndarray, "n 3"], irradiance: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n 9"]:
    """A far light from `direction` (unit vectors), cut off at order 2: about irradiance * max(0, n . direction)."""
    x, y, z = direction[:, 0], direction[:, 1], direction[:, 2]
    basis = [
        np.full_like(x, N0),
        N1 * y,
        N1 * z,
        N1 * x,
        _N2 * x * y,
        _N2 * y * z,
        _N20 * (3 * z * z - 1),
        _N2 * z * x,
        _N22 * (x * x - y * y),
    ]
    light: Float64[np.ndarray, "n 9"] = np.stack(basis, axis=1) * irradiance[:, None]
    return light


def ambient_diffuse_light(
    ambient: float, diffuse: float, direction: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n 9"]:
    """Light that renders a white surface with normal n as ambient + diffuse * n . direction."""
    light = np.zeros((len(direction), 9))
    light[:, 0] = ambient / (PI * N0)
    light[:, 1:4] = direction[:, [1, 2, 0]] * (diffuse / (N1 * (2 * PI / 3)))
    return light


def luminance(rgb: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, " n"]:
    """Of linear RGB."""
    weighed: Float64[np.ndarray, " n"] = (
        rgb[:, 0] * _LUMINANCE[0] + rgb[:, 1] * _LUMINANCE[1] + rgb[:, 2] * _LUMINANCE[2]
    )
    return weighed


def facing_luminance(light: Float64[np.ndarray, "n 9 3"]) -> Float64[np.ndarray, " n"]:
    """Luminance of a white surface that faces the camera."""
    rgb = PI * N0 * light[:, 0] + 2 * PI / 3 * N1 * light[:, 2] + PI / 4 * 2 * _N20 * light[:, 6]
    clipped: Float64[np.ndarray, " n"] = luminance(rgb).clip(0.0, None)
    return clipped


def turned(
    light: Float64[np.ndarray, "n 9 3"], angle_deg: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n 9 3"]:
    """The same light turned about the vertical: what came from +z comes from the image's right (+x) at 90 degrees.

    Orders turn within themselves. Of order 2, xy and yz are like x and z; the other three are the quadratic form of a
    symmetric matrix in x and z, whose trace goes to y.
    """
    sine, cosine = (column[:, None] for column in _native.sincos_deg(np.ascontiguousarray(angle_deg)).T)
    out = light.copy()
    z, x = light[:, 2], light[:, 3]
    out[:, 2], out[:, 3] = cosine * z - sine * x, sine * z + cosine * x
    xy, yz = light[:, 4], light[:, 5]
    out[:, 4], out[:, 5] = cosine * xy + sine * yz, cosine * yz - sine * xy
    m_xx = _N22 * light[:, 8] - _N20 * light[:, 6]
    m_zz = 2 * _N20 * light[:, 6]
    m_zx = 0.5 * _N2 * light[:, 7]
    m_yy = -_N20 * light[:, 6] - _N22 * light[:, 8]
    new_xx = cosine * cosine * m_xx + 2 * cosine * sine * m_zx + sine * sine * m_zz
    new_zz = sine * sine * m_xx - 2 * cosine * sine * m_zx + cosine * cosine * m_zz
    new_zx = cosine * sine * (m_zz - m_xx) + (cosine * cosine - sine * sine) * m_zx
    out[:, 6] = new_zz / (2 * _N20)
    out[:, 7] = 2 * new_zx / _N2
    out[:, 8] = (new_xx - m_yy) / (2 * _N22)
    return out


def turned_direction(
    direction: Float64[np.ndarray, "n 3"], angle_deg: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n 3"]:
    """Directions turned as `turned` turns light."""
    sine, cosine = _native.sincos_deg(np.ascontiguousarray(angle_deg)).T
    x, y, z = direction.T
    return np.stack([cosine * x + sine * z, y, cosine * z - sine * x], axis=1)


def mirrored(light: Float64[np.ndarray, "n 9 3"], rows: np.ndarray) -> Float64[np.ndarray, "n 9 3"]:
    """Left and right exchanged where `rows` is true."""
    odd = np.array([0, 0, 0, 1, 1, 0, 0, 1, 0], bool)
    flipped: Float64[np.ndarray, "n 9 3"] = np.where((rows[:, None] & odd)[:, :, None], -light, light)
    return flipped
