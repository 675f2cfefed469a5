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
    bounds,
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


@pytest.mark.parametrize(
    ("text", "mean", "std"),
    [
        ("uniform:-90:90", 0, 180 / 12**0.5),
        ("normal:3:15", 3, 15),
        ("linspace:0:1:21", 0.5, np.linspace(0, 1, 21).std()),
        ("empirical:1:1:4", 2, 2**0.5),
        # Mean and variance of a mixture: those of the components, weighted, plus the spread of their means.
        ("0.6*uniform:-90:90+0.2*normal:0:2+0.2*0", 0, (0.6 * 180**2 / 12 + 0.2 * 4) ** 0.5),
        ("3*normal:-1:1+1*normal:3:2", 0, (0.75 * 2 + 0.25 * (4 + 9)) ** 0.5),
    ],
)
def test_moments(text, mean, std):
    p = (np.arange(200_000) + 0.5) / 200_000
    drawn = parse_distribution(text).quantile(p)
    assert drawn.mean() == pytest.approx(mean, abs=2e-3 * (1 + std))
    assert drawn.std() == pytest.approx(std, rel=2e-3)


def test_a_mixture_takes_each_component_as_often_as_its_weight():
    mixture = parse_distribution("0.6*uniform:10:20+0.2*30+0.2*uniform:40:50")
    drawn = mixture.quantile(P)
    inside = [(drawn >= 10) & (drawn <= 20), drawn == 30, (drawn >= 40) & (drawn <= 50)]
    assert [part.mean() for part in inside] == pytest.approx([0.6, 0.2, 0.2], abs=1e-3)
    first = drawn[inside[0]]
    np.testing.assert_allclose(first, 10 + 10 * (np.arange(len(first)) + 0.5) / len(first), atol=1e-2)


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_mixture_is_finite_wherever_it_is_asked(p):
    mixture = parse_distribution("0.1*normal:0:1+0.7*truncated_normal:0:1:-2:2+0.2*normal:0:1")
    assert np.isfinite(mixture.quantile(np.array([p]))).all()


def test_empirical_values_from_a_file(tmp_path):
    file = tmp_path / "yaws.txt"
    file.write_text("3\n-1.5\n8\n")
    assert sorted(set(parse_distribution(f"empirical:{file}").quantile(P))) == [-1.5, 3, 8]
    file.write_text("3\nmany\n")
    with pytest.raises(FacewrightError, match=r"yaws.txt: .*many.*, expected one number a line"):
        parse_distribution(f"empirical:{file}")
    with pytest.raises(FacewrightError, match=r"none.txt: cannot be read"):
        parse_distribution(f"empirical:{tmp_path / 'none.txt'}")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("uniform:1:2", 1, 2), ("empirical:3:-1", -1, 3), ("0.999999999*0+0.000000001*uniform:5:60", 0, 60)],
)
def test_bounds_see_the_rarest_component(text, low, high):
    assert bounds(parse_distribution(text)) == pytest.approx((low, high), abs=1e-3)


def test_constant_ignores_the_draw():
    assert set(Constant(4.5).quantile(P)) == {4.5}


@pytest.mark.parametrize(
    "text",
    [
        "constant:2",
        "uniform:-90:90",
        "normal:0:15",
        "truncated_normal:0:24:-75:75",
        "empirical:1:2.5:-3",
        "0.6*uniform:-90:90+0.4*normal:0:2",
    ],
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
        "linspace:0:1:1",
        "empirical:",
        "0*uniform:0:1",
        "0.5*",
        "0.5*uniform:0:1+normal:0:1",
        "...*2",
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
