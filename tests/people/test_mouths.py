"""What is inside the mouth stays behind the skin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import _native
from facewright.models import Part
from facewright.models.embedded import load_head
from facewright.people.config import PeopleConfig
from facewright.people.identity import draw_identity
from facewright.people.mouths import with_hidden_mouth
from facewright.streams import Streams

_ROWS = (Part.UPPER_TEETH, Part.LOWER_TEETH, Part.TONGUE)


def neutral(index: int) -> np.ndarray:
    head = load_head()
    identity = draw_identity(PeopleConfig(), head, Streams(1, index))
    return _native.combine(head.model.mean_mm, head.model.identity_basis_mm, identity.coefficients)


def points_of(*parts: Part) -> np.ndarray:
    model = load_head().model
    return np.unique(model.triangles[np.isin(model.parts, parts)])


def chin_ahead_of_teeth_mm(vertices: np.ndarray) -> float:
    """From the foremost lower tooth to the skin of the chin right before it."""
    model = load_head().model
    row = points_of(Part.LOWER_TEETH)
    skin = points_of(Part.SKIN)
    skin = skin[(model.mean_mm[skin, 2] > 15) & (model.mean_mm[skin, 1] > -100)]
    front = row[model.mean_mm[row, 2].argsort()[-6:]]
    away = np.abs(model.mean_mm[skin, None, :2] - model.mean_mm[front, :2]).sum(axis=2).argmin(axis=0)
    return float((vertices[skin[away], 2] - vertices[front, 2]).min())


def test_the_mean_head_is_left_alone():
    mean = load_head().model.mean_mm
    np.testing.assert_array_equal(with_hidden_mouth(load_head().model, mean), mean)


@pytest.mark.parametrize("index", range(6))
def test_only_the_inside_of_the_mouth_moves_and_rows_keep_their_form(index):
    model, before = load_head().model, neutral(index)
    after = with_hidden_mouth(model, before)
    moved = after - before
    assert (moved[points_of(Part.SKIN, Part.LEFT_EYE, Part.RIGHT_EYE)] == 0).all()
    for part in _ROWS:
        row = points_of(part)
        np.testing.assert_allclose(np.ptp(moved[row, 1:], axis=0), 0, atol=1e-4)
        narrowed = np.ptp(after[row, 0]) / np.ptp(before[row, 0])
        assert 0.5 < narrowed <= 1
        np.testing.assert_allclose(after[row, 0], narrowed * before[row, 0], atol=1e-3)


@pytest.mark.parametrize("index", range(4))
def test_welded_vertices_stay_together(index):
    model = load_head().model
    vertices = with_hidden_mouth(model, neutral(index))
    np.testing.assert_array_equal(vertices, vertices[model.weld])


def test_a_chin_pushed_in_takes_the_teeth_along():
    model = load_head().model
    vertices = model.mean_mm.copy()
    skin = points_of(Part.SKIN)
    chin = skin[(vertices[skin, 1] < -70) & (vertices[skin, 1] > -106) & (vertices[skin, 2] > 0)]
    vertices[chin, 2] -= 12
    vertices = vertices[model.weld]
    assert chin_ahead_of_teeth_mm(vertices) < 2
    assert chin_ahead_of_teeth_mm(with_hidden_mouth(model, vertices)) > 2.5


def test_cheeks_pushed_in_narrow_the_teeth():
    model = load_head().model
    vertices = model.mean_mm.copy()
    skin = points_of(Part.SKIN)
    height, depth = vertices[skin, 1], vertices[skin, 2]
    cheeks = skin[(height < -60) & (height > -106) & (depth > -40) & (np.abs(vertices[skin, 0]) > 25)]
    vertices[cheeks, 0] *= 0.6
    teeth = points_of(Part.LOWER_TEETH)
    narrowed = np.ptp(with_hidden_mouth(model, vertices[model.weld])[teeth, 0]) / np.ptp(vertices[teeth, 0])
    assert narrowed < 0.9


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_depths_are_along_normals_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    vertices = rng.normal(0, 50, (30, 3)).astype("f4")
    points, before = rng.integers(0, 30, 7).astype("i4"), rng.integers(0, 30, (4, 7)).astype("i4")
    normals = rng.normal(size=(3, 4, 7))
    x, y, z = (vertices[before].astype(float) - vertices[points].astype(float)).transpose(2, 0, 1) * normals
    np.testing.assert_array_equal(_native.depths(vertices, points, before, normals), x + y + z)


@pytest.mark.parametrize("vertex", [-1, 30])
def test_points_that_are_no_vertices_are_refused(vertex):
    points, before = np.zeros(2, "i4"), np.full((1, 2), vertex, "i4")
    with pytest.raises(ValueError, match="no vertex"):
        _native.depths(np.zeros((30, 3), "f4"), points, before, np.zeros((3, 1, 2)))
