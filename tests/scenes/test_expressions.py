import numpy as np
import pytest

from facewright import FacewrightError
from facewright.scenes import expressions
from facewright.scenes.expressions import DRAWS, ExpressionConfig, draw_expressions
from facewright.streams import Factor, Streams

UNITS = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookInLeft",
         "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "browInnerUp")  # fmt: skip


def draw(**settings: float) -> dict[str, np.ndarray]:
    p = Streams(3, 4).uniform(Factor.EXPRESSION, 0, 4000, DRAWS)
    columns = draw_expressions(ExpressionConfig(**settings), UNITS, p)
    assert columns.min() >= 0
    assert columns.max() <= 1
    return dict(zip(UNITS, columns.T, strict=True))


def test_kinds_occur_as_often_as_their_weights_say():
    units = draw()
    weights = ExpressionConfig()
    total = sum(getattr(weights, kind) for kind in expressions.KINDS)
    smiling = (units["mouthSmileLeft"] > 0.4).mean()  # a face at rest smiles a little
    assert smiling == pytest.approx((weights.smile + weights.laugh) / total, abs=0.03)


def test_blinks_occur_as_often_as_asked():
    assert (draw(blink=0.2)["eyeBlinkLeft"] > 0.5).mean() == pytest.approx(0.2, abs=0.03)
    assert draw(blink=0.0)["eyeBlinkLeft"].max() < 0.5


def test_the_eyes_turn_together():
    units = draw(gaze_deg=20)
    np.testing.assert_array_equal(units["eyeLookOutLeft"], units["eyeLookInRight"])
    assert not ((units["eyeLookOutLeft"] > 0) & (units["eyeLookInLeft"] > 0)).any()


def test_a_model_without_units_has_no_expression():
    p = Streams(3, 4).uniform(Factor.EXPRESSION, 0, 5, DRAWS)
    assert draw_expressions(ExpressionConfig(), (), p).shape == (5, 0)


def test_weights_are_checked():
    with pytest.raises(FacewrightError, match="expected none below 0"):
        ExpressionConfig(smile=-1)


def test_smiles_are_nearly_the_same_on_both_sides():
    units = draw(neutral=0, laugh=0, talk=0, press=0, surprise=0, frown=0, disgust=0, pout=0)
    left, right = units["mouthSmileLeft"], units["mouthSmileRight"]
    assert 0 < np.abs(left - right).max() < 0.15
    assert (left > 0.15).all()
