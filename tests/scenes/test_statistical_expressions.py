"""Expressions of models whose directions are statistical."""

import numpy as np

from facewright.scenes.expressions import DRAWS, ExpressionConfig, draw_expressions

_NAMES = ("expression000", "expression001", "expression002", "jawOpen", "eyeLookUpLeft")


def _drawn(strength: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    p = np.random.default_rng(1).uniform(size=(count, DRAWS + 3))
    return p, draw_expressions(ExpressionConfig(expression_strength=strength), _NAMES, p, gaussian=3)


def test_statistical_directions_are_normal_and_units_stay_units():
    _, drawn = _drawn(0.8)
    np.testing.assert_allclose(drawn[:, :3].mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(drawn[:, :3].std(axis=0), 0.8, atol=0.05)
    assert np.abs(drawn[:, :3]).max() <= 2.0 + 1e-6
    assert drawn[:, 3:].min() >= 0
    assert 0.05 < drawn[:, 3].max() <= 1
    np.testing.assert_allclose(np.corrcoef(drawn[:, :3].T), np.eye(3), atol=0.06)


def test_units_do_not_depend_on_the_statistical_directions():
    p, drawn = _drawn(1.0)
    units = draw_expressions(ExpressionConfig(expression_strength=1.0), _NAMES[3:], p[:, :DRAWS])
    np.testing.assert_array_equal(drawn[:, 3:], units)


def test_no_strength_is_the_models_mean():
    assert not _drawn(0.0)[1][:, :3].any()
