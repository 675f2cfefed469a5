"""The shape of a head from its coefficients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import _native
from facewright.models.embedded import load_head
from facewright.people.shape import shaped


def added_up(mean, basis, weights):
    """To the bit: 16-bit steps of each direction's largest number, added in order."""
    out = mean.copy()
    for weight, direction in zip(weights, basis, strict=True):
        step = max(np.abs(direction).max() / np.float32(32767), np.float32(1e-12))
        out = out + weight * step * np.floor(direction / step + np.float32(0.5))
    return out


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_shapes_are_the_mean_and_weighted_directions(seed):
    model = load_head().model
    coefficients = np.random.default_rng(seed).normal(size=len(model.identity_basis_mm)).astype(np.float32)
    exact = np.tensordot(coefficients.astype(np.float64), model.identity_basis_mm.astype(np.float64), 1)
    np.testing.assert_allclose(shaped(model, coefficients), model.mean_mm + exact, atol=5e-3)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 70), st.integers(0, 20))
def test_directions_are_added_in_order_to_the_bit(seed, vertices, directions):
    rng = np.random.default_rng(seed)
    mean = rng.normal(0, 60, (vertices, 3)).astype("f4")
    basis = rng.normal(0, 2, (directions, vertices, 3)).astype("f4")
    basis[: directions // 4] = 0
    weights = rng.normal(size=directions).astype("f4")
    space = _native.ShapeSpace(mean, basis)
    np.testing.assert_array_equal(space.shape(weights), added_up(mean, basis, weights))


def test_no_coefficients_give_the_mean():
    model = load_head().model
    zero = np.zeros(len(model.identity_basis_mm), np.float32)
    np.testing.assert_array_equal(shaped(model, zero), model.mean_mm)


def test_arrays_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"mean \(V, 3\)"):
        _native.ShapeSpace(np.zeros((4, 3), "f4"), np.zeros((2, 5, 3), "f4"))
    with pytest.raises(ValueError, match="a weight for each"):
        _native.ShapeSpace(np.zeros((4, 3), "f4"), np.zeros((2, 4, 3), "f4")).shape(np.zeros(3, "f4"))
