"""The native painter against the formula in its docstring."""

import numpy as np
import pytest

from facewright import _native


def painted(masks, patterns, layers, base=None):
    rgb = np.zeros((*masks.shape[1:], 3)) if base is None else base.astype(float)
    for (mask, pattern, u, v), parameters in layers:
        *colour, strength, threshold, gain, roughness, mottle, c0, c1, c2, w0, w1 = parameters
        noise = patterns[pattern] / 127
        value = masks[mask] / 255
        if u >= 0:
            along, across = masks[u] / 255, masks[v] / 255
            value = value * (
                1 - np.abs(across - (c0 + along * (c1 + along * c2))) / np.maximum(w0 + w1 * along, 1e-3)
            )
        cover = np.clip((value + roughness * noise - threshold) * gain, 0, 1)
        alpha = (strength * cover * (value > 0))[..., None]
        rgb = rgb + (np.array(colour) * (1 + mottle * noise)[..., None] - rgb) * alpha
    return np.floor(np.clip(rgb + 0.5, 0, 255))


PLAIN = (0.0, 0.0, 0.0, 0.0, 0.0)
LAYERS = [
    ((0, 0, -1, -1), (200, 150, 100, 1.0, 0.0, 9.0, 0.0, 0.1, *PLAIN)),
    ((1, 1, -1, -1), (90, 20, 30, 0.7, 0.2, 1.5, 0.3, 0.2, *PLAIN)),
    ((2, 0, -1, -1), (300, -20, 10, 0.5, -0.1, 1.0, 0.0, 0.0, *PLAIN)),
    ((1, 0, -1, -1), (9, 9, 9, 0.0, 0.0, 1.0, 0.0, 0.0, *PLAIN)),
    ((1, 0, 0, 2), (10, 90, 240, 0.8, 0.1, 2.0, 0.2, 0.1, 0.3, 0.5, -0.2, 0.3, -0.1)),
    ((0, 1, 2, 1), (240, 9, 40, 0.9, 0.0, 1.5, 0.0, 0.0, 0.6, -0.5, 0.4, 0.2, -0.5)),
]


@pytest.mark.parametrize("over_base", [False, True])
def test_layers_are_painted_as_documented(over_base):
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 256, (3, 16, 24)).astype(np.uint8)
    masks[1, :5] = 0
    patterns = rng.integers(-127, 128, (2, 16, 24)).astype(np.int8)
    base = rng.integers(0, 256, (16, 24, 3)).astype(np.uint8) if over_base else None
    layers = LAYERS[1:] if over_base else LAYERS
    result = _native.AlbedoPainter(masks, patterns).paint(
        np.array([planes for planes, _ in layers], dtype=np.int32),
        np.array([parameters for _, parameters in layers], dtype=np.float32),
        base,
    )
    expected = painted(masks, patterns, layers, base)
    np.testing.assert_allclose(result, expected, atol=1)
    assert (result == expected).mean() > 0.99


@pytest.mark.parametrize(
    "planes", [(1, 0, -1, -1), (0, 1, -1, -1), (-1, 0, -1, -1), (0, 0, 0, -1), (0, 0, 0, 1)]
)
def test_a_layer_without_mask_or_pattern_is_refused(planes):
    painter = _native.AlbedoPainter(np.zeros((1, 4, 4), np.uint8), np.zeros((1, 4, 4), np.int8))
    with pytest.raises(ValueError, match="does not exist"):
        painter.paint(np.array([planes], np.int32), np.zeros((1, 13), np.float32))


def test_combine_adds_in_order_and_skips_nothing():
    rng = np.random.default_rng(1)
    mean, basis = rng.normal(size=(700, 3)).astype("f4"), rng.normal(size=(5, 700, 3)).astype("f4")
    weights = np.array([1.5, 0.0, -2.0, 0.25, 1e-3], dtype=np.float32)
    expected = mean.copy()
    for weight, direction in zip(weights, basis, strict=True):
        expected = expected + weight * direction
    np.testing.assert_array_equal(_native.combine(mean, basis, weights), expected)
