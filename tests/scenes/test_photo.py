import dataclasses

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError, _native
from facewright.dataset import DatasetConfig, draw_person
from facewright.distributions import Constant, Uniform
from facewright.scenes import SamplerConfig
from facewright.scenes.photo import DRAWS, PhotoConfig, draw_photos, take_photos
from facewright.streams import Factor, Streams

P = Streams(1, 2).uniform(Factor.PHOTO, 0, 3, DRAWS)
WORDS = Streams(1, 2).words(Factor.NOISE, 0, 3, 4)
IMAGES = np.random.default_rng(0).integers(40, 200, (3, 48, 48, 3)).astype(np.uint8)


def taken(images: np.ndarray = IMAGES, **settings: object) -> np.ndarray:
    photos = draw_photos(PhotoConfig(**settings), P, WORDS)
    assert photos is not None
    return take_photos(images, photos)


def linear(codes: np.ndarray) -> np.ndarray:
    return _native.srgb_to_linear()[codes].astype(float)


def grey(code: int) -> np.ndarray:
    return np.full((3, 64, 64, 3), code, np.uint8)


@given(st.floats(-2, 2).filter(bool))
def test_a_stop_is_a_factor_of_two(stops):
    light = linear(taken(grey(100), photo_exposure_ev=Constant(stops)))[0, 0, 0, 0]
    assert light == pytest.approx(min(linear(np.array(100)) * 2**stops, 1), rel=0.02)


def test_nothing_is_done_by_default():
    assert draw_photos(PhotoConfig(), P, WORDS) is None
    drawn = draw_person(DatasetConfig(people=1, samples=2), 0)
    assert not any(name.startswith("photo_") for name in drawn.parameters)
    np.testing.assert_array_equal(taken(photo_exposure_ev=Constant(1e-9)), IMAGES)


def test_blur_is_a_gaussian_in_linear_light():
    found = linear(taken(photo_blur_px=Constant(1.5 * 112 / 48)))
    expected = scipy.ndimage.gaussian_filter(linear(IMAGES), (0, 1.5, 1.5, 0), mode="nearest", truncate=3)
    np.testing.assert_allclose(found, expected, atol=0.006)


def test_warmth_exchanges_red_for_blue():
    warm = linear(taken(grey(128), photo_warmth=Constant(1)))[0, 0, 0]
    assert warm[0] > warm[1] > warm[2]
    cool = linear(taken(grey(128), photo_warmth=Constant(-1)))[0, 0, 0]
    assert cool[0] < cool[1] < cool[2]


@pytest.mark.parametrize("deviation", [2.0, 8.0])
def test_noise_has_its_deviation_at_middle_grey_and_less_in_the_dark(deviation):
    middle = taken(grey(127), photo_noise=Constant(deviation)).astype(float)
    assert middle.std() == pytest.approx(deviation, rel=0.08)
    assert middle.mean() == pytest.approx(127, abs=0.6)
    flat = middle.reshape(3, -1)
    assert abs(np.corrcoef(flat[:, :-1].ravel(), flat[:, 1:].ravel())[0, 1]) < 0.02
    dark, light = (linear(taken(grey(code), photo_noise=Constant(deviation))).std() for code in (60, 200))
    assert dark < linear(middle.astype(np.uint8)).std() < light


def test_noise_differs_between_images_and_not_between_calls():
    once, again = (taken(grey(120), photo_noise=Constant(5)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert (once[0] != once[1]).mean() > 0.5


def test_compression_leaves_its_traces():
    ramp = np.tile(np.linspace(20, 230, 48).astype(np.uint8)[None, None, :, None], (3, 48, 1, 3))
    strong = taken(ramp, photo_jpeg_quality=Constant(10)).astype(int)
    weak = taken(ramp, photo_jpeg_quality=Constant(98)).astype(int)
    assert np.abs(strong - ramp).mean() > 1 + 2 * np.abs(weak - ramp).mean()


def test_photos_are_in_the_table_and_leave_scenes_alone():
    plain = DatasetConfig(people=1, samples=3)
    photo = PhotoConfig(photo_exposure_ev=Uniform(-1, 1), photo_jpeg_quality=Uniform(30, 90))
    config = dataclasses.replace(plain, sampler=dataclasses.replace(SamplerConfig(), photo=photo))
    a, b = draw_person(plain, 0), draw_person(config, 0)
    new = {"photo_exposure_ev", "photo_warmth", "photo_noise", "photo_blur_px", "photo_jpeg_quality"}
    assert set(b.parameters) - set(a.parameters) == new
    for name, values in a.parameters.items():
        np.testing.assert_array_equal(values, b.parameters[name])
    assert (a.images != b.images).any()


def test_settings_that_no_camera_has():
    with pytest.raises(FacewrightError, match=r"photo_noise: found .*, expected values from 0 to 100"):
        PhotoConfig(photo_noise=Constant(-1))
    with pytest.raises(FacewrightError, match=r"photo_jpeg_quality: found .*, expected values from 5 to 100"):
        PhotoConfig(photo_jpeg_quality=Uniform(0, 50))
