import numpy as np
import pytest

from facewright import FacewrightError
from facewright.scenes.worn import DRAWS, Slot, WornConfig, draw_worn
from facewright.streams import Factor, Streams


def worn(count: int = 4000, person: int = 2, **settings):
    streams = Streams(1, person)
    habits = streams.uniform(Factor.HABITS, 0, 1, len(Slot))[0]
    return draw_worn(WornConfig(**settings), habits, streams.uniform(Factor.WORN, 0, count, DRAWS))


def test_things_are_worn_as_often_as_said():
    settings = {"eyewear": 0.4, "headwear": 0.1, "facewear": 0.02, "makeup": 0.0, "restyled": 0.2}
    drawn = np.concatenate([worn(20, person, **settings) for person in range(1500)])
    assert (drawn > 0).mean(axis=0) == pytest.approx([0.4, 0.1, 0.02, 0.0, 0.2], abs=0.035)
    assert (worn(500, eyewear=1.0)[:, Slot.EYES] > 0).all()
    assert (worn(500, eyewear=0.0)[:, Slot.EYES] == 0).all()


def test_wearing_is_a_habit():
    often = np.array([(worn(50, person, eyewear=0.2)[:, Slot.EYES] > 0).mean() for person in range(400)])
    in_habit = often > 0.5
    assert in_habit.mean() == pytest.approx(0.8 * 0.2 / 0.85, abs=0.05)
    assert often[in_habit].mean() == pytest.approx(0.85, abs=0.03)
    assert often[~in_habit].mean() == pytest.approx(0.2 * 0.2 / (1 - 0.8 * 0.2 / 0.85), abs=0.02)


def test_a_person_owns_so_many_styles():
    drawn = worn(eyewear=1.0, worn_styles=3)
    numbers, times = np.unique(drawn[:, Slot.EYES], return_counts=True)
    assert numbers.tolist() == [1, 2, 3]
    assert (np.diff(times) < 0).all()


def test_changing_one_probability_leaves_the_other_slots_alone():
    few, many = worn(eyewear=0.1), worn(eyewear=0.9)
    np.testing.assert_array_equal(few[:, Slot.HEAD :], many[:, Slot.HEAD :])


@pytest.mark.parametrize("settings", [{"eyewear": 1.1}, {"facewear": -0.1}, {"worn_styles": 0}])
def test_settings_are_checked(settings):
    with pytest.raises(FacewrightError, match="expected"):
        WornConfig(**settings)
