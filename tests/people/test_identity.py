import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError, _native
from facewright.distributions import Constant, Uniform
from facewright.models.embedded import load_head
from facewright.people.builder import build_person, person_streams
from facewright.people.config import PeopleConfig
from facewright.people.identity import draw_identity, measured_attributes
from facewright.streams import Factor, RelatedStreams, Streams


def identity(index: int, **settings):
    return draw_identity(PeopleConfig(**settings), load_head(), Streams(1, index))


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(22, 75), st.floats(0, 1))
def test_geometry_is_drawn_given_the_attributes(index, age, masculinity):
    drawn = identity(index, age=Constant(age), masculinity=Constant(masculinity))
    shown = measured_attributes(load_head(), drawn.coefficients.astype(np.float64))
    assert drawn.age == pytest.approx((age - 20) / 60)
    assert drawn.masculinity == pytest.approx(masculinity)
    assert shown["age"] == pytest.approx(drawn.age, abs=0.05)
    assert shown["gender"] == pytest.approx(masculinity, abs=0.05)


def test_conditioning_takes_the_shortest_way():
    """Against the conditional mean of a Gaussian, by numpy: z + D^T (D D^T)^-1 (t - offset - D z)."""
    head = load_head()
    given_all = {"age": 50, "masculinity": 0.5, "african": 0.25, "asian": 0.5}
    drawn = identity(
        3, shape_sigma=1.0, shape_limit=5, **{name: Constant(value) for name, value in given_all.items()}
    )
    rows = [head.attribute_names.index(name) for name in ("age", "gender", "african", "asian")]
    D = head.attribute_directions[rows].astype(float)
    z = Streams(1, 3).normal(Factor.SHAPE, 0, 1, D.shape[1])[0]
    missing = np.array([0.5, 0.5, 0.25, 0.5]) - head.attribute_offsets[rows] - D @ z
    np.testing.assert_allclose(drawn.coefficients, z + D.T @ np.linalg.solve(D @ D.T, missing), atol=1e-4)


def test_a_population_has_men_and_women_of_every_ancestry_and_age():
    people = [identity(i) for i in range(400)]
    masculinity = np.array([p.masculinity for p in people])
    assert 0.4 < (masculinity > 0.5).mean() < 0.6
    assert not ((masculinity > 0.2) & (masculinity < 0.8)).any()
    shares = np.array([[p.african, p.asian, p.caucasian] for p in people])
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (np.bincount(shares.argmax(axis=1)) > 100).all()
    assert 0.5 < (shares.max(axis=1) > 0.7).mean() < 0.9
    ages = np.array([20 + 60 * p.age for p in people])
    assert ages.mean() == pytest.approx(40, abs=3)


def test_ancestry_follows_the_shares_asked_for():
    for index in range(10):
        drawn = identity(index, african=Constant(1.0), asian=Constant(0.0))
        assert drawn.african > 0.85
        assert drawn.african + drawn.asian + drawn.caucasian == pytest.approx(1)


def test_age_range_in_years():
    ages = np.array([20 + 60 * identity(i, age=Uniform(20, 60)).age for i in range(60)])
    assert ages.min() >= 20
    assert ages.max() <= 60
    assert np.ptp(ages) > 30


def test_relation_is_a_distance_between_people():
    anchor = identity_of(7)

    def distance(relation: float) -> float:
        people = [identity_of(i, related_to=7, relation=Constant(relation)) for i in range(20, 36)]
        return float(np.mean([np.sqrt(((p - anchor) ** 2).mean()) for p in people]))

    strangers = distance(1.0)
    assert distance(0.0) < 1e-3
    assert distance(0.5) == pytest.approx(0.5 * strangers, rel=0.1)
    assert distance(0.8) < strangers < distance(1.2)


def test_the_opposite_person_mirrors_every_coefficient_but_those_of_attributes():
    head = load_head()
    anchor = identity(7).coefficients
    opposite = draw_identity(PeopleConfig(), head, RelatedStreams(1, 30, 7, correlation=-1.0))
    free = ~head.attribute_directions.any(axis=0)
    np.testing.assert_allclose(opposite.coefficients[free], -anchor[free], atol=1e-6)
    assert opposite.masculinity == pytest.approx(1 - identity(7).masculinity)
    config = PeopleConfig(related_to=7, relation=Constant(2**0.5))
    assert person_streams(config, 30, 1).correlation == pytest.approx(-1)


def identity_of(index: int, **config) -> np.ndarray:
    return build_person(PeopleConfig(**config), load_head(), index, 1).neutral_mm


def test_a_person_at_distance_zero_looks_the_same():
    anchor = build_person(PeopleConfig(), load_head(), 7, 1)
    twin = build_person(PeopleConfig(related_to=7, relation=Constant(0.0)), load_head(), 90, 1)
    np.testing.assert_allclose(twin.neutral_mm, anchor.neutral_mm, atol=1e-3)
    for name, value in anchor.traits.items():
        assert twin.traits[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"age": Uniform(10, 60)}, "age: found uniform:10:60, expected values from 20 to 80"),
        ({"masculinity": Constant(2)}, "masculinity: found constant:2, expected values from 0 to 1"),
        ({"african": Constant(0.2), "asian": Constant(0.2), "caucasian": Constant(0.6)}, "at most two"),
        ({"related_to": -1}, "related_to: found -1"),
        ({"relation": Constant(2)}, "relation: found constant:2"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(FacewrightError, match=message):
        PeopleConfig(**settings)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(5, 30), st.floats(0.5, 4))
def test_conditions_are_met_and_limits_kept_in_turns(seed, conditions, carriers, limit):
    rng = np.random.default_rng(seed)
    D, z, wanted = rng.normal(size=(conditions, carriers)), rng.normal(size=40), rng.normal(size=conditions)
    expected = z.copy()
    for _ in range(6):
        moved = expected[:carriers]
        moved = moved + D.T @ np.linalg.solve(D @ D.T, wanted - D @ moved)
        expected[:carriers] = moved.clip(-limit, limit)
    found = _native.conditioned(z, D, wanted, limit, 6)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    np.testing.assert_array_equal(found[carriers:], z[carriers:])


def test_rows_longer_than_the_coefficients_are_refused():
    with pytest.raises(ValueError, match="at most coefficients"):
        _native.conditioned(np.zeros(3), np.ones((1, 4)), np.zeros(1), 1.0, 1)
