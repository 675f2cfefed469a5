"""Spherical-harmonics lighting written out from Ramamoorthi and Hanrahan (SIGGRAPH 2001)."""

import numpy as np


def basis(normals: np.ndarray) -> np.ndarray:
    """(n, 9): real spherical harmonics in the order (1; y, z, x; xy, yz, 3z2-1, zx, x2-y2)."""
    x, y, z = normals.T
    return np.stack(
        [
            np.sqrt(1 / (4 * np.pi)) + 0 * x,
            np.sqrt(3 / (4 * np.pi)) * y,
            np.sqrt(3 / (4 * np.pi)) * z,
            np.sqrt(3 / (4 * np.pi)) * x,
            np.sqrt(15 / (4 * np.pi)) * x * y,
            np.sqrt(15 / (4 * np.pi)) * y * z,
            np.sqrt(5 / (16 * np.pi)) * (3 * z**2 - 1),
            np.sqrt(15 / (4 * np.pi)) * x * z,
            np.sqrt(15 / (16 * np.pi)) * (x**2 - y**2),
        ],
        axis=1,
    )


CLAMPED_COSINE = np.array([np.pi] + [2 * np.pi / 3] * 3 + [np.pi / 4] * 5)


def radiance(light: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Radiance of a white surface: light (9,) or (9, channels), normals (n, 3) -> (n,) or (n, channels)."""
    return (basis(normals) * CLAMPED_COSINE) @ light
