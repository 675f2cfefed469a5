"""The native painter against the formula in its docstring."""

import numpy as np
import pytest

from facewright import _native


def painted(masks, patterns, layers):
    rgb = np.zeros((*masks.shape[1:], 3))
    for mask, pattern, (*colour, strength, threshold, gain, roughness, mottle) in layers:
        noise = patterns[pattern] / 127
        cover = np.clip((masks[mask] / 255 + roughness * noise - threshold) * gain, 0, 1)
        alpha = (strength * cover * (masks[mask] > 0))[..., None]
        rgb += (np.array(colour) * (1 + mottle * noise)[..., None] - rgb) * alpha
    return np.floor(np.clip(rgb + 0.5, 0, 255))


def test_layers_are_painted_as_documented():
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 256, (3, 16, 24)).astype(np.uint8)
    masks[1, :5] = 0
    patterns = rng.integers(-127, 128, (2, 16, 24)).astype(np.int8)
    layers = [
        (0, 0, (200, 150, 100, 1.0, 0.0, 9.0, 0.0, 0.1)),
        (1, 1, (90, 20, 30, 0.7, 0.2, 1.5, 0.3, 0.2)),
        (2, 0, (300, -20, 10, 0.5, -0.1, 1.0, 0.0, 0.0)),
        (1, 0, (9, 9, 9, 0.0, 0.0, 1.0, 0.0, 0.0)),
    ]
    result = _native.AlbedoPainter(masks, patterns).paint(
        np.array([m for m, _, _ in layers], dtype=np.int32),
        np.array([p for _, p, _ in layers], dtype=np.int32),
        np.array([v for _, _, v in layers], dtype=np.float32),
    )
    np.testing.assert_allclose(result, painted(masks, patterns, layers), atol=1)
    assert (result == painted(masks, patterns, layers)).mean() > 0.99


@pytest.mark.parametrize(("mask", "pattern"), [(1, 0), (0, 1), (-1, 0)])
def test_a_layer_without_mask_or_pattern_is_refused(mask, pattern):
    painter = _native.AlbedoPainter(np.zeros((1, 4, 4), np.uint8), np.zeros((1, 4, 4), np.int8))
    with pytest.raises(ValueError, match="does not exist"):
        painter.paint(np.array([mask], np.int32), np.array([pattern], np.int32), np.zeros((1, 8), np.float32))


def test_combine_adds_in_order_and_skips_nothing():
    rng = np.random.default_rng(1)
    mean, basis = rng.normal(size=(700, 3)).astype("f4"), rng.normal(size=(5, 700, 3)).astype("f4")
    weights = np.array([1.5, 0.0, -2.0, 0.25, 1e-3], dtype=np.float32)
    expected = mean.copy()
    for weight, direction in zip(weights, basis, strict=True):
        expected = expected + weight * direction
    np.testing.assert_array_equal(_native.combine(mean, basis, weights), expected)
