import numpy as np
import pytest

from facewright import FacewrightError
from facewright.models import Part
from facewright.models.embedded import load_head
from facewright.people.builder import build_person
from facewright.people.config import PeopleConfig
from facewright.people.lids import aperture_ratios


def person(index: int, seed: int = 1, **settings: float):
    return build_person(PeopleConfig(**settings), load_head(), index, seed)


def test_a_person_is_the_same_whenever_asked():
    first, again = person(5), person(5)
    np.testing.assert_array_equal(first.neutral_mm, again.neutral_mm)
    np.testing.assert_array_equal(first.texture, again.texture)
    assert first.traits == again.traits


@pytest.mark.parametrize(("index", "seed"), [(6, 1), (5, 2)])
def test_another_index_or_seed_is_another_person(index, seed):
    base, other = person(5), person(index, seed)
    assert np.abs(base.neutral_mm - other.neutral_mm).max() > 3
    assert (base.texture != other.texture).any()


def test_shape_sigma_sets_how_far_people_are_apart():
    mean = load_head().model.mean_mm
    face = load_head().model.landmarks

    def spread(sigma: float) -> float:
        return float(
            np.mean([np.abs((person(i, shape_sigma=sigma).neutral_mm - mean)[face]).mean() for i in range(8)])
        )

    assert spread(0.5) < spread(1.0) < spread(2.0)


def test_eyes_are_open_a_human_amount():
    ratios = np.array([aperture_ratios(p.model, p.neutral_mm) for p in map(person, range(25))])
    assert ratios.min() > 0.2
    assert ratios.max() < 0.47


def _outside(model, vertices, part):
    """How far each vertex is from an eyeball's surface."""
    ball = vertices[np.unique(model.triangles[model.parts == part])].astype(float)
    solved = np.linalg.lstsq(np.c_[2 * ball, np.ones(len(ball))], (ball**2).sum(axis=1), rcond=None)[0]
    radius = np.linalg.norm(ball[0] - solved[:3])
    return np.linalg.norm(vertices - solved[:3], axis=1) - radius


def test_lids_stay_outside_their_eyeballs():
    model = load_head().model
    skin = np.zeros(len(model.mean_mm), bool)
    skin[model.triangles[model.parts == Part.SKIN]] = True
    for eye in (Part.LEFT_EYE, Part.RIGHT_EYE):
        at_rest = _outside(model, model.mean_mm, eye)
        lids = skin & (at_rest > 0) & (at_rest < 6) & (model.mean_mm[:, 2] > 2)
        assert lids.sum() > 50
        for index in range(12):
            assert _outside(model, person(index, shape_sigma=1.5).neutral_mm, eye)[lids].min() > -0.05


def test_traits_go_together():
    people = [person(i).traits for i in range(120)]
    women = [p for p in people if p["masculinity"] <= 0.5]
    assert all(p["beard"] == p["moustache"] == 0 for p in women)
    assert 0.3 < len(women) / len(people) < 0.7
    tones = np.array([(p["african"], p["melanin"]) for p in people])
    assert np.corrcoef(tones.T)[0, 1] > 0.5
    assert all(p["african"] + p["asian"] + p["caucasian"] == pytest.approx(1) for p in people)


@pytest.mark.parametrize("settings", [{"shape_sigma": -1}, {"shape_sigma": 9}, {"shape_limit": 0}])
def test_settings_are_checked(settings):
    with pytest.raises(FacewrightError, match="expected"):
        PeopleConfig(**settings)
