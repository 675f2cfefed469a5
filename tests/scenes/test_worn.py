import numpy as np
import pytest

from facewright import FacewrightError
from facewright.scenes.worn import DRAWS, Slot, WornConfig, draw_worn
from facewright.streams import Factor, Streams


def worn(count: int = 4000, **settings):
    return draw_worn(WornConfig(**settings), Streams(1, 2).uniform(Factor.WORN, 0, count, DRAWS))


def test_things_are_worn_as_often_as_said():
    drawn = worn(eyewear=0.4, headwear=0.1, facewear=0.02, makeup=0.0, restyled=0.2)
    assert (drawn > 0).mean(axis=0) == pytest.approx([0.4, 0.1, 0.02, 0.0, 0.2], abs=0.03)


def test_a_person_owns_so_many_styles():
    drawn = worn(eyewear=1.0, worn_styles=3)
    assert set(drawn[:, Slot.EYES]) == {1, 2, 3}


def test_changing_one_probability_leaves_the_other_slots_alone():
    few, many = worn(eyewear=0.1), worn(eyewear=0.9)
    np.testing.assert_array_equal(few[:, Slot.HEAD :], many[:, Slot.HEAD :])


@pytest.mark.parametrize("settings", [{"eyewear": 1.1}, {"facewear": -0.1}, {"worn_styles": 0}])
def test_settings_are_checked(settings):
    with pytest.raises(FacewrightError, match="expected"):
        WornConfig(**settings)
