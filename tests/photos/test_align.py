"""Alignment against least squares solved in general, and against pictures with known dots."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.geometry import ARCFACE_112, CROPS, similarity_transform
from facewright.photos import Detections, align, central_landmarks, nearest_to_centre, read_photo


@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
def test_similarity_is_the_least_squares_solution(seed: int, count: int) -> None:
    stream = np.random.default_rng(seed)
    source, target = stream.normal(50, 20, (count, 2)), stream.normal(70, 30, (count, 2))
    # x' = a x - b y + c, y' = b x + a y + d: linear in (a, b, c, d).
    rows = np.zeros((2 * count, 4))
    rows[0::2] = np.column_stack([source[:, 0], -source[:, 1], np.ones(count), np.zeros(count)])
    rows[1::2] = np.column_stack([source[:, 1], source[:, 0], np.zeros(count), np.ones(count)])
    a, b, c, d = np.linalg.lstsq(rows, target.reshape(-1), rcond=None)[0]
    assert np.allclose(similarity_transform(source, target), [[a, -b, c], [b, a, d]], rtol=1e-6, atol=1e-6)


@given(st.floats(-3, 3), st.floats(0.1, 5), st.floats(-100, 100), st.floats(-100, 100))
def test_similarity_recovers_itself(angle: float, scale: float, x: float, y: float) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = ARCFACE_112.points_px @ turn.T + [x, y]
    found = similarity_transform(ARCFACE_112.points_px, moved)
    assert np.allclose(found, np.column_stack([turn, [x, y]]), atol=1e-9)


def test_similarity_of_one_place_is_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        similarity_transform(np.ones((5, 2)), ARCFACE_112.points_px)


def test_similarity_never_mirrors() -> None:
    mirrored = ARCFACE_112.points_px * [-1, 1]
    assert np.linalg.det(similarity_transform(mirrored, ARCFACE_112.points_px)[:, :2]) > 0


def dotted(landmarks: np.ndarray, size: int, radius: float) -> np.ndarray:
    """Five soft dots on black: colour channel values depend only on the distance to a landmark."""
    y, x = np.mgrid[:size, :size] + 0.5
    squared = np.min([(x - px) ** 2 + (y - py) ** 2 for px, py in landmarks], axis=0)
    return np.repeat((255 * np.exp(-squared / (2 * radius**2)))[..., None], 3, axis=2).astype(np.uint8)


def dot_centre(image: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Centre of mass of the brightness within 7 px of a place."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    weight = image[..., 0] * (np.hypot(x - near[0], y - near[1]) < 7)
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("crop", CROPS.values(), ids=CROPS)
@pytest.mark.parametrize(("scale", "angle"), [(1.3, 0.0), (1.0, 0.4), (3.7, -0.3), (0.6, 2.5)])
def test_dots_land_on_the_template(crop, scale: float, angle: float) -> None:  # type: ignore[no-untyped-def]
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size = int(260 * max(scale, 1))
    landmarks = (crop.points_px - crop.size_px / 2) @ turn.T + size / 2 + 0.3
    aligned = align(dotted(landmarks, size, 2.0 * scale), landmarks, crop)
    assert aligned.shape == (crop.size_px, crop.size_px, 3)
    for place in crop.points_px:
        assert np.all(np.abs(dot_centre(aligned, place) - place) < 0.1)


def test_a_photo_already_aligned_is_unchanged() -> None:
    image = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    assert np.array_equal(align(image, ARCFACE_112.points_px, ARCFACE_112), image)


def test_fine_detail_does_not_alias() -> None:
    """A one-pixel checkerboard shrunk eight times is grey, not a moire."""
    size = 112 * 8
    board = np.indices((size, size)).sum(axis=0) % 2 * 255
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    aligned = align(image, ARCFACE_112.points_px * 8.0 + 0.25, ARCFACE_112)
    assert np.all(np.abs(aligned[5:-5, 5:-5].astype(int) - 127) <= 12)


def detections(boxes: list[list[float]]) -> Detections:
    count = len(boxes)
    return Detections(
        np.array(boxes, float).reshape(-1, 4), np.linspace(1, 0.8, count), np.zeros((count, 5, 2))
    )


def test_the_central_face_wins_over_the_surest() -> None:
    found = detections([[0, 0, 80, 80], [100, 20, 190, 80], [150, 80, 200, 100]])
    assert nearest_to_centre(found, (100, 300, 3)) == 1
    assert nearest_to_centre(detections([]), (100, 300, 3)) is None


def test_central_landmarks_scale_with_the_photo() -> None:
    points = central_landmarks((500, 250, 3))
    assert np.allclose(points, central_landmarks((250, 250, 3)) * [1, 2])
    assert points[0, 0] < points[2, 0] < points[1, 0]
    assert points[0, 1] < points[2, 1] < points[3, 1]


def test_photos_are_read_as_rgb(tmp_path: Path) -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    image[..., 0] = 200
    cv2.imwrite(str(tmp_path / "red.png"), image[..., ::-1])
    assert np.array_equal(read_photo(tmp_path / "red.png"), image)


@pytest.mark.parametrize("content", [b"", b"not a picture", None])
def test_unreadable_photos_are_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "someone.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FacewrightError, match=r"someone\.jpg: ") as error:
        read_photo(path)
    assert "\n" not in str(error.value)
