"""The kernels of things worn against the same in numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import _native

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=20)
@given(SEEDS)
def test_places_are_weighted_vertices(seed):
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(9, 3)).astype(np.float32)
    corners = rng.integers(0, 9, (5, 3)).astype(np.int32)
    weights, offsets = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    expected = offsets + (vertices[corners] * weights[:, :, None]).sum(axis=1)
    np.testing.assert_allclose(_native.places_on(vertices, corners, weights, offsets), expected, atol=1e-12)


@settings(max_examples=20)
@given(SEEDS, st.sampled_from([(0, 1, 2), (1, 0, 2), (2, 0, 1)]), st.sampled_from([-1.0, 1.0]))
def test_the_most_within_reach(seed, axes, sign):
    rng = np.random.default_rng(seed)
    axis, first, second = axes
    points, a, b = rng.normal(size=(30, 3)), rng.normal(size=6), rng.normal(size=6)
    apart = np.hypot(points[None, :, first] - a[:, None], points[None, :, second] - b[:, None])
    value = sign * (points[:, axis] - 0.2)
    expected = np.where(apart <= 0.8, value, -0.5).max(axis=1).clip(-0.5)
    np.testing.assert_allclose(_native.most_within(points, axis, a, b, 0.8, 0.2, sign, -0.5), expected)


@settings(max_examples=20)
@given(SEEDS)
def test_a_grid_is_met_at_its_points_and_goes_round(seed):
    rng = np.random.default_rng(seed)
    grid = rng.normal(size=(4, 6))
    rows, columns = np.repeat(np.arange(3.0), 6), np.tile(np.arange(6.0), 3)
    np.testing.assert_allclose(_native.between(grid, rows, columns), grid[:3].ravel(), atol=1e-12)
    np.testing.assert_allclose(_native.between(grid, rows, columns + 6), grid[:3].ravel(), atol=1e-12)
    halfway = _native.between(grid, np.array([0.0]), np.array([5.5]))
    assert halfway[0] == pytest.approx((grid[0, 5] + grid[0, 0]) / 2)


def test_a_circle_along_a_line_is_a_cylinder():
    path = np.stack([np.zeros(5), np.zeros(5), np.arange(5.0)], axis=1)
    turns = np.deg2rad(np.arange(0, 360, 45))
    circle = np.stack([np.cos(turns), np.sin(turns)] * 2, axis=1)
    thick = np.array([1.0, 2, 3, 2, 1])
    vertices, normals = _native.sweep(path, np.tile([0.0, 1, 0], (5, 1)), circle, thick, False)
    np.testing.assert_allclose(np.hypot(vertices[:, 0], vertices[:, 1]), np.repeat(thick, 8))
    np.testing.assert_allclose(normals[:, :2], vertices[:, :2] / np.repeat(thick, 8)[:, None], atol=1e-12)


def test_kernels_check_their_arrays():
    three = np.zeros((2, 3))
    with pytest.raises(ValueError, match="no vertex"):
        _native.places_on(np.zeros((2, 3), np.float32), np.full((2, 3), 2, np.int32), three, three)
    with pytest.raises(ValueError, match="column"):
        _native.between(np.zeros((3, 3)), np.zeros(1), np.full(1, np.nan))
    with pytest.raises(ValueError, match="sweep"):
        _native.sweep(three, three, np.zeros((4, 3)), np.ones(2), False)
