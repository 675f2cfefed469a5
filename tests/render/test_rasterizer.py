"""The rasteriser alone, against the slow one in tests/oracles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.render import rasterize
from tests.oracles import rasterizer as oracle

SIZE = 12


def soup(seed: int, triangles: int, grain: float) -> tuple[np.ndarray, np.ndarray]:
    """Random triangles in and around the image; coordinates are multiples of `grain`, so edges often meet samples."""
    rng = np.random.default_rng(seed)
    spread = rng.choice([3.0, SIZE, 40.0])
    centre = rng.uniform(-2, SIZE + 2, (triangles, 1, 2))
    corners = centre + rng.normal(0, spread, (triangles, 3, 2))
    tilt = rng.choice([0.0, 50.0]) * rng.normal(size=(triangles, 3, 1))  # untilted ones tie in depth
    depth = rng.choice([500.0, 600.0], (triangles, 1, 1)) + tilt
    positions = np.concatenate([np.round(corners / grain) * grain, depth], axis=2)
    return positions.reshape(-1, 3).astype(np.float32), np.arange(3 * triangles, dtype=np.int32).reshape(
        -1, 3
    )


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    triangles=st.integers(1, 90),
    grain=st.sampled_from([2.0**-2, 2.0**-9, 2.0**-20]),
    samples=st.sampled_from([1, 2, 3]),
)
def test_agrees_with_the_slow_rasterizer_sample_by_sample(
    seed: int, triangles: int, grain: float, samples: int
) -> None:
    positions, indices = soup(seed, triangles, grain)
    found = rasterize(positions, indices, SIZE, samples)
    triangle, barycentric, depth = oracle.rasterize(positions, indices, SIZE, samples)
    np.testing.assert_array_equal(found.triangle, triangle)
    np.testing.assert_allclose(found.barycentric, barycentric, atol=1e-5)
    np.testing.assert_allclose(found.depth_mm, depth, rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), grain=st.sampled_from([2.0**-2, 2.0**-20]))
def test_a_triangulated_sheet_covers_every_sample_exactly_once(seed: int, grain: float) -> None:
    rng = np.random.default_rng(seed)
    n, step = 6, 3.0
    y, x = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    # Within 0.7 of their places the corners cannot turn a triangle over: 3 / sqrt(2) > 2 * 0.7 * sqrt(2).
    moved = np.round(rng.uniform(-0.7, 0.7, (n + 1, n + 1, 2)) / grain) * grain
    sheet = np.stack([x, y], axis=-1) * step - 3 + moved
    positions = np.concatenate([sheet.reshape(-1, 2), np.full((sheet.size // 2, 1), 700)], axis=1)
    index = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    a, b, c, d = (k.ravel() for k in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    times = sum(
        (rasterize(positions.astype(np.float32), one[None], SIZE, 2).triangle == 0).astype(int)
        for one in triangles
    )
    np.testing.assert_array_equal(times, 1)


def test_corners_follow_the_top_left_rule() -> None:
    # A square through sample centres at 0.5 and 2.5: its left and top edges belong to it, right and bottom do not.
    corners = [[0.5, 0.5, 500], [0.5, 2.5, 500], [2.5, 2.5, 500], [2.5, 0.5, 500]]
    seen = rasterize(np.float32(corners), np.int32([[0, 1, 2], [0, 2, 3]]), 4, 1).triangle
    np.testing.assert_array_equal(seen >= 0, np.pad(np.ones((2, 2), bool), (0, 2)))


def test_the_nearest_wins_and_of_equals_the_first() -> None:
    # Three copies of a tilted triangle, one nearer in the middle of the list.
    triangle = np.float32([[-5, -5, 400], [-5, 40, 500], [40, -5, 450]])
    nearer = triangle - np.float32([0, 0, 10])
    order = np.arange(9, dtype=np.int32).reshape(3, 3)
    assert (rasterize(np.concatenate([triangle] * 3), order, SIZE).triangle == 0).all()
    assert (rasterize(np.concatenate([triangle, nearer, nearer]), order, SIZE).triangle == 1).all()


def test_a_clockwise_triangle_is_culled() -> None:
    positions = np.float32([[-5, -5, 400], [-5, 40, 500], [40, -5, 450]])
    assert (rasterize(positions, np.int32([[0, 1, 2]]), SIZE).triangle == 0).all()
    assert (rasterize(positions, np.int32([[0, 2, 1]]), SIZE).triangle == -1).all()


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -3e38, 40000.0, 9.0])
def test_a_vertex_that_cannot_be_drawn_removes_its_triangle_and_no_other(value: float, column: int) -> None:
    if column < 2 and value == 9.0:
        return  # an ordinary coordinate
    behind = np.float32([[-5, -5, 900], [-5, 40, 900], [40, -5, 900]])
    broken = behind.copy()
    broken[:, 2] = 500
    if column == 2 and value == 40000.0:
        value = 2e7  # farther than anything is drawn
    broken[1, column] = value
    seen = rasterize(np.concatenate([broken, behind]), np.int32([[0, 1, 2], [3, 4, 5]]), SIZE)
    assert (seen.triangle == 1).all()


def test_barycentrics_are_perspective_correct() -> None:
    # A floor receding from 100 mm to 1000 mm: its surface point midway in the image is nearer to the near edge.
    positions = np.float32([[0, 8, 100], [8, 8, 100], [0, -8, 1000]])
    seen = rasterize(positions, np.int32([[0, 1, 2]]), 8, 1)
    weights, depth = seen.barycentric[1, 0], seen.depth_mm[1, 0]
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert weights @ positions[:, 2] == pytest.approx(depth, rel=1e-5)


@pytest.mark.parametrize(
    ("positions", "triangles", "size", "samples", "message"),
    [
        (np.zeros((3, 3)), [[0, 1, 3]], 8, 2, "vertex 3 of 3"),
        (np.zeros((3, 3)), [[0, 1, -1]], 8, 2, "vertex -1 of 3"),
        (np.zeros((3, 3)), [[0, 1, 2]], 0, 2, "size in 1"),
        (np.zeros((3, 3)), [[0, 1, 2]], 8, 5, "samples in 1"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    positions: np.ndarray, triangles: list[list[int]], size: int, samples: int, message: str
) -> None:
    with pytest.raises(FacewrightError, match=message) as caught:
        rasterize(np.float32(positions), np.int32(triangles), size, samples)
    assert "\n" not in str(caught.value)
