"""Landmarks of many photos and what is remembered of them."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from facewright import FacewrightError
from facewright.photos import find_landmarks
from facewright.photos.mtcnn import Detections, Detector
from tests.photos.test_mtcnn import brightness_detector


@dataclass(frozen=True)
class Counted(Detector):
    """A detector that remembers how many photos it was shown."""

    shown: list[tuple[int, ...]] = field(default_factory=list)

    def detect(self, image: np.ndarray) -> Detections:
        self.shown.append(image.shape)
        return super().detect(image)


def counted(fingerprint: str = "fake") -> Counted:
    fake = brightness_detector()
    return Counted(fake.config, fingerprint, fake.proposal, fake.refinement, fake.output)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = []
    for index, x in enumerate((20, 50, None)):
        image = np.zeros((80, 100, 3), np.uint8)
        if x is not None:
            image[30:50, x : x + 20] = 255
        paths.append(tmp_path / f"{index}.png")
        cv2.imwrite(str(paths[-1]), image)
    return paths


@pytest.mark.parametrize("workers", [1, 3])
def test_order_and_missing_faces(photos: list[Path], workers: int) -> None:
    steps: list[tuple[int, int]] = []
    found = find_landmarks(
        photos,
        brightness_detector(),
        workers=workers,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert found[2] is None
    assert found[0] is not None
    assert found[1] is not None
    assert np.allclose(found[1] - found[0], [30, 0], atol=3)
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_second_run_detects_nothing(photos: list[Path], tmp_path: Path) -> None:
    first, second = counted(), counted()
    cache = tmp_path / "new" / "cache"
    before = find_landmarks(photos, first, cache)
    after = find_landmarks(photos, second, cache)
    assert (len(first.shown), len(second.shown)) == (3, 0)
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one, other) if one is not None else other is None  # type: ignore[arg-type]


def test_changed_photos_and_other_detectors_are_seen_again(photos: list[Path], tmp_path: Path) -> None:
    find_landmarks(photos, counted(), tmp_path)
    photos[0].write_bytes(cv2.imencode(".png", np.full((40, 40, 3), 7, np.uint8))[1].tobytes())
    again = counted()
    find_landmarks(photos, again, tmp_path)
    assert len(again.shown) == 1
    other = counted("another")
    find_landmarks(photos, other, tmp_path)
    assert len(other.shown) == 3


@pytest.mark.parametrize("damage", ["{", "[]", '{"a": [1, 2]}', '{"a": 3}'])
def test_a_damaged_cache_is_rebuilt(photos: list[Path], tmp_path: Path, damage: str) -> None:
    (tmp_path / "landmarks-fake.json").write_text(damage)
    detector = counted()
    find_landmarks(photos, detector, tmp_path)
    find_landmarks(photos, detector, tmp_path)
    assert len(detector.shown) == 3


def test_a_cache_that_cannot_be_written_is_no_error(photos: list[Path], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert len(find_landmarks(photos, brightness_detector(), blocked / "cache")) == 3


def test_a_missing_photo_is_named(tmp_path: Path) -> None:
    with pytest.raises(FacewrightError, match=r"gone\.jpg: cannot read"):
        find_landmarks([tmp_path / "gone.jpg"], brightness_detector())
