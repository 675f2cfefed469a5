import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, from_json, to_json
from facewright.distributions import Component, Constant, Distribution, Empirical, Mixture, Normal, Uniform
from facewright.scenes.camera import CameraConfig
from facewright.scenes.sampler import SamplerConfig


def distributions(low: float, high: float) -> st.SearchStrategy[Distribution]:
    """Distributions of values that can be drawn: a normal stays within 5 deviations of its mean."""
    numbers = st.floats(low, high)
    middle = st.floats(low + 0.6 * (high - low) / 2, high - 0.6 * (high - low) / 2)
    return st.one_of(
        st.builds(Constant, numbers),
        st.tuples(numbers, numbers).map(lambda ends: Uniform(min(ends), max(ends))),
        st.builds(Normal, middle, st.floats(0, (high - low) / 20)),
        st.lists(numbers, min_size=1).map(lambda values: Empirical(tuple(values))),
        st.builds(
            lambda a, b: Mixture((Component(0.3, Constant(a)), Component(2.0, Uniform(b, high)))),
            numbers,
            numbers,
        ),
    )


@settings(max_examples=25)
@given(
    yaw=distributions(-110, 110),
    distance=distributions(250, 1e6),
    people=st.integers(1, 10**8),
    seed=st.integers(0, 2**32 - 1),
)
def test_json_round_trip(yaw, distance, people, seed):
    sampler = dataclasses.replace(SamplerConfig(), yaw_deg=yaw, camera=CameraConfig(distance_mm=distance))
    config = DatasetConfig(people=people, seed=seed, sampler=sampler)
    text = to_json(config)
    assert from_json(text) == config
    assert to_json(from_json(text)) == text


def test_absent_fields_take_their_defaults():
    assert from_json("{}") == DatasetConfig()
    assert from_json('{"people": 3}') == DatasetConfig(people=3)


def test_distributions_keep_their_type_names():
    fields = json.loads(to_json(DatasetConfig(sampler=SamplerConfig(yaw_deg=Uniform(-5, 5)))))
    assert fields["sampler"]["yaw_deg"] == {"type": "Uniform", "low": -5.0, "high": 5.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"peeple": 3}', "unknown field peeple"),
        ('{"people": "many"}', "people: found 'many', expected a whole number"),
        ('{"people": 2.5}', "people: found 2.5, expected a whole number"),
        ('{"people": true}', "people: found True, expected a whole number"),
        ('{"people": 0}', "people: found 0, expected a whole number 1 .. 100000000"),
        ('{"crop": "round"}', "crop: found 'round', expected arcface112"),
        (
            '{"sampler": {"yaw_deg": {"type": "Lognormal"}}}',
            "sampler.yaw_deg: missing or unknown 'Lognormal'",
        ),
        (
            '{"sampler": {"yaw_deg": {"type": "Uniform", "low": "a", "high": 1}}}',
            "sampler.yaw_deg.low: found 'a'",
        ),
        ('{"sampler": {"yaw_deg": 3}}', "sampler.yaw_deg: found a single value"),
        ('{"sampler": {"yew_deg": {}}}', "sampler: unknown field yew_deg"),
        ("[]", "found a list, expected an object"),
        ("{", "not valid JSON"),
    ],
)
def test_wrong_json_is_one_line_that_names_the_field(text, message):
    with pytest.raises(FacewrightError) as caught:
        from_json(text, "my.json")
    assert str(caught.value).startswith("my.json: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"people": 0},
        {"samples": 1_000_001},
        {"seed": -1},
        {"first_person": 10**8},
        {"jpeg_quality": 101},
        {"crop": "square"},
        {"size_px": 8},
    ],
)
def test_values_out_of_range_are_refused(fields):
    with pytest.raises(FacewrightError, match=f"{next(iter(fields))}: found .* expected"):
        DatasetConfig(**fields)
