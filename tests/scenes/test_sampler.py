import dataclasses

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.models.embedded import load_head
from facewright.scenes import CameraConfig, Constant, Normal, Sampler, SamplerConfig, Scenes, Uniform
from facewright.scenes.backgrounds import draw_backgrounds


def scenes(first: int = 0, count: int = 5, person: int = 3, seed: int = 1, **changes: object) -> Scenes:
    config = dataclasses.replace(SamplerConfig(), **changes)
    return Sampler(config, seed, load_head()).scenes(person, first, count)


def differing(a: Scenes, b: Scenes) -> set[str]:
    return {
        f.name for f in dataclasses.fields(a) if not np.array_equal(getattr(a, f.name), getattr(b, f.name))
    }


def test_a_scene_is_the_same_however_many_are_drawn():
    few, some = scenes(), scenes(first=2, count=2)
    for field in dataclasses.fields(few):
        np.testing.assert_array_equal(getattr(few, field.name)[2:4], getattr(some, field.name))


def test_changing_one_distribution_changes_nothing_else():
    assert differing(scenes(), scenes(yaw_deg=Uniform(-90, 90))) == {"yaw_deg"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"distance_mm": Constant(700)}, "distance_mm"),
        ({"right_mm": Uniform(-50, 50)}, "position_mm"),
        ({"focal_mm": Uniform(30, 90)}, "focal"),
        ({"sensor_mm": 24.0}, "focal"),
        ({"projection": "orthographic"}, "orthographic"),
        ({"scale": Uniform(1, 1.2)}, "scale"),
        ({"shift_y": Normal(0, 0.05)}, "shift"),
        ({"jitter_px": Constant(0)}, "jitter_px"),
    ],
)
def test_changing_the_camera_changes_nothing_else(changed, field):
    assert differing(scenes(), scenes(camera=CameraConfig(**changed))) == {field}


@pytest.mark.parametrize("other", [{"person": 4}, {"seed": 2}])
def test_other_people_and_seeds_have_other_scenes(other):
    constant = {"samples", "position_mm", "focal", "orthographic", "scale", "shift"}
    assert differing(scenes(), scenes(**other)) == {f.name for f in dataclasses.fields(Scenes)} - constant


@pytest.mark.parametrize(
    "changes",
    [
        {"yaw_deg": Uniform(-180, 180)},
        {"pitch_deg": Normal(0, 60)},
    ],
)
def test_what_cannot_be_drawn_is_refused(changes):
    with pytest.raises(FacewrightError, match=f"{next(iter(changes))}: found .*, expected values from"):
        scenes(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"distance_mm": Constant(50)},
        {"distance_mm": Constant(-5)},
        {"jitter_scale": Constant(0)},
        {"focal_mm": Normal(50, 20)},
        {"sensor_mm": 0.0},
    ],
)
def test_cameras_that_cannot_see_are_refused(changes):
    with pytest.raises(FacewrightError, match=f"{next(iter(changes))}: found .*, expected"):
        CameraConfig(**changes)


def test_a_plain_background_is_one_grey_and_changes_nothing_else():
    plain = Sampler(SamplerConfig(background="plain"), 1, load_head()).scenes(3, 0, 4)
    usual = Sampler(SamplerConfig(), 1, load_head()).scenes(3, 0, 4)
    pixels = draw_backgrounds(plain.background, 24)
    assert len(np.unique(pixels)) == 1
    np.testing.assert_array_equal(plain.key_direction, usual.key_direction)
    np.testing.assert_array_equal(plain.worn, usual.worn)
