"""facewright's kernels: the same bits on every machine."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy
from numpy.typing import NDArray


def draw_backgrounds(words: Annotated[NDArray[numpy.uint32], dict(shape=(None, 4), order='C', writable=False)], size_px: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C')]:
    """
    (n, size, size, 3) uint8 sRGB: a procedural background for each row of four random words.
    """

def project_environment(radiance: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """
    (11, 3) float64 of an equirectangular map (H, W, 3): ambient coefficients, key direction, key irradiance.
    """

class HairGrower:
    """Grows cards of hair on heads of one model."""

    def __init__(self, mean: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], skin: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', writable=False)], skin_heights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', writable=False)], roots: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], root_normals: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], heights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', writable=False)], anchors: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', writable=False)]) -> None:
        """
        mean (V, 3), the skin's triangles (T, 3), the vertices' heights (V,) above the lowest hairline; roots (R, 3) on the mean head in an order of which every beginning is
        even, their normals, heights (R,) above the lowest hairline in mm and nearest vertices (R,). Copied.
        """

    def grow(self, neutral: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], style: object) -> tuple[Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.int32], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.int32], dict(shape=(None,))]]:
        """
        vertices (N, 3), normals (N, 3), triangles (M, 3), uv (N, 2), anchors (N,) of a HairStyle on a head (V, 3).
        """

def grow_beard(mean: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], neutral: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], roots: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], normals: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], anchors: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', writable=False)], lengths: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', writable=False)], width: float, sideways: float, seed: int) -> tuple[Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.int32], dict(shape=(None, None))], Annotated[NDArray[numpy.float32], dict(shape=(None, None))], Annotated[NDArray[numpy.int32], dict(shape=(None,))]]:
    """
    As HairGrower.grow, for roots (R, 3) on the mean head with lengths (R,); sideways combs away from the middle.
    """

def norm_forward(bf16: bool, x: int, plus: int, sum: int, y: int, shape: tuple[int, int, int, float], parameters: tuple[int, int, int], mean: int, variance: int, running: tuple[float, int, int, int]) -> None:
    """
    Normalise each channel of x over all rows into y and activate it; fills mean and (biased) variance and moves the running ones. With `plus`, the same of sum = x + plus. Arrays are addresses, 0 for none; maps are float32, or bfloat16 if `bf16`, all else is float32. shape: rows, channels, activation (0: none, 1: ReLU, 2: PReLU), eps; parameters: weight, bias, slope; running: momentum, mean, variance, number of batches (int64).
    """

def norm_backward(bf16: bool, upstream: tuple[int, int, int, int, int], x: int, plus: int, dx: int, shape: tuple[int, int, int, float], parameters: tuple[int, int, int], mean: int, variance: int, d_weight: int, d_bias: int, d_slope: int) -> None:
    """
    Gradients of norm_forward from that of y: fills dx (with `plus`, the gradient of the sum, on top), d_weight, d_bias and, for PReLU, d_slope. upstream: the gradient of y, numbers from one row of it to the next, a gradient of y's pixels in even rows and columns that comes on top, height and width of y's maps.
    """

def response_forward(bf16: bool, x: int, y: int, rows: int, channels: int, size: int, alpha: float) -> None:
    """
    y = x / (1 + alpha / size * sum of squares over `size` channels) ^ 0.75.
    """

def response_backward(bf16: bool, dy: int, x: int, dx: int, rows: int, channels: int, size: int, alpha: float) -> None:
    """Gradient of response_forward: fills dx."""

def max_forward(bf16: bool, x: int, y: int, where: int, windows: tuple[int, int, int, int, int, int, int, int]) -> None:
    """
    The largest number of each window, and where in the window (uint8). windows: images, height, width, channels, kernel down, kernel across, stride, padding.
    """

def max_backward(bf16: bool, dy: int, where: int, dx: int, windows: tuple[int, int, int, int, int, int, int, int]) -> None:
    """Gradient of max_forward: fills dx."""

def rms_forward(bf16: bool, x: int, y: int, windows: tuple[int, int, int, int, int, int, int, int]) -> None:
    """The root mean square of each window."""

def rms_backward(bf16: bool, dy: int, x: int, y: int, dx: int, windows: tuple[int, int, int, int, int, int, int, int]) -> None:
    """Gradient of rms_forward: fills dx."""

class AlbedoPainter:
    """Paints albedo textures from shared masks and noise patterns."""

    def __init__(self, masks: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', writable=False)], patterns: Annotated[NDArray[numpy.int8], dict(shape=(None, None, None), order='C', writable=False)]) -> None:
        """masks (M, S, S) uint8 and patterns (P, S, S) int8 are copied."""

    def paint(self, planes: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', writable=False)], parameters: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], base: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', writable=False)] | None = None) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None))]:
        """
        (S, S, 3) uint8: layers over each other in order, over `base` (S, S, 3) or black. planes (L, 4): mask, pattern,
        and two coordinate planes u and v among the masks for a band, else -1. parameters (L, 13): red, green, blue
        0 .. 255, strength, threshold, gain, roughness, mottle, c0, c1, c2, w0, w1. A layer's value is its mask, times
        1 - |v - (c0 + c1 u + c2 u^2)| / (w0 + w1 u) for a band. Where that is above 0 it covers with alpha = strength *
        clamp((value + roughness * pattern - threshold) * gain, 0, 1) in colour * (1 + mottle * pattern).
        """

def combine(mean: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], basis: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', writable=False)], weights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C')]:
    """
    (rows, columns) float32: mean + sum_k weights[k] * basis[k], added in the order of k.
    """

def conditioned(coefficients: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], rows: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)], wanted: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], limit: float, rounds: int) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
    """
    (K,) float64: z + D^T (D D^T)^-1 (wanted - D z), the nearest point where D z is as wanted, with the rows D (n, C) over
    the first C of the coefficients z; then these to -limit .. limit, and both again, `rounds` times.
    """

def depths(vertices: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], points: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', writable=False)], before: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', writable=False)], normals: Annotated[NDArray[numpy.float64], dict(shape=(None, None, None), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """
    (k, n) float64: how far each of n points is behind k planes, each through the vertex `before` (k, n) with a normal (3, k, n).
    """

def noise_at(points: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], seed: int) -> Annotated[NDArray[numpy.float32], dict(shape=(None,))]:
    """
    (n,) float32 in [-1, 1]: value noise at points (n, 3), features about one unit across.
    """

def normal_quantile(p: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
    """(n,) float64: inverse standard normal distribution function."""

def sincos_deg(degrees: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """(n, 2) float64: sine and cosine."""

def develop(images: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C', device='cpu', writable=False)], settings: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], words: Annotated[NDArray[numpy.uint32], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None))]:
    """
    (n, H, W, 3) uint8 sRGB after lens blur, exposure, white balance and noise; settings: (n, 5) exposure in stops, factors of red and blue, noise in codes at middle grey, blur in px.
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

class Look:
    """What is drawn of light beyond Lambert's law, and how often."""

    def __init__(self, occlusion: bool, shadows: bool, highlights: bool, scattering: bool, eye_reflections: bool, every_sample: bool) -> None: ...

class Inputs:
    """A person, n scenes and a crop, as draw and annotate take them."""

    def __init__(self, neutral_mm: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], texture: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], made_up_texture: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], vertex_colours: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], expression: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], cameras: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], light: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], key: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], made_up: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], visible: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], points_px: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], framing: int) -> None: ...

def instruction_set() -> str:
    """Name of the kernels that are used: portable, avx2 or avx512."""

class HeadRig:
    """A head model, checked and laid out for drawing."""

    def __init__(self, triangles: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], parts: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], weld: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], uv: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], occlusion: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], mean_mm: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], expression: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], landmarks: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], alignment: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> None: ...

    def draw(self, inputs: Inputs, wardrobe: Wardrobe, background: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C', device='cpu', writable=False)], look: Look) -> tuple[Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None, None), order='C')], Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C')]]:
        """
        Draw n scenes of one person: (n, size, size, 3) uint8 images and (n, 68, 2) landmarks in pixels. Releases the GIL.
        """

    def annotate(self, inputs: Inputs, wardrobe: Wardrobe, size: int, vertices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], look: Look) -> dict[str, Any]:
        """
        What is seen at the middle of each pixel of n scenes, and where vertices of the head are. Releases the GIL.
        """

    def openness(self, neutral_mm: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], wardrobe: Wardrobe, coarse: bool) -> Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C')]: ...

class MipTexture:
    """An attachment's texture with its smaller copies."""

    def __init__(self, texels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)]) -> None:
        """texels: (H, W, 4) uint8, sRGB and straight alpha."""

    def closed(self, least_uv: Sequence[float], most_uv: Sequence[float]) -> bool:
        """
        Whether nothing shows through between these, on any of the five finest levels.
        """

    def levels(self) -> list[Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C')]]:
        """
        As they are kept, from the largest: (H, W, 4) uint8, roots of linear colour times alpha, and alpha, in steps of 1/255.
        """

class Wardrobe:
    """Attachments, checked and laid out for drawing."""

    def __init__(self) -> None: ...

    def add(self, name: str, material: int, vertices_mm: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], normals: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], triangles: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], uv: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], texture: MipTexture, tint: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], anchors: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], two_sided: bool) -> None: ...

def rasterize(positions_px: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], triangles: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], size: int, samples: int) -> tuple[Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C')], Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C')], Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C')]]: ...

def srgb_to_linear() -> Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C')]:
    """(256,) float32: the linear value of each sRGB code."""

def linear_to_srgb(linear: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C')]:
    """(n,) uint8: the nearest sRGB code of each linear value."""

def shrink(image: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', device='cpu', writable=False)], left: int, top: int, width: int, height: int, columns: int, rows: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None))]:
    """
    (rows, columns, 3) uint8: part of an (H, W, 3) image, averaged by area.
    """

class RootPainter:
    """Paints the roots of hair on the skin of heads of one model."""

    def __init__(self, masks: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C', writable=False)], heights: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], places: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', writable=False)]) -> None:
        """
        masks (3, S, S): scalp, beard, moustache; heights (S, S) above the lowest hairline in mm; places (S, S, 3) on the
        mean head. Copied.
        """

    def paint(self, texture: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, None), order='C')], style: object, colours: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], beard: float, moustache: float) -> None:
        """
        Paints over a texture (S, S, 3) in place. colours (3, 3): roots of the scalp, of the face, and shaved skin, sRGB
        0 .. 255; beard and moustache: how much grows, 0 .. 1.
        """

class ShapeSpace:
    """
    A mean and directions, in steps of 1 / 32767 of each direction's largest number.
    """

    def __init__(self, mean: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], basis: Annotated[NDArray[numpy.float32], dict(shape=(None, None, None), order='C', writable=False)]) -> None:
        """mean (V, 3) and basis (K, V, 3) in mm are copied."""

    def shape(self, weights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float32], dict(shape=(None, None))]:
        """
        (V, 3) float32: mean + sum_k weights[k] * basis[k], added in the order of k.
        """

def places_on(vertices: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', writable=False)], corners: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)], offsets: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None, None))]:
    """
    (n, 3): offsets plus weights (n, 3) times the vertices (V, 3) of each row of corners (n, 3).
    """

def most_within(points: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)], axis: int, at_a: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], at_b: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], radius: float, origin: float, sign: float, otherwise: float) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
    """
    (n,): the most that sign * (value - origin) along an axis is among the points (m, 3) that lie within a radius of
    each (a, b) in the other two axes; `otherwise` if it is less or there are none.
    """

def between(grid: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)], rows: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], columns: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]:
    """
    (n,): values of a grid (R, C) between its points; rows are clamped, columns go round.
    """

def sweep(path: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)], up: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)], profile: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', writable=False)], thickness: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', writable=False)], closed: bool) -> tuple[Annotated[NDArray[numpy.float64], dict(shape=(None, None))], Annotated[NDArray[numpy.float64], dict(shape=(None, None))]]:
    """
    Vertices and normals (n * m, 3) of a profile (m, 4) along a path (n, 3), its second axis towards up (n, 3).
    """
