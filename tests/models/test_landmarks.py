"""The 68 points: lists are lists of 68, and what a file does not name is found near where it belongs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright.errors import FacewrightError
from facewright.models import load_head
from facewright.models.landmarks import (
    BFM2009_LANDMARKS,
    BFM_POINTS,
    FLAME_LANDMARKS,
    ICT_LANDMARKS,
    alignment_rows,
    complete_landmarks,
    read_landmark_list,
)


@pytest.mark.parametrize(("ids", "vertices"), [(FLAME_LANDMARKS, 5023), (ICT_LANDMARKS, 26719)])
def test_lists_are_68_distinct_vertices(ids: tuple[int, ...], vertices: int):
    assert len(set(ids)) == 68
    assert 0 <= min(ids) <= max(ids) < vertices


def test_partial_lists_are_within_their_model():
    assert all(0 <= point < 68 and 0 <= vertex < 53490 for point, vertex in BFM2009_LANDMARKS.items())
    assert all(0 <= point < 68 for points in BFM_POINTS.values() for point in points)
    mirrored = {name.replace("left", "right") for name in BFM_POINTS}
    assert {name for name in mirrored if name.startswith("right")} <= set(BFM_POINTS)


@settings(max_examples=12)
@given(
    scale=st.floats(0.5, 2000),
    shift=st.tuples(*[st.floats(-1e3, 1e3)] * 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_other_points_are_found_in_any_unit_and_place(scale: float, shift: tuple, seed: int):
    model = load_head().model
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(len(model.identity_basis_mm)).clip(-2, 2) * 0.5
    vertices = model.mean_mm + np.tensordot(weights, model.identity_basis_mm, 1)
    vertices = vertices.astype(np.float64) * scale + np.array(shift)
    known = vertices[model.landmarks]
    anchors = {points: known[list(points)].mean(axis=0) for points in BFM_POINTS.values()}
    found = complete_landmarks(vertices, anchors)
    apart = np.linalg.norm(vertices[found] - known, axis=1) / scale
    single = [points[0] for points in BFM_POINTS.values() if len(points) == 1]
    np.testing.assert_allclose(apart[single], 0, atol=1e-6)
    assert np.median(apart) < 1.5
    assert apart[17:].max() < 12
    assert apart.max() < 35


def test_too_few_points_are_refused():
    with pytest.raises(FacewrightError, match="found 2 known points, expected at least 9"):
        complete_landmarks(np.zeros((4, 3)), {(0,): np.zeros(3), (5,): np.ones(3)})


def test_alignment_rows_average_six_lid_points():
    rows = alignment_rows(np.arange(100, 168, dtype=np.int32))
    np.testing.assert_array_equal(rows[0], np.arange(136, 142))
    np.testing.assert_array_equal(rows[1], np.arange(142, 148))
    np.testing.assert_array_equal(rows[2:, 0], [130, 148, 154])
    assert rows.shape == (5, 6)


@pytest.mark.parametrize("separator", [" ", "\n", ", "])
def test_list_from_a_file(tmp_path: Path, separator: str):
    (tmp_path / "l.txt").write_text(separator.join(map(str, range(68))))
    np.testing.assert_array_equal(read_landmark_list(tmp_path / "l.txt", 68), np.arange(68))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 2 3", "found 3 vertex numbers, expected 68"),
        ("x " * 68, "expected 68 vertex numbers"),
        ("67 " * 67 + "68", "found vertices 67 .. 68, expected 0 .. 67"),
        ("-1 " * 68, "found vertices -1 .. -1"),
    ],
)
def test_bad_lists_are_refused(tmp_path: Path, text: str, says: str):
    (tmp_path / "l.txt").write_text(text)
    with pytest.raises(FacewrightError) as caught:
        read_landmark_list(tmp_path / "l.txt", 68)
    assert says in str(caught.value)
    with pytest.raises(FacewrightError, match="found no such file"):
        read_landmark_list(tmp_path / "none.txt", 68)
