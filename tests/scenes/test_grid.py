import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.models.embedded import load_head
from facewright.scenes import Sampler, SamplerConfig
from facewright.scenes.expressions import KINDS
from facewright.scenes.grid import Axis, cells, format_axis, parse_axis, require_whole_grids, values_on

axes = st.lists(st.lists(st.floats(-50, 50), min_size=1, max_size=4), min_size=1, max_size=3).map(
    lambda lists: tuple(Axis(f"axis{i}", tuple(values)) for i, values in enumerate(lists))
)


@settings(max_examples=40)
@given(grid=axes, first=st.integers(0, 30), count=st.integers(1, 40))
def test_a_grid_is_the_product_of_its_axes_again_and_again(grid, first, count):
    product = list(itertools.product(*(axis.values for axis in grid)))
    assert cells(grid) == len(product)
    found = values_on(grid, first, count)
    rows = np.stack([found[axis.name] for axis in grid], axis=1)
    np.testing.assert_array_equal(rows, [product[i % len(product)] for i in range(first, first + count)])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("yaw_deg=-90:90:15", [-90 + 15 * i for i in range(13)]),
        ("yaw-deg=0:1:0.3", [0, 0.3, 0.6, 0.9]),
        ("yaw_deg=4,-2", [4, -2]),
        ("yaw_deg=0:11.25:5.625", [0, 5.625, 11.25]),
    ],
)
def test_axes_as_typed(text, values):
    axis = parse_axis(text)
    assert axis.name == "yaw_deg"
    assert axis.values == pytest.approx(values)
    assert parse_axis(format_axis(axis)).values == pytest.approx(values)


@pytest.mark.parametrize("text", ["yaw_deg", "yaw_deg=a", "yaw_deg=1:2", "yaw_deg=5:1:1", "yaw_deg=0:1:0"])
def test_axes_that_are_none(text):
    with pytest.raises(FacewrightError, match=r"grid: found '.*expected"):
        parse_axis(text)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (["yew_deg=1,2"], "grid: found 'yew_deg', expected one of yaw_deg, "),
        (["yaw_deg=0:180:90"], "grid yaw_deg: found .* expected values from -110 to 110"),
        (["yaw_deg=0", "yaw_deg=1"], "expected each name once"),
    ],
)
def test_grids_that_cannot_be_drawn(axes, message):
    with pytest.raises(FacewrightError, match=message):
        SamplerConfig(grid=tuple(map(parse_axis, axes)))


def test_only_whole_grids():
    with pytest.raises(FacewrightError, match="samples: found 30, expected a multiple of 26"):
        require_whole_grids((Axis("yaw_deg", tuple(range(13))), Axis("pitch_deg", (0, 5))), 30)


def test_a_grid_sets_what_it_names_and_leaves_the_rest():
    grid = tuple(map(parse_axis, ["background=3,4", "yaw_deg=-30,30", "key_azimuth_deg=-90,90"]))
    usual = Sampler(SamplerConfig(), 1, load_head()).scenes(2, 0, 8)
    fixed = Sampler(SamplerConfig(grid=grid), 1, load_head()).scenes(2, 0, 8)
    np.testing.assert_array_equal(fixed.yaw_deg, np.tile([-30, -30, 30, 30], 2))
    np.testing.assert_array_equal(np.sign(fixed.key_direction[:, 0]), np.tile([-1, 1], 4))
    assert len(np.unique(fixed.background, axis=0)) == 2
    np.testing.assert_array_equal(fixed.background, fixed.background[[0] * 4 + [4] * 4])
    np.testing.assert_array_equal(fixed.pitch_deg, usual.pitch_deg)
    np.testing.assert_array_equal(fixed.expression, usual.expression)
    others = Sampler(SamplerConfig(grid=grid), 1, load_head()).scenes(5, 0, 8)
    np.testing.assert_array_equal(fixed.background, others.background)


def test_kinds_of_expression_in_a_grid():
    kinds = (float(list(KINDS).index("surprise")), float(list(KINDS).index("neutral")))
    scenes = Sampler(SamplerConfig(grid=(Axis("expression", kinds),)), 1, load_head()).scenes(2, 0, 2)
    wide = load_head().model.expression_names.index("eyeWideLeft")
    assert scenes.expression[0, wide] > 0.1
    assert scenes.expression[1, wide] == 0


FIELDS = {
    "expression": {"expression"},
    "pose": {"yaw_deg", "pitch_deg", "roll_deg"},
    "light": {"light", "key_direction", "key_irradiance"},
    "none": set(),
}


@pytest.mark.parametrize("vary", FIELDS)
def test_only_one_factor_varies(vary):
    scenes = Sampler(SamplerConfig(vary=vary), 1, load_head()).scenes(2, 0, 6)
    usual = Sampler(SamplerConfig(), 1, load_head()).scenes(2, 0, 6)
    for name in vars(usual):
        held = np.repeat(getattr(usual, name)[:1], 6, axis=0)
        expected = getattr(usual, name) if name in FIELDS[vary] | {"samples"} else held
        np.testing.assert_array_equal(getattr(scenes, name), expected, err_msg=name)
