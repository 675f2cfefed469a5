from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright.models.embedded import load_head
from facewright.models.morphable import MorphableModel, Part
from facewright.people.worn.eyewear import build_eyewear, draw_eyewear
from facewright.people.worn.facewear import build_mask, draw_mask
from facewright.people.worn.fit import measure_face
from facewright.people.worn.headwear import build_hat, draw_hat
from facewright.people.worn.mesh import bar_profile, merged, mirrored, round_profile, tube
from facewright.people.worn.outlines import Outline, draw_outline
from facewright.people.worn.probe import cast
from facewright.people.worn.scarf import build_scarf, draw_scarf
from facewright.people.worn.shell import COLUMNS, DOME, ROWS, Shell, measure_shell
from facewright.people.worn.style import draw_style
from facewright.scenes.worn import Slot

FLOATS = {"allow_nan": False, "allow_infinity": False}


@cache
def shell() -> Shell:
    model = load_head().model
    return measure_shell(model, model.mean_mm)


@cache
def face_only() -> MorphableModel:
    """The embedded head as some models are: nothing behind the ears' middle, no neck."""
    model = load_head().model
    corners = model.mean_mm[model.triangles]
    kept = (corners[..., 2].min(axis=1) > -75) & (corners[..., 1].min(axis=1) > -115)
    return replace(model, triangles=model.triangles[kept], parts=model.parts[kept])


def test_a_ray_stops_where_it_leaves_the_head_last():
    model = load_head().model
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(40, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    origins = rng.uniform(-15, 15, size=(40, 3)) + np.array([0, 10, -60])
    probe = cast(model, origins, directions, (Part.SKIN,), origins)
    places = probe.on(model.mean_mm)
    corners = model.mean_mm[model.triangles[model.parts == Part.SKIN]].astype(float)
    for origin, direction, place, hit in zip(origins, directions, places, probe.hit, strict=True):
        farthest = _farthest(origin, direction, corners)
        assert hit == (farthest is not None)
        if farthest is not None:
            np.testing.assert_allclose(place, origin + farthest * direction, atol=1e-3)


def _farthest(origin, direction, corners):
    """By the signs of the three volumes that the ray spans with a triangle's edges."""
    a, b, c = (corners[:, k] - origin for k in range(3))
    volumes = np.stack([(np.cross(p, q) * direction).sum(axis=1) for p, q in ((b, c), (c, a), (a, b))])
    inside = (volumes >= 0).all(axis=0) | (volumes <= 0).all(axis=0)
    total = volumes.sum(axis=0)
    inside &= np.abs(total) > 1e-12
    weights = volumes[:, inside] / total[inside]
    distance = (np.einsum("kt,tkx->tx", weights, np.stack([a, b, c], axis=1)[inside]) * direction).sum(axis=1)
    distance = distance[distance > 0]
    return distance.max() if len(distance) else None


def test_rays_that_miss_use_the_place_given():
    model = load_head().model
    origins = np.array([[0.0, 0, 500]])
    probe = cast(model, origins, np.array([[0.0, 0, 1]]), (Part.SKIN,), np.array([[1.0, 2, 3]]))
    np.testing.assert_array_equal(probe.on(model.mean_mm), [[1, 2, 3]])
    assert probe.anchors.tolist() == [-1]


@given(
    st.floats(0.05, ROWS - 2, **FLOATS), st.floats(0, COLUMNS - 0.01, **FLOATS), st.floats(20, 200, **FLOATS)
)
def test_places_of_the_shell_are_found_again(row, column, radius):
    place = shell().place(np.array([row]), np.array([column]), np.array([radius]))
    found_row, found_column, found_radius = shell().locate(place)
    assert found_row[0] == pytest.approx(row, abs=1e-5)
    turn = abs(found_column[0] - column) % COLUMNS
    assert min(turn, COLUMNS - turn) < 1e-4 * max(1, DOME / row)
    assert found_radius[0] == pytest.approx(radius, rel=1e-6)


def test_the_shell_is_the_heads_outline():
    model = load_head().model
    head = model.mean_mm[np.unique(model.triangles[model.parts == Part.SKIN])].astype(float)
    crown = head[head[:, 1] > shell().centre_mm[1] + 15]
    row, column, radius = shell().locate(crown)
    low, left = row.astype(int), column.astype(int) % COLUMNS
    around = np.stack([shell().radius_mm[low + i, (left + j) % COLUMNS] for i in (0, 1) for j in (0, 1)])
    assert (radius < around.max(axis=0) + 2.5).all()
    assert (radius > around.min(axis=0) - 6).all()
    assert (shell().hull_mm >= shell().radius_mm).all()


@given(
    st.floats(0, 1),
    st.floats(0, 0.15),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
    st.floats(35, 60),
    st.floats(25, 50),
)
def test_outlines_are_simple_curves_of_the_size_asked_for(square, taper, lift, drop, width, height):
    curve = draw_outline(Outline(width, height, square, taper, lift, drop))
    np.testing.assert_allclose(np.ptp(curve, axis=0), [width, height], rtol=1e-9)
    x, y = curve.T
    angles = np.unwrap(np.arctan2(y, x))
    assert (np.diff(angles) > 0).all()
    assert angles[-1] - angles[0] < 2 * np.pi


@pytest.mark.parametrize("profile", [round_profile(6), bar_profile(1.0, 3.0)])
def test_tubes_face_outwards(profile):
    path = np.array([[0.0, 0, 0], [0, 0, 5], [1, 0, 9], [3, 0, 12]])
    mesh = tube(path, np.tile([0.0, 1.0, 0.0], (4, 1)), profile)
    for each in (mesh, mirrored(mesh), merged([mesh, mirrored(mesh)])):
        a, b, c = (each.vertices[each.triangles[:, k]] for k in range(3))
        assert ((np.cross(b - a, c - a) * each.normals[each.triangles[:, 0]]).sum(axis=1) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-12)


@settings(max_examples=12)
@given(st.integers(0, 50))
def test_a_model_that_is_a_face_alone_can_be_dressed(number):
    model = face_only()
    neutral = model.mean_mm
    fit, around = measure_face(model, neutral), measure_shell(model, neutral)
    parts = [
        *build_eyewear(draw_eyewear(draw_style(1, 2, Slot.EYES, number)), fit),
        *build_hat(draw_hat(draw_style(1, 2, Slot.HEAD, number), 0.5), around, fit).parts,
        *build_scarf(draw_scarf(draw_style(1, 2, Slot.HEAD, number)), around, fit),
        *build_mask(draw_mask(draw_style(1, 2, Slot.FACE, number)), model, neutral, fit),
    ]
    for part in parts:
        assert np.isfinite(part.vertices_mm).all()
        assert np.abs(part.vertices_mm).max() < 400


def test_measures_follow_the_person():
    model = load_head().model
    base = measure_face(model, model.mean_mm)
    larger = measure_face(model, model.mean_mm * np.float32(1.1))
    assert larger.eye_distance_mm == pytest.approx(1.1 * base.eye_distance_mm, rel=1e-4)
    for side in (0, 1):
        assert larger.ears[side].root_mm == pytest.approx(1.1 * base.ears[side].root_mm, rel=1e-4)
    np.testing.assert_allclose(base.ears[0].root_mm, base.ears[1].root_mm, atol=1)
    assert base.ears[0].bottom_mm < base.ears[0].top_mm - 30
    assert 55 < base.eye_distance_mm < 70
