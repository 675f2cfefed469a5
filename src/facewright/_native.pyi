"""facewright's kernels: the same bits on every machine."""

from typing import Annotated

import numpy
from numpy.typing import NDArray


def draw_backgrounds(words: Annotated[NDArray[numpy.uint32], dict(shape=(None, 4), order='C', writable=False)], size_px: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C')]:
    """
    (n, size, size, 3) uint8 sRGB: a procedural background for each row of four random words.
    """

def combine(mean: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], basis: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', writable=False)], weights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C')]:
    """
    (rows, columns) float32: mean + sum_k weights[k] * basis[k], added in the order of k.
    """

def noise_at(points: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], seed: int) -> Annotated[NDArray[numpy.float32], dict(shape=(None,))]:
    """
    (n,) float32 in [-1, 1]: value noise at points (n, 3), features about one unit across.
    """

def normal_quantile(p: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
    """(n,) float64: inverse standard normal distribution function."""

def sincos_deg(degrees: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """(n, 2) float64: sine and cosine."""

class AlbedoPainter:
    """Paints albedo textures from shared masks and noise patterns."""

    def __init__(self, masks: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', writable=False)], patterns: Annotated[NDArray[numpy.int8], dict(shape=(None, None, None), order='C', writable=False)]) -> None:
        """masks (M, S, S) uint8 and patterns (P, S, S) int8 are copied."""

    def paint(self, mask_index: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', writable=False)], pattern_index: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', writable=False)], parameters: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)]) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None))]:
        """
        (S, S, 3) uint8: layers over each other in order. Each names a mask and a pattern and has a row (red, green,
        blue 0 .. 255, strength, threshold, gain, roughness, mottle). Where its mask is above 0 it covers with alpha =
        strength * clamp((mask + roughness * pattern - threshold) * gain, 0, 1) in colour * (1 + mottle * pattern).
        """

def random_words(seed: int, person: int, factor: int, first: int, rows: int, columns: int) -> Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C')]:
    """
    (rows, columns) uint32: Philox4x32-10 words with counter (block, first + row, person, factor).
    """

def random_uniform(seed: int, person: int, factor: int, first: int, rows: int, columns: int) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')]:
    """(rows, columns) float64 in the open interval (0, 1)."""

def random_normal(seed: int, person: int, factor: int, first: int, rows: int, columns: int) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C')]:
    """
    (rows, columns) float64 standard normal, by inverse distribution function.
    """

def normal_cdf(x: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
    """
    (n,) float64 in (0, 1): standard normal distribution function, the inverse of normal_quantile.
    """

class HeadRig:
    """A head model, checked and laid out for drawing."""

    def __init__(self, triangles: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], parts: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], weld: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], uv: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], occlusion: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], expression: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], landmarks: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], alignment: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> None: ...

    def draw(self, neutral_mm: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], texture: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], expression: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], cameras: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], light: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], points_px: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], background: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C', device='cpu', writable=False)]) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C')], Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C')]]:
        """
        Draw n scenes of one person: (n, size, size, 3) uint8 images and (n, 68, 2) landmarks in pixels. Releases the GIL.
        """

def rasterize(positions_px: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], triangles: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], size: int, samples: int) -> tuple[Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C')], Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C')]]: ...

def srgb_to_linear() -> Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C')]:
    """(256,) float32: the linear value of each sRGB code."""

def linear_to_srgb(linear: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C')]:
    """(n,) uint8: the nearest sRGB code of each linear value."""
