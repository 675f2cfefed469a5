"""The sRGB tables against the standard's formula."""

import numpy as np

from facewright import _native
from tests.oracles import rasterizer as oracle


def test_every_code_comes_back() -> None:
    linear = _native.srgb_to_linear()
    np.testing.assert_allclose(linear, oracle.to_linear(np.arange(256)), rtol=1e-7)
    np.testing.assert_array_equal(_native.linear_to_srgb(linear), np.arange(256))


def test_encoding_rounds_to_the_nearest_code() -> None:
    middles = oracle.to_linear(np.arange(255) + 0.5)
    below, above = (middles * (1 - 1e-6)).astype(np.float32), (middles * (1 + 1e-6)).astype(np.float32)
    np.testing.assert_array_equal(_native.linear_to_srgb(below), np.arange(255))
    np.testing.assert_array_equal(_native.linear_to_srgb(above), np.arange(1, 256))


def test_encoding_is_monotone_and_clamps() -> None:
    codes = _native.linear_to_srgb(np.linspace(0, 1, 200_001, dtype=np.float32)).astype(int)
    assert (np.diff(codes) >= 0).all()
    odd = np.float32([-1, -np.inf, np.nan, 1.0001, 1e30, np.inf])
    np.testing.assert_array_equal(_native.linear_to_srgb(odd), [0, 0, 0, 255, 255, 255])
