"""The shape of a head from its coefficients."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright.models.embedded import load_head
from facewright.people.shape import shaped


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_shapes_are_the_mean_and_weighted_directions(seed):
    model = load_head().model
    coefficients = np.random.default_rng(seed).normal(size=len(model.identity_basis_mm)).astype(np.float32)
    exact = np.tensordot(coefficients.astype(np.float64), model.identity_basis_mm.astype(np.float64), 1)
    np.testing.assert_allclose(shaped(model, coefficients), model.mean_mm + exact, atol=5e-3)


def test_no_coefficients_give_the_mean():
    model = load_head().model
    zero = np.zeros(len(model.identity_basis_mm), np.float32)
    np.testing.assert_array_equal(shaped(model, zero), model.mean_mm)
