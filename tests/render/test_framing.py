"""Where the head comes to lie in an image, against a projection written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.geometry import Crop, named_crop
from facewright.models.morphable import MorphableModel
from facewright.people.person import Person
from facewright.render import draw_heads
from facewright.scenes.scene import Scenes
from tests.oracles import rasterizer as oracle
from tests.render.conftest import plain_scenes, synthetic_person


def landmarks(person: Person, scenes: Scenes, crop: Crop) -> np.ndarray:
    background = np.zeros((len(scenes), crop.size_px, crop.size_px, 3), np.uint8)
    return draw_heads(person, scenes, crop, background).landmarks_px[0].astype(np.float64)


def seen(person: Person, scenes: Scenes, size: int, points_mm: np.ndarray | None = None) -> np.ndarray:
    """x = f X / Z and y = f Y / Z about the middle of the image, for landmarks or other points (n, 3)."""
    points = person.neutral_mm[person.model.landmarks] if points_mm is None else points_mm
    R = oracle.rotation(scenes.yaw_deg[0], scenes.pitch_deg[0], scenes.roll_deg[0])
    turned = points.astype(np.float64) @ R.T
    depth = scenes.distance_mm[0] - (0 if scenes.orthographic[0] else 1) * turned[:, 2]
    plane = (turned[:, :2] + scenes.position_mm[0]) / depth[:, None] * [1, -1]
    return size / 2 + float(scenes.focal[0]) * size * plane


def about_centre(points: np.ndarray, scale: float, size: int) -> np.ndarray:
    return (points - size / 2) * scale + size / 2


@settings(max_examples=20, deadline=None)
@given(
    yaw=st.floats(-90, 90),
    pitch=st.floats(-30, 30),
    roll=st.floats(-180, 180),
    distance=st.floats(400, 4000),
    focal=st.floats(0.5, 4),
    right=st.floats(-60, 60),
    scale=st.floats(0.8, 1.3),
    shift=st.floats(-0.2, 0.2),
    orthographic=st.booleans(),
)
def test_a_pinhole_is_a_pinhole(
    coarse_model, yaw, pitch, roll, distance, focal, right, scale, shift, orthographic
):
    person, crop = synthetic_person(coarse_model, 8), named_crop("pinhole", 64)
    scenes = plain_scenes(
        yaw_deg=[yaw], pitch_deg=[pitch], roll_deg=[roll], distance_mm=[distance], focal=[focal],
        position_mm=[[right, -20]], scale=[scale], shift=[[shift, 0.1]], orthographic=[orthographic],
        jitter_px=[[5, 5]], jitter_scale=[1.5], jitter_deg=[40],
    )  # fmt: skip
    expected = about_centre(seen(person, scenes, 64), float(scenes.scale[0]), 64) + np.array(
        [64 * shift, 6.4]
    )
    np.testing.assert_allclose(landmarks(person, scenes, crop), expected, atol=2e-3)


def test_landmark_framing_centres_eyes_and_nose_and_keeps_the_scale(coarse_model: MorphableModel) -> None:
    person, crop = synthetic_person(coarse_model, 8), named_crop("landmark", 100)
    scenes = plain_scenes(yaw_deg=[30], pitch_deg=[10], distance_mm=[800], focal=[2], position_mm=[[40, 10]])
    groups = coarse_model.alignment_landmarks[:3]
    three = seen(person, scenes, 100, person.neutral_mm.astype(np.float64)[groups].mean(axis=1))
    expected = seen(person, scenes, 100) + (50 - three.mean(axis=0))
    np.testing.assert_allclose(landmarks(person, scenes, crop), expected, atol=2e-3)


@pytest.mark.parametrize("yaw", [0.0, 60.0])
def test_the_face_box_fills_the_image(coarse_model: MorphableModel, yaw: float) -> None:
    person = synthetic_person(coarse_model, 8)
    scenes = plain_scenes(yaw_deg=[yaw], distance_mm=[900], focal=[3])
    vertices = person.neutral_mm[coarse_model.landmarks]
    hairline = 1.5 * (vertices[21] + vertices[22]) / 2 - 0.5 * vertices[8]
    corners = np.concatenate([vertices[[0, 16, 30, 8, 19, 24]], hairline[None]])
    box = seen(person, scenes, 80, corners)
    side = np.ptp(box, axis=0).max()
    wings = seen(person, scenes, 80, ((vertices[31] + vertices[35]) / 2)[None])
    expected = (seen(person, scenes, 80) - wings) * (80 / side) + 40
    np.testing.assert_allclose(landmarks(person, scenes, named_crop("facebox", 80)), expected, atol=2e-3)


def test_the_face_box_undoes_the_focal_length_but_not_the_scale(coarse_model: MorphableModel) -> None:
    person, crop = synthetic_person(coarse_model, 8), named_crop("facebox", 80)
    usual = landmarks(person, plain_scenes(), crop)
    np.testing.assert_allclose(landmarks(person, plain_scenes(focal=[3]), crop), usual, atol=1e-4)
    larger = landmarks(person, plain_scenes(scale=[1.2]), crop)
    np.testing.assert_allclose(larger, about_centre(usual, 1.2, 80), atol=1e-3)


def test_crops_by_name() -> None:
    assert named_crop("arcface112").size_px == 112
    assert named_crop("facebox").size_px == 224
    np.testing.assert_allclose(
        named_crop("arcface112", 224).points_px, named_crop("arcface112").points_px * 2
    )
    with pytest.raises(FacewrightError, match="crop: found 'round', expected arcface112 or "):
        named_crop("round")
    with pytest.raises(FacewrightError, match=r"size_px: found 5000, expected 16 \.\. 4096"):
        named_crop("pinhole", 5000)
