"""What augmentation may change, and what it must not."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.recognition.augment import RECIPES, AugmentConfig, augment, resize_crops, to_input

ON = RECIPES["digiface"]
OFF = RECIPES["none"]


def photos(n=6, size=80, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 10, 10, 3), dtype=np.uint8)
    return np.stack([cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC) for image in coarse])


@given(
    n=st.integers(1, 5),
    size=st.sampled_from([32, 64, 80]),
    out=st.sampled_from([32, 64]),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_shape_type_and_range(n, size, out, seed):
    changed = augment(photos(n, size), ON, (out, out), (seed,))
    assert changed.shape == (n, out, out, 3)
    assert changed.dtype == np.float32
    assert -1 <= changed.min() <= changed.max() <= 1


def test_the_same_key_gives_the_same_batch_and_another_key_another_one():
    images = photos()
    first = augment(images, ON, (64, 64), (1, 2, 3, 4))
    np.testing.assert_array_equal(first, augment(images, ON, (64, 64), (1, 2, 3, 4)))
    for key in ((1, 2, 3, 5), (1, 2, 4, 4), (1, 3, 3, 4), (2, 2, 3, 4)):
        assert np.abs(first - augment(images, ON, (64, 64), key)).mean() > 0.01


def test_everything_off_changes_nothing():
    images = photos(size=64)
    np.testing.assert_array_equal(
        augment(images, OFF, (64, 64), (1,)), images.astype(np.float32) * np.float32(1 / 127.5) - 1
    )
    larger = photos(size=80)
    np.testing.assert_array_equal(augment(larger, OFF, (64, 64), (1,)), to_input(larger, (64, 64)))


def test_sampling_keeps_the_picture_in_place():
    """Halves of a picture stay halves: no shift by half a pixel between stored size and input size."""
    halves = np.zeros((1, 80, 80, 3), np.uint8)
    halves[:, :, 40:] = 255
    sampled = to_input(halves, (64, 64))[0, 32, :, 0]
    np.testing.assert_allclose(sampled, -sampled[::-1], atol=0.02)
    np.testing.assert_allclose(resize_crops(halves, 40)[0, 0, :, 0], np.repeat([0, 255], 20))


def test_flip_alone_is_a_mirror_image():
    images = photos()
    plain = augment(images, OFF, (64, 64), (1,))
    always = replace(OFF, p_flip=1.0)
    np.testing.assert_allclose(augment(images, always, (64, 64), (1,)), plain[:, :, ::-1], atol=0.02)
    half = RECIPES["flip"]
    many = augment(np.repeat(images[:1], 400, axis=0), half, (64, 64), (1,))
    flipped = np.abs(many - plain[:1]).mean(axis=(1, 2, 3)) > 0.02
    assert 160 < flipped.sum() < 240


CHANGES = (
    ("p_geometry", 0.95),
    ("p_aspect", 0.95),
    ("p_zoom", 0.95),
    ("p_crop", 0.9),
    ("p_colour", 0.95),
    ("p_gaussian_blur", 0.95),
    ("p_motion_blur", 0.95),
    ("p_noise", 0.95),
    ("p_low_resolution", 0.9),
    ("p_jpeg", 0.95),
    ("p_erase", 0.95),
)


@pytest.mark.parametrize(("name", "part"), CHANGES)
def test_each_change_happens_as_often_as_asked(name, part):
    images = np.repeat(photos(1), 100, axis=0)
    plain = to_input(images, (64, 64))
    for p, low, high in ((1.0, part, 1.0), (0.3, 0.1, 0.5)):
        changed = np.abs(augment(images, replace(OFF, **{name: p}), (64, 64), (1,)) - plain)
        assert low <= (changed.mean(axis=(1, 2, 3)) > 1e-3).mean() <= high


def test_recipes_are_those_of_the_papers():
    assert (RECIPES["synface"].p_zoom, RECIPES["synface"].p_erase, RECIPES["synface"].p_colour) == (
        0.5,
        0.5,
        0,
    )
    adaface = RECIPES["adaface"]
    assert (adaface.p_crop, adaface.p_colour, adaface.p_low_resolution, adaface.resolution) == (
        0.2,
        0.2,
        0.2,
        (0.2, 1),
    )
    assert RECIPES["digiface"].p_geometry == 1


def test_a_narrow_input_is_the_middle_of_the_crop():
    image = photos(2, 112)
    np.testing.assert_array_equal(to_input(image, (112, 96)), to_input(image, (112, 112))[:, :, 8:104])


def test_zoom_shows_a_part_of_the_image_enlarged():
    """Stripes 7 pixels apart are 7 * 7 / 6 apart after it."""
    stripes = np.zeros((1, 112, 112, 3), np.uint8)
    stripes[:, :, ::14] = stripes[:, :, 1::14] = 255
    row = augment(stripes, replace(OFF, p_zoom=1.0), (112, 112), (3,))[0, 50, :, 0]
    bright = np.flatnonzero((row[1:-1] > row[:-2]) & (row[1:-1] >= row[2:])) + 1
    assert np.mean(np.diff(bright)) == pytest.approx(14 * 7 / 6, abs=0.3)


def test_erased_and_cropped_areas_are_rectangles():
    images = np.full((40, 64, 64, 3), 255, np.uint8)
    erased = augment(images, replace(OFF, p_erase=1.0), (64, 64), (2,))[..., 0]
    cropped = augment(images, replace(OFF, p_crop=1.0), (64, 64), (2,))[..., 0]
    for changed, (least, most) in ((erased < 0.5, (0.01, 0.36)), (cropped > 0.5, (0.15, 1.0))):
        for mask in changed:
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            assert mask.sum() == len(rows) * len(columns)
            assert least <= mask.mean() <= most


def test_colour_keeps_flat_grey_flat_and_grey():
    grey = np.full((50, 80, 80, 3), 128, np.uint8)
    config = replace(OFF, p_geometry=1.0, p_colour=1.0)
    changed = augment(grey, config, (64, 64), (1,))
    assert np.ptp(changed, axis=(1, 2, 3)).max() < 0.02
    assert np.ptp(changed[:, 0, 0, 0]) > 0.1


def test_geometry_stays_within_its_limits():
    """A dot in the middle moves by no more than shift and corner allow."""
    dot = np.zeros((200, 64, 64, 3), np.uint8)
    dot[:, 31:33, 31:33] = 255
    config = replace(OFF, p_geometry=1.0, shift=0.05, corner=0.0)
    bright = augment(dot, config, (64, 64), (5,))[..., 0] + 1
    x = (bright.sum(axis=1) * np.arange(64)).sum(axis=1) / bright.sum(axis=(1, 2))
    assert np.abs(x - 31.5).max() < 0.05 * 64 * 1.15 + 0.5
    assert np.abs(x - 31.5).max() > 0.05 * 64 * 0.7


@pytest.mark.parametrize("field", ["p_flip", "hue", "rotation_deg", "shift"])
def test_bad_settings_are_named(field):
    with pytest.raises(FacewrightError, match=f"augment.{field}: found -1"):
        AugmentConfig(**{field: -1.0})
