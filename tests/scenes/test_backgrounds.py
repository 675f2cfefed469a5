import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from facewright import FacewrightError, _native
from facewright.dataset import DatasetConfig, draw_person, generate
from facewright.scenes import SamplerConfig, Uniform
from facewright.scenes.backgrounds import draw_backgrounds
from facewright.scenes.grid import parse_axis
from facewright.scenes.photo_backgrounds import open_photo_backgrounds

WORDS = np.random.default_rng(0).integers(0, 2**32, (300, 4)).astype(np.uint32)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three images that tell where a pixel comes from: red is x, green is y, blue is the image."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for i, (height, width) in enumerate([(100, 200), (240, 80), (64, 64)]):
        y, x = np.mgrid[:height, :width]
        pixels = np.stack([x, y, np.full_like(x, 100 * i)], axis=2).astype(np.uint8)
        cv2.imwrite(str(folder / ("deep" if i else "") / f"{i}.png"), pixels[:, :, ::-1])
    return folder


def test_backgrounds_are_functions_of_their_words():
    few, many = draw_backgrounds(WORDS[4:6], 40), draw_backgrounds(WORDS[:10], 40)
    np.testing.assert_array_equal(few, many[4:6])
    assert len(np.unique(draw_backgrounds(WORDS[:50], 8).reshape(50, -1), axis=0)) == 50


def test_places_are_softer_than_textures():
    words = WORDS.copy()
    sharpness = {}
    for kind in (0, 3):
        words[:, 3] = words[:, 3] & ~np.uint32(3) | np.uint32(kind)
        pixels = draw_backgrounds(words, 64).astype(int)
        sharpness[kind] = np.median(np.abs(np.diff(pixels, axis=2)).mean(axis=(1, 2, 3)))
        assert 30 < pixels.mean() < 180
        assert pixels.mean(axis=(1, 2, 3)).std() > 20
    assert sharpness[0] < 3 < sharpness[3]


def test_shrinking_is_the_mean_of_what_a_pixel_covers():
    image = np.random.default_rng(1).integers(0, 256, (24, 36, 3)).astype(np.uint8)
    found = _native.shrink(image, 6, 4, 24, 16, 6, 4)
    expected = image[4:20, 6:30].reshape(4, 4, 6, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(found, expected, atol=0.51)
    uneven = _native.shrink(image, 0, 0, 36, 24, 7, 5)
    np.testing.assert_allclose(uneven, cv2.resize(image, (7, 5), interpolation=cv2.INTER_AREA), atol=1)
    np.testing.assert_array_equal(_native.shrink(image, 0, 0, 36, 24, 36, 24), image)


def test_photos_are_cropped_without_squashing(photos: Path):
    drawn = open_photo_backgrounds(str(photos), 32).draw(WORDS).astype(float)
    across, down = np.diff(drawn[..., 0], axis=2), np.diff(drawn[..., 1], axis=1)
    for i in range(len(drawn)):  # as many pixels of the image per pixel of the crop across as down
        assert abs(np.median(across[i])) == pytest.approx(np.median(down[i]), abs=1.01)
    assert {-1.0, 1.0} == set(np.sign(np.median(across, axis=(1, 2))))
    which = np.bincount((drawn[:, 0, 0, 2] / 100).round().astype(int), minlength=3)
    assert (which > 70).all()


def test_a_grid_shows_photos_by_their_number_in_the_order_of_names(photos: Path):
    sampler = SamplerConfig(
        backgrounds=str(photos), grid=(parse_axis("background=2,0,1"), parse_axis("yaw_deg=0,1"))
    )
    config = DatasetConfig(people=2, samples=6, crop="frame224", size_px=32, sampler=sampler)
    one, other = draw_person(config, 0), draw_person(config, 1)
    np.testing.assert_array_equal(one.parameters["background"][:, 0], [2, 2, 0, 0, 1, 1])
    np.testing.assert_array_equal(one.images[:, 1, 1, 2], other.images[:, 1, 1, 2])
    np.testing.assert_allclose(one.images[:, 1, 1, 2], [200, 200, 0, 0, 100, 100], atol=1)
    # The middle of the image of 200 x 100: from 50 to 150 across.
    drawn = open_photo_backgrounds(str(photos), 32).numbered(np.uint32([0]))[0, :, :, 0].astype(int)
    assert (drawn.min(), drawn.max()) == (51, 148)
    squashed = open_photo_backgrounds(str(photos), 32).numbered(np.uint32([0]), squash=True)[0, :, :, 0]
    assert squashed.max() > 190


def test_numbers_of_photos_that_there_are_not(photos: Path, tmp_path: Path):
    sampler = SamplerConfig(backgrounds=str(photos), grid=(parse_axis("background=0:3:1"),))
    config = DatasetConfig(people=1, samples=4, size_px=32, sampler=sampler)
    with pytest.raises(
        FacewrightError, match=r"grid background: found number 3, expected 0 .. 2: the folder has 3"
    ):
        generate(tmp_path / "out", config, quiet=True)
    assert not (tmp_path / "out").exists()
    with pytest.raises(FacewrightError, match=r"grid background: found .*-1"):
        SamplerConfig(grid=(parse_axis("background=-1,1"),))


def test_photos_are_prepared_once_and_again_when_they_change(photos: Path):
    first = open_photo_backgrounds(str(photos), 16)
    open_photo_backgrounds.cache_clear()
    index = next((photos.parent / "cache/facewright/backgrounds").rglob("index.json"))
    written = index.stat().st_mtime_ns
    again = open_photo_backgrounds(str(photos), 16)
    assert index.stat().st_mtime_ns == written
    np.testing.assert_array_equal(first.draw(WORDS), again.draw(WORDS))
    open_photo_backgrounds.cache_clear()
    (photos / "0.png").write_bytes((photos / "deep/2.png").read_bytes())
    assert open_photo_backgrounds(str(photos), 16).digest != first.digest
    open_photo_backgrounds.cache_clear()


def test_folders_that_hold_no_images(photos: Path, tmp_path: Path):
    with pytest.raises(FacewrightError, match="found no images, expected a folder with"):
        open_photo_backgrounds(str(tmp_path / "cache"), 16)
    (photos / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(FacewrightError, match=r"broken.jpg: found 13 bytes that are no image"):
        open_photo_backgrounds(str(photos), 24)


def test_changing_the_pose_changes_no_background(photos: Path):
    for folder in (None, str(photos)):
        calm = DatasetConfig(people=1, samples=3, sampler=SamplerConfig(backgrounds=folder))
        turned = dataclasses.replace(calm.sampler, yaw_deg=Uniform(-90, 90))
        a, b = draw_person(calm, 0), draw_person(dataclasses.replace(calm, sampler=turned), 0)
        np.testing.assert_array_equal(a.parameters["background"], b.parameters["background"])
        corner = (slice(None), slice(0, 3), slice(0, 3))
        behind = (a.images[corner] == b.images[corner]).all(axis=(1, 2, 3))
        assert behind.any()
    assert (a.images != draw_person(DatasetConfig(people=1, samples=3), 0).images).any()
