"""The cascade's pure parts against slow, obvious versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewright.photos.cascade import (
    cell_boxes,
    crop_boxes,
    normalise,
    pyramid_scales,
    regress,
    square,
    suppress,
)


@given(
    height=st.integers(1, 600), width=st.integers(1, 600), face=st.floats(12, 80), factor=st.floats(0.3, 0.9)
)
def test_pyramid_covers_every_face_size(height: int, width: int, face: float, factor: float) -> None:
    scales = pyramid_scales(height, width, face, factor)
    side = min(height, width)
    assert bool(scales) == (side * (12 / face) >= 12)
    for scale in scales:
        assert side * scale >= 12
    if scales:
        assert scales[0] == 12 / face
        assert side * scales[-1] * factor < 12
        assert np.allclose(np.divide(scales[1:], scales[:-1]), factor)


def test_normalise_maps_bytes_to_unit_range() -> None:
    assert normalise(np.array([0, 255], np.uint8)).tolist() == [-0.99609375, 0.99609375]


def test_cells_are_windows_of_twelve_pixels_every_two() -> None:
    boxes = cell_boxes(np.array([0, 3]), np.array([0, 1]), 0.5, 0.25)
    assert boxes.tolist() == [[0, 0, 24, 48], [12, 8, 36, 56]]


def test_regression_is_in_units_of_the_box() -> None:
    moved = regress(np.array([[10.0, 20.0, 30.0, 60.0]]), np.array([[0.1, -0.1, 0.5, 0.25]]))
    assert np.allclose(moved, [[12, 16, 40, 70]])


coordinates = st.floats(-100, 300)


@given(st.lists(st.tuples(coordinates, coordinates, st.floats(0, 200), st.floats(0, 200)), max_size=8))
def test_squares_are_whole_pixels_about_the_same_centre(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows).reshape(-1, 4)
    boxes = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:]], axis=1)
    squares = square(boxes)
    side = squares[:, 2:] - squares[:, :2]
    assert np.array_equal(squares, np.rint(squares))
    assert np.array_equal(side[:, 0], side[:, 1])
    assert np.all(np.abs(side[:, 0] - np.maximum(table[:, 2:].max(axis=1, initial=1), 1)) <= 0.5 + 1e-9)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert np.all(np.abs((squares[:, :2] + squares[:, 2:]) / 2 - centres) <= 0.5 + 1e-9)


def overlap(a: np.ndarray, b: np.ndarray, relative_to: str) -> float:
    width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    area_a, area_b = (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
    whole = area_a + area_b - width * height if relative_to == "union" else min(area_a, area_b)
    return float(width * height / whole)


@pytest.mark.parametrize("relative_to", ["union", "smaller"])
@pytest.mark.parametrize("seed", range(20))
def test_suppression_against_pairwise_overlaps(relative_to: str, seed: int) -> None:
    stream = np.random.default_rng(seed)
    near = stream.integers(0, 30, (25, 2))
    boxes = np.concatenate([near, near + stream.integers(1, 25, (25, 2))], axis=1).astype(float)
    scores = stream.permutation(25) / 25
    kept: list[int] = []
    for row in sorted(range(25), key=lambda row: -scores[row]):
        if all(overlap(boxes[row], boxes[other], relative_to) <= 0.4 for other in kept):
            kept.append(row)
    assert suppress(boxes, scores, 0.4, relative_to).tolist() == kept  # type: ignore[arg-type]


def test_suppression_of_nothing() -> None:
    assert suppress(np.empty((0, 4)), np.empty(0), 0.5).tolist() == []


@given(x=st.integers(-40, 60), y=st.integers(-40, 60))
def test_crops_are_black_outside_the_image(x: int, y: int) -> None:
    image = np.random.default_rng(0).integers(1, 256, (40, 50, 3)).astype(np.uint8)
    padded = np.zeros((240, 250, 3), np.uint8)
    padded[100:140, 100:150] = image
    crop = crop_boxes(image, np.array([[x, y, x + 24.0, y + 24.0]]), 24)
    assert np.array_equal(crop[0], padded[100 + y : 124 + y, 100 + x : 124 + x])
