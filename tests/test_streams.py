import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright.streams import Factor, RelatedStreams, Streams
from tests.oracles.philox import philox4x32

WORD = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_oracle_gives_the_published_vectors(counter, key, expected):
    assert philox4x32(counter, key) == expected


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**64 - 1), person=WORD, sample=st.integers(0, 2**31), factor=st.sampled_from(Factor)
)
def test_words_are_philox_of_the_key(seed, person, sample, factor):
    words = Streams(seed, person).words(factor, sample, 2, 6)
    key = (seed & 0xFFFFFFFF, seed >> 32)
    for row in range(2):
        expected = [
            *philox4x32((0, sample + row, person, factor), key),
            *philox4x32((1, sample + row, person, factor), key),
        ]
        assert words[row].tolist() == expected[:6]


def test_a_sample_is_the_same_however_many_are_drawn():
    streams = Streams(7, 3)
    few, many = streams.normal(Factor.POSE, 0, 5, 7), streams.normal(Factor.POSE, 0, 50, 7)
    np.testing.assert_array_equal(many[:5], few)
    np.testing.assert_array_equal(streams.normal(Factor.POSE, 20, 3, 7), many[20:23])
    np.testing.assert_array_equal(streams.normal(Factor.POSE, 0, 50, 3), many[:, :3])


def test_streams_of_other_seeds_people_and_factors_are_unrelated():
    base = Streams(1, 1).normal(Factor.POSE, 0, 500, 8).ravel()
    for other in (
        Streams(2, 1).normal(Factor.POSE, 0, 500, 8),
        Streams(1, 2).normal(Factor.POSE, 0, 500, 8),
        Streams(1, 1).normal(Factor.LIGHT, 0, 500, 8),
    ):
        assert abs(np.corrcoef(base, other.ravel())[0, 1]) < 0.06


def test_uniform_stays_inside_the_open_interval():
    values = Streams(5, 9).uniform(Factor.LIGHT, 0, 20_000, 4)
    assert values.min() > 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.005


@pytest.mark.parametrize("correlation", [-1.0, -0.4, 0.0, 0.75, 1.0])
def test_related_streams_correlate_and_keep_their_distribution(correlation):
    other = Streams(5, 3).normal(Factor.SHAPE, 0, 1, 4000)[0]
    related = RelatedStreams(5, 8, 3, correlation)
    drawn = related.normal(Factor.SHAPE, 0, 1, 4000)[0]
    assert np.corrcoef(drawn, other)[0, 1] == pytest.approx(correlation, abs=0.05)
    assert drawn.std() == pytest.approx(1, abs=0.05)
    uniform = related.uniform(Factor.SHAPE, 0, 1, 4000)[0]
    assert 0 < uniform.min() < uniform.max() < 1
    assert np.quantile(uniform, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.04)


@pytest.mark.parametrize("correlation", [-0.8, 0.0, 0.7])
def test_choices_of_relatives_are_uniform(correlation):
    drawn = np.sort(
        [RelatedStreams(3, i, 10_000 + i, correlation).choice(Factor.HAIR, 2, 1)[0] for i in range(2000)]
    )
    even = (np.arange(2000) + 0.5) / 2000
    assert np.abs(drawn - even).max() < 0.04  # Kolmogorov and Smirnov, far beyond chance


def test_choices_are_shared_as_often_as_related():
    def share(correlation: float) -> float:
        pairs = [
            (
                RelatedStreams(3, i, 7, correlation).choice(Factor.HAIR, 2, 1)[0],
                Streams(3, 7).choice(Factor.HAIR, 2, 1)[0],
            )
            for i in range(100, 900)
        ]
        return float(np.mean([a == b for a, b in pairs]))

    assert share(1.0) == 1.0
    assert abs(share(0.8) - 0.64) < 0.06
    assert share(0.0) == 0.0
