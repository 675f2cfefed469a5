"""What augmentation may change, and what it must not."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.recognition.augment import AugmentConfig, augment, resize_crops, to_input

ON = AugmentConfig(flip=True, geometry=True, colour=True, degrade=True)
OFF = AugmentConfig(flip=False, geometry=False, colour=False, degrade=False)


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
    changed = augment(photos(n, size), ON, out, (seed,))
    assert changed.shape == (n, out, out, 3)
    assert changed.dtype == np.float32
    assert -1 <= changed.min() <= changed.max() <= 1


def test_the_same_key_gives_the_same_batch_and_another_key_another_one():
    images = photos()
    first = augment(images, ON, 64, (1, 2, 3, 4))
    np.testing.assert_array_equal(first, augment(images, ON, 64, (1, 2, 3, 4)))
    for key in ((1, 2, 3, 5), (1, 2, 4, 4), (1, 3, 3, 4), (2, 2, 3, 4)):
        assert np.abs(first - augment(images, ON, 64, key)).mean() > 0.01


def test_everything_off_changes_nothing():
    images = photos(size=64)
    np.testing.assert_array_equal(
        augment(images, OFF, 64, (1,)), images.astype(np.float32) * np.float32(1 / 127.5) - 1
    )
    larger = photos(size=80)
    np.testing.assert_array_equal(augment(larger, OFF, 64, (1,)), to_input(larger, 64))


def test_sampling_keeps_the_picture_in_place():
    """Halves of a picture stay halves: no shift by half a pixel between stored size and input size."""
    halves = np.zeros((1, 80, 80, 3), np.uint8)
    halves[:, :, 40:] = 255
    sampled = to_input(halves, 64)[0, 32, :, 0]
    np.testing.assert_allclose(sampled, -sampled[::-1], atol=0.02)
    np.testing.assert_allclose(resize_crops(halves, 40)[0, 0, :, 0], np.repeat([0, 255], 20))


def test_flip_alone_is_a_mirror_image():
    images = photos()
    plain = augment(images, OFF, 64, (1,))
    always = AugmentConfig(flip=True, geometry=False, colour=False, degrade=False, p_flip=1.0)
    np.testing.assert_allclose(augment(images, always, 64, (1,)), plain[:, :, ::-1], atol=0.02)
    half = AugmentConfig(flip=True, geometry=False, colour=False, degrade=False)
    many = augment(np.repeat(images[:1], 400, axis=0), half, 64, (1,))
    flipped = np.abs(many - plain[:1]).mean(axis=(1, 2, 3)) > 0.02
    assert 160 < flipped.sum() < 240


@pytest.mark.parametrize("group", ["geometry", "colour", "degrade"])
def test_each_group_changes_pixels_by_itself(group):
    config = AugmentConfig(**{name: name == group for name in ("flip", "geometry", "colour", "degrade")})
    images = np.repeat(photos(1), 100, axis=0)
    changed = np.abs(augment(images, config, 64, (1,)) - to_input(images, 64)).mean(axis=(1, 2, 3)) > 1e-3
    assert changed.mean() > (0.05 if group == "degrade" else 0.95)


def test_colour_keeps_flat_grey_flat_and_grey():
    grey = np.full((50, 80, 80, 3), 128, np.uint8)
    config = AugmentConfig(flip=False, geometry=True, colour=True, degrade=False)
    changed = augment(grey, config, 64, (1,))
    assert np.ptp(changed, axis=(1, 2, 3)).max() < 0.02
    assert np.ptp(changed[:, 0, 0, 0]) > 0.1


def test_geometry_stays_within_its_limits():
    """A dot in the middle moves by no more than shift and corner allow."""
    dot = np.zeros((200, 64, 64, 3), np.uint8)
    dot[:, 31:33, 31:33] = 255
    config = replace(OFF, geometry=True, shift=0.05, corner=0.0)
    bright = augment(dot, config, 64, (5,))[..., 0] + 1
    x = (bright.sum(axis=1) * np.arange(64)).sum(axis=1) / bright.sum(axis=(1, 2))
    assert np.abs(x - 31.5).max() < 0.05 * 64 * 1.15 + 0.5
    assert np.abs(x - 31.5).max() > 0.05 * 64 * 0.7


@pytest.mark.parametrize("field", ["p_flip", "hue", "rotation_deg", "shift"])
def test_bad_settings_are_named(field):
    with pytest.raises(FacewrightError, match=f"augment.{field}: found -1"):
        AugmentConfig(**{field: -1.0})
