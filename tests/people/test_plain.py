"""People of models that users bring: drawn from the model's own statistics, painted where it has no colours."""

from dataclasses import replace

import numpy as np
import pytest

from facewright.models import Albedo, MorphableModel, Part, load_head
from facewright.people.config import PeopleConfig
from facewright.people.plain import build_plain_person
from facewright.streams import Factor, Streams


@pytest.fixture(scope="module")
def bare() -> MorphableModel:
    """The embedded head's mesh as a model without colours."""
    return replace(load_head().model, name="bare")


def _luma(colours: np.ndarray) -> np.ndarray:
    return colours.astype(float) @ [0.3, 0.6, 0.1]


def test_geometry_is_the_models_formula(bare: MorphableModel):
    config = PeopleConfig(shape_sigma=1.3, shape_limit=2.0)
    person = build_plain_person(config, bare, 4, 9)
    drawn = Streams(9, 4).normal(Factor.SHAPE, 0, 1, len(bare.identity_basis_mm))[0]
    weights = (1.3 * drawn).clip(-2, 2)
    wanted = bare.mean_mm + np.tensordot(weights, bare.identity_basis_mm, 1)
    np.testing.assert_allclose(person.neutral_mm, wanted, atol=1e-3)
    assert person.hair == ()


def test_people_differ_and_stay_themselves(bare: MorphableModel):
    a, b, again = (build_plain_person(PeopleConfig(), bare, i, 1) for i in (1, 2, 1))
    assert (a.neutral_mm == again.neutral_mm).all()
    assert (a.vertex_colours == again.vertex_colours).all()
    assert np.abs(a.neutral_mm - b.neutral_mm).max() > 1
    assert (a.vertex_colours != b.vertex_colours).mean() > 0.3
    near = PeopleConfig(related_to=1, relation=PeopleConfig().relation.__class__(0.0))
    assert np.abs(build_plain_person(near, bare, 2, 1).neutral_mm - a.neutral_mm).max() < 1e-3


def test_paint_lies_where_it_belongs(bare: MorphableModel):
    people = [build_plain_person(PeopleConfig(), bare, i, 3) for i in range(8)]
    colours = np.mean([p.vertex_colours for p in people], axis=0)
    part = np.zeros(len(bare.mean_mm), np.uint8)
    part[bare.triangles.ravel()] = np.repeat(bare.parts, 3)
    points = bare.landmarks
    forehead = (part == Part.SKIN) & (bare.mean_mm[:, 1] > 30) & (bare.mean_mm[:, 2] > 0)
    assert _luma(colours[points[18:21]]).mean() < 0.8 * _luma(colours[forehead]).mean()
    lips = colours[points[[50, 51, 52, 56, 57, 58]]].mean(axis=0)
    skin = colours[forehead].mean(axis=0)
    assert lips[1] / lips[0] < 0.96 * skin[1] / skin[0]
    ball = np.flatnonzero(part == Part.LEFT_EYE)
    centre = bare.mean_mm[ball].mean(axis=0)
    front = ball[bare.mean_mm[ball, 2].argmax()]
    side = ball[np.abs(bare.mean_mm[ball, 0] - centre[0]).argmax()]
    assert _luma(colours[front]) < 30
    assert _luma(colours[side]) > 180
    tones = np.array([_luma(p.vertex_colours[forehead]).mean() for p in people])
    assert tones.max() - tones.min() > 60


def test_drawn_colours_follow_the_albedo(bare: MorphableModel):
    count = len(bare.mean_mm)
    rng = np.random.default_rng(2)
    mean = rng.uniform(0.3, 0.6, (count, 3)).astype(np.float32)
    basis = (0.02 * rng.standard_normal((3, count, 3))).astype(np.float32)
    person = build_plain_person(PeopleConfig(), replace(bare, albedo=Albedo(mean, basis)), 5, 2)
    weights = Streams(2, 5).normal(Factor.ALBEDO, 0, 1, 3)[0].clip(-2.5, 2.5)
    wanted = (mean + np.tensordot(weights, basis, 1)).clip(0, 1)
    assert person.vertex_colours is not None
    assert np.abs(person.vertex_colours / 255 - wanted).max() <= 0.501 / 255
    assert person.traits == {}


def test_textures_and_linear_light(bare: MorphableModel):
    flat = np.full((16 * 16, 3), 0.2158605, np.float32)  # sRGB 128 in linear light
    nothing = np.zeros((1, 16 * 16, 3), np.float32)
    for linear, code in ((True, 128), (False, 55)):
        albedo = Albedo(flat, nothing, texture_px=16, linear=linear)
        person = build_plain_person(PeopleConfig(), replace(bare, albedo=albedo), 0, 0)
        assert person.vertex_colours is None
        np.testing.assert_array_equal(person.texture, np.full((16, 16, 3), code, np.uint8))
