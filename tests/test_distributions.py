import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError, _native
from facewright.distributions import (
    Constant,
    Normal,
    TruncatedNormal,
    Uniform,
    format_distribution,
    parse_distribution,
)

P = (np.arange(2000) + 0.5) / 2000


def test_normal_quantile_is_scipys():
    p = np.concatenate([P, [1e-9, 1e-5, 1 - 1e-5, 1 - 1e-9]])
    np.testing.assert_allclose(_native.normal_quantile(p), scipy.stats.norm.ppf(p), rtol=2e-9, atol=1e-9)


@given(st.floats(-1e6, 1e6))
def test_sine_and_cosine_in_degrees(angle):
    sine, cosine = _native.sincos_deg(np.array([angle]))[0]
    reduced = np.deg2rad(np.float64(np.fmod(angle, 360.0)))
    assert sine == pytest.approx(np.sin(reduced), abs=1e-14)
    assert cosine == pytest.approx(np.cos(reduced), abs=1e-14)


@pytest.mark.parametrize(
    ("distribution", "oracle"),
    [
        (Uniform(-90, 45), scipy.stats.uniform(-90, 135)),
        (Normal(3, 15), scipy.stats.norm(3, 15)),
        (TruncatedNormal(0, 24, -60, 75), scipy.stats.truncnorm(-60 / 24, 75 / 24, 0, 24)),
        (TruncatedNormal(10, 5, 12, 13), scipy.stats.truncnorm(0.4, 0.6, 10, 5)),
    ],
)
def test_quantiles_are_scipys(distribution, oracle):
    np.testing.assert_allclose(distribution.quantile(P), oracle.ppf(P), rtol=1e-6, atol=1e-6)


def test_constant_ignores_the_draw():
    assert set(Constant(4.5).quantile(P)) == {4.5}


@pytest.mark.parametrize(
    "text", ["constant:2", "uniform:-90:90", "normal:0:15", "truncated_normal:0:24:-75:75"]
)
def test_text_round_trip(text):
    assert format_distribution(parse_distribution(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "gauss:0:1",
        "uniform:1",
        "uniform:a:b",
        "uniform:5:1",
        "normal:0:-1",
        "normal:nan:1",
        "truncated_normal:0:1:3:2",
        "truncated_normal:0:1:50:60",
        "",
    ],
)
def test_bad_text_is_named_in_one_line(text):
    with pytest.raises(FacewrightError) as caught:
        parse_distribution(text)
    assert "expected" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("2", "constant:2"),
        ("-90..90", "uniform:-90:90"),
        (".5..2.5", "uniform:0.5:2.5"),
        ("-1e2", "constant:-100"),
    ],
)
def test_short_forms(short, long):
    assert format_distribution(parse_distribution(short)) == long


def test_normal_cdf_is_scipys():
    x = np.linspace(-6, 6, 241)
    np.testing.assert_allclose(_native.normal_cdf(x), scipy.stats.norm.cdf(x), rtol=3e-8)
    np.testing.assert_allclose(_native.normal_cdf(_native.normal_quantile(P)), P, rtol=1e-12)
