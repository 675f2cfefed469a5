import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, draw_person
from facewright.distributions import Constant, Uniform
from facewright.models.embedded import load_head
from facewright.people.builder import build_mixed_person, build_person
from facewright.people.config import PeopleConfig
from facewright.people.identity import draw_identity
from facewright.people.mixup import MixupConfig, blend_identities, draw_mixes
from facewright.streams import Streams

HEAD, PEOPLE = load_head(), PeopleConfig()
MIXUP = MixupConfig(mixup=True, mixup_partners=2)


@settings(max_examples=30)
@given(
    person=st.integers(10, 19),
    count=st.integers(1, 60),
    partners=st.none() | st.integers(1, 5),
    seed=st.integers(0, 9),
)
def test_partners_are_others_of_the_set(person, count, partners, seed):
    mixes = draw_mixes(
        MixupConfig(True, mixup_partners=partners), Streams(seed, person), range(10, 20), 0, count
    )
    assert set(mixes.partner.tolist()) <= set(range(10, 20)) - {person}
    assert set((20 * mixes.weight).round(5).tolist()) <= set(range(21))
    pairs = set(zip(mixes.partner.tolist(), mixes.weight.tolist(), strict=True))
    assert partners is None or len(pairs) <= partners


def test_a_mix_is_the_same_however_many_are_drawn():
    streams, people = Streams(1, 3), range(9)
    many, few = (draw_mixes(MixupConfig(True), streams, people, *ask) for ask in ((0, 30), (7, 5)))
    np.testing.assert_array_equal(many.partner[7:12], few.partner)
    np.testing.assert_array_equal(many.weight[7:12], few.weight)


def test_every_partner_and_weight_is_as_likely():
    mixes = [draw_mixes(MixupConfig(True), Streams(1, 0), range(5), 0, 8000)]
    partners = np.bincount(mixes[0].partner, minlength=5)
    assert partners[0] == 0
    np.testing.assert_allclose(partners[1:] / 8000, 0.25, atol=0.02)
    np.testing.assert_allclose(np.unique(mixes[0].weight, return_counts=True)[1] / 8000, 1 / 21, atol=0.01)


def test_coefficients_are_blended():
    a, b = (draw_identity(PEOPLE, HEAD, Streams(1, i)) for i in (3, 4))
    mixed = blend_identities(a, b, 0.25)
    np.testing.assert_allclose(mixed.coefficients, 0.25 * a.coefficients + 0.75 * b.coefficients, atol=1e-6)
    assert mixed.age == pytest.approx(0.25 * a.age + 0.75 * b.age)
    assert mixed.african + mixed.asian + mixed.caucasian == pytest.approx(1)


@pytest.mark.parametrize(("weight", "index"), [(1.0, 3), (0.0, 4)])
def test_the_ends_of_the_way_are_the_two_people(weight, index):
    mixed, one = build_mixed_person(PEOPLE, HEAD, 3, 4, weight, 1), build_person(PEOPLE, HEAD, index, 1)
    np.testing.assert_array_equal(mixed.neutral_mm, one.neutral_mm)
    np.testing.assert_array_equal(mixed.texture, one.texture)
    np.testing.assert_array_equal(mixed.made_up, one.made_up)
    assert dict(mixed.traits) == dict(one.traits)
    assert mixed.index == index


@pytest.mark.parametrize(("weight", "index"), [(0.55, 3), (0.45, 4)])
def test_hair_follows_the_heavier_person(weight, index):
    mixed, one = build_mixed_person(PEOPLE, HEAD, 3, 4, weight, 1), build_person(PEOPLE, HEAD, index, 1)
    style = [name for name in one.traits if name.startswith("hairstyle_")] + [
        "hair_lightness",
        "baldness",
        "beard",
    ]
    assert style
    assert {name: mixed.traits[name] for name in style} == {name: one.traits[name] for name in style}
    assert mixed.index == index
    assert not np.array_equal(mixed.neutral_mm, one.neutral_mm)
    assert mixed.traits["melanin"] != one.traits["melanin"]


def test_images_labels_and_weights_go_together():
    config = DatasetConfig(people=4, samples=4, first_person=2, mixup=MIXUP)
    drawn = draw_person(config, 3)
    assert drawn.images.shape == (4, 112, 112, 3)
    np.testing.assert_array_equal(drawn.parameters["label_b"][[0, 1]], drawn.parameters["label_b"][[2, 3]])
    assert (drawn.parameters["label_b"] != 1).all()
    whole = dataclasses.replace(config, mixup=MixupConfig(True, Constant(1)))
    alone = dataclasses.replace(config, mixup=MixupConfig())
    np.testing.assert_array_equal(draw_person(whole, 3).images, draw_person(alone, 3).images)
    assert "label_b" not in draw_person(alone, 3).parameters


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mixup_weight": Uniform(0, 2)}, "mixup_weight: found .* expected values from 0 to 1"),
        ({"mixup_partners": 0}, "mixup_partners: found 0, expected at least 1"),
    ],
)
def test_what_cannot_be_mixed(settings, message):
    with pytest.raises(FacewrightError, match=message):
        MixupConfig(True, **settings)


def test_nobody_to_mix_with():
    with pytest.raises(FacewrightError, match="people: found 1, expected at least 2 for mixup"):
        DatasetConfig(people=1, mixup=MIXUP)
