"""Whole images: against the slow renderer, alignment, sign conventions, light, bad input."""

import dataclasses
import gc
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.geometry import ARCFACE_112, FACENET_96, Crop
from facewright.models.morphable import MorphableModel
from facewright.people.person import Person
from facewright.render import Renderings, ShadingConfig, draw_heads, render, rig
from facewright.scenes.scene import Scenes
from tests.oracles import rasterizer as oracle
from tests.render.conftest import plain_scenes, synthetic_model, synthetic_person

NOSE, RIGHT_EYE, LEFT_EYE, CHIN = 30, 36, 45, 8
SMALL = Crop("small", 40, ARCFACE_112.points_px * (40 / 112))
EXACT = ShadingConfig(shadows=False, every_sample=True)


def grey(scenes: Scenes, crop: Crop, level: int = 90) -> np.ndarray:
    return np.full((len(scenes), crop.size_px, crop.size_px, 3), level, np.uint8)


def draw(person: Person, scenes: Scenes, crop: Crop = SMALL) -> Renderings:
    return draw_heads(person, scenes, crop, grey(scenes, crop))


def random_key(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    direction = rng.normal(size=(count, 3))
    return {
        "key_direction": direction / np.linalg.norm(direction, axis=1, keepdims=True),
        "key_irradiance": rng.uniform(0, 1.2, (count, 3)) * (rng.uniform(size=(count, 1)) < 0.7),
    }


def random_scenes(seed: int, count: int) -> Scenes:
    rng = np.random.default_rng(seed)
    light = rng.normal(0, 0.4, (count, 9, 3))
    light[:, 0] = rng.uniform(0.5, 3, (count, 3))
    return plain_scenes(
        count,
        expression=rng.uniform(0, 1, (count, 3)) * (rng.uniform(size=(count, 3)) < 0.6),
        yaw_deg=rng.uniform(-90, 90, count),
        pitch_deg=rng.uniform(-30, 30, count),
        roll_deg=rng.uniform(-30, 30, count),
        distance_mm=rng.uniform(400, 2000, count),
        light=light,
        **random_key(rng, count),
        jitter_px=rng.normal(0, 2, (count, 2)),
        jitter_scale=rng.uniform(0.9, 1.1, count),
        jitter_deg=rng.normal(0, 5, count),
    )


def one_colour(person: Person, code: int) -> Person:
    return dataclasses.replace(person, texture=np.full_like(person.texture, code))


def lit_from(direction: tuple[float, float, float]) -> np.ndarray:
    """A directional light's first two orders, over a little ambient light."""
    x, y, z = np.array(direction) / np.linalg.norm(direction)
    light = np.zeros((1, 9, 3))
    light[0, :4] = 0.8 * np.array([[1.5], [y], [z], [x]])
    return light


def test_images_agree_with_the_slow_renderer() -> None:
    person = synthetic_person(synthetic_model(24, 36), 64)
    scenes = random_scenes(5, 6)
    scenes.yaw_deg[0] = 110  # the texture's seam is seen
    for i, side in ((1, 0.72), (2, -0.72)):  # one eye shines, then the other
        scenes.yaw_deg[i], scenes.pitch_deg[i], scenes.light[i] = 0, 0, lit_from((side, 0.36, 0.62))
        scenes.key_irradiance[i] = 0
    background = np.random.default_rng(0).integers(0, 256, (6, 40, 40, 3)).astype(np.uint8)
    images = draw_heads(person, scenes, SMALL, background, shading=EXACT).images
    for i in range(6):
        expected = oracle.draw(person, scenes, i, SMALL, background[i])
        assert np.abs(images[i].astype(int) - expected).max() <= 1
        assert (images[i] != background[i]).any(axis=2).mean() > 0.15


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_alignment_is_the_least_squares_similarity(coarse_model: MorphableModel, seed: int) -> None:
    # With each alignment landmark a single vertex, no similarity applied on top brings them closer to the template.
    corners = coarse_model.alignment_landmarks[:, 0]
    model = dataclasses.replace(
        coarse_model,
        alignment_landmarks=np.repeat(corners[:, None], 6, axis=1),
        landmarks=np.concatenate([corners, coarse_model.landmarks[5:]]),
    )
    scenes = dataclasses.replace(
        random_scenes(seed, 1),
        jitter_px=np.zeros((1, 2), np.float32),
        jitter_scale=np.ones(1, np.float32),
        jitter_deg=np.zeros(1, np.float32),
    )
    for crop in (ARCFACE_112, FACENET_96):
        points = draw(synthetic_person(model, 8), scenes, crop).landmarks_px[0, :5]
        rest = oracle.fit_similarity(points.astype(np.float64), crop.points_px)
        np.testing.assert_allclose(rest[:, :2], np.eye(2), atol=1e-4)
        np.testing.assert_allclose(rest[:, 2], 0, atol=1e-2)


@pytest.mark.parametrize("roll", [0.0, 25.0, -160.0])
def test_landmarks_shaped_like_the_template_land_on_it(coarse_model: MorphableModel, roll: float) -> None:
    corners = np.arange(5, dtype=np.int32)
    model = dataclasses.replace(
        coarse_model,
        alignment_landmarks=np.repeat(corners[:, None], 6, axis=1),
        landmarks=np.concatenate([corners, coarse_model.landmarks[5:]]),
    )
    neutral = model.mean_mm.copy()
    neutral[:5, :2] = (ARCFACE_112.points_px - 60) * [1.7, -1.7] + [3, 8]
    neutral[:5, 2] = 0
    person = dataclasses.replace(synthetic_person(model, 8), neutral_mm=neutral)
    points = draw(person, plain_scenes(roll_deg=[roll]), ARCFACE_112).landmarks_px[0, :5]
    np.testing.assert_allclose(points, ARCFACE_112.points_px, atol=1e-3)


def test_jitter_turns_scales_and_shifts_about_the_centre(person: Person) -> None:
    still = draw(person, plain_scenes(), FACENET_96).landmarks_px[0]
    jittered = plain_scenes(jitter_px=[[7, -3.5]], jitter_scale=[1.2], jitter_deg=[90])
    moved = draw(person, jittered, FACENET_96).landmarks_px[0]
    x, y = ((still - 48) * 1.2).T
    expected = np.stack([48 - y + 6, 48 + x - 3], axis=1)  # a quarter turn clockwise; px of a 112-px crop
    np.testing.assert_allclose(moved, expected, atol=1e-3)


def face_offset(person: Person, **scene: list[float]) -> np.ndarray:
    points = draw(person, plain_scenes(**scene), ARCFACE_112).landmarks_px[0]
    return points[NOSE] - (points[RIGHT_EYE] + points[LEFT_EYE]) / 2


def test_positive_yaw_turns_the_nose_to_the_right_of_the_image(person: Person) -> None:
    assert face_offset(person, yaw_deg=[30])[0] > 5
    assert face_offset(person, yaw_deg=[-30])[0] < -5


def test_positive_pitch_looks_down(person: Person) -> None:
    points = {p: draw(person, plain_scenes(pitch_deg=[p]), ARCFACE_112).landmarks_px[0] for p in (-25, 0, 25)}
    share = {p: (q[NOSE] - q[RIGHT_EYE])[1] / (q[CHIN] - q[RIGHT_EYE])[1] for p, q in points.items()}
    assert share[-25] < share[0] - 0.05
    assert share[25] > share[0] + 0.05


def test_positive_roll_is_clockwise_in_the_image(person: Person) -> None:
    # Alignment turns the picture back upright, but not the light: rolled clockwise by 90 degrees, the forehead pointed
    # to the right, towards this light.
    scenes = plain_scenes(roll_deg=[90], light=lit_from((1, 0, 0.5)))
    image = draw(one_colour(person, 128), scenes, ARCFACE_112).images[0].astype(int)
    assert image[30, 50].sum() > image[100, 50].sum() + 60


def test_the_left_eye_is_on_the_right_of_the_image(person: Person) -> None:
    points = draw(person, plain_scenes(), ARCFACE_112).landmarks_px[0]
    assert points[LEFT_EYE, 0] > points[RIGHT_EYE, 0] + 20
    assert points[NOSE, 1] > points[LEFT_EYE, 1] + 5


@pytest.mark.parametrize("code", [0, 1, 37, 128, 229])
def test_unit_ambient_light_shows_the_albedo_exactly(person: Person, code: int) -> None:
    open_sky = dataclasses.replace(person.model, occlusion=np.ones_like(person.model.occlusion))
    image = draw(one_colour(dataclasses.replace(person, model=open_sky), code), plain_scenes()).images[0]
    assert (image[15:30, 12:28] == code).all()


def test_a_light_brightens_the_side_that_faces_it(person: Person) -> None:
    columns = {}
    for name, direction in {"left": (-1, 0, 0.3), "right": (1, 0, 0.3)}.items():
        image = draw(one_colour(person, 128), plain_scenes(light=lit_from(direction))).images[0].astype(int)
        columns[name] = image[20:30, 11:29].sum(axis=(0, 2))
    assert columns["right"][-4:].sum() > 1.3 * columns["right"][:4].sum()
    assert columns["left"][:4].sum() > 1.3 * columns["left"][-4:].sum()


def test_bright_light_bends_towards_white_and_never_wraps(person: Person) -> None:
    ambient = plain_scenes().light
    levels = [
        draw(one_colour(person, 200), plain_scenes(light=ambient * k)).images[0, 22, 20]
        for k in (1, 2, 8, 1e5)
    ]
    assert all((a < b).all() for a, b in pairwise(levels))
    assert (levels[-1] == 255).all()


def test_expressions_move_what_they_say(person: Person) -> None:
    still, opened = draw(person, plain_scenes(2, expression=[[0, 0, 0], [1, 0, 0]]), ARCFACE_112).landmarks_px
    jaw = [(p[CHIN] - p[NOSE])[1] / (p[LEFT_EYE] - p[RIGHT_EYE])[0] for p in (still, opened)]
    assert jaw[1] > 1.1 * jaw[0]
    again = draw(person, plain_scenes(1, expression=[[0, 0, 1]]), ARCFACE_112).landmarks_px[0]
    np.testing.assert_array_equal(still, again)  # the third direction moves nothing


def test_the_same_bytes_alone_together_and_from_two_threads(person: Person) -> None:
    scenes = random_scenes(8, 6)
    together = draw(person, scenes)
    with ThreadPoolExecutor(2) as pool:
        twice = list(pool.map(lambda _: draw(person, scenes), range(4)))
    for other in twice:
        assert other.images.tobytes() == together.images.tobytes()
        assert other.landmarks_px.tobytes() == together.landmarks_px.tobytes()
    for i in range(6):
        alone = Scenes(**{f.name: getattr(scenes, f.name)[i : i + 1] for f in dataclasses.fields(Scenes)})
        assert draw(person, alone).images[0].tobytes() == together.images[i].tobytes()


def test_render_draws_over_the_scenes_backgrounds(person: Person) -> None:
    scenes = plain_scenes(2, background=np.arange(8).reshape(2, 4))
    images = render(person, scenes, SMALL).images
    assert images.shape == (2, 40, 40, 3)
    assert (images[0, :3] != images[1, :3]).any()
    np.testing.assert_array_equal(images[0, 18:28, 14:26], images[1, 18:28, 14:26])


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38, -1e9])
def test_broken_vertices_leave_holes_and_nothing_else(person: Person, value: float) -> None:
    alignment = np.unique(person.model.alignment_landmarks)
    broken = np.setdiff1d(np.arange(0, len(person.neutral_mm), 97), alignment)
    neutral = person.neutral_mm.copy()
    neutral[broken] = value
    image = draw(dataclasses.replace(person, neutral_mm=neutral), plain_scenes()).images[0]
    assert (image != 90).any()
    nothing = dataclasses.replace(person, neutral_mm=np.full_like(neutral, value))
    assert (draw(nothing, plain_scenes()).images == 90).all()


def test_a_camera_inside_the_head_draws_what_it_can(person: Person) -> None:
    for distance in (0.0, 5.0, -50.0, 20.0):
        assert draw(person, plain_scenes(distance_mm=[distance])).images.shape == (1, 40, 40, 3)


@pytest.mark.parametrize("field", ["yaw_deg", "distance_mm", "light", "expression", "jitter_px"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_scenes_that_are_not_finite_are_refused(person: Person, field: str, value: float) -> None:
    scenes = plain_scenes(2)
    getattr(scenes, field)[1] = value
    with pytest.raises(FacewrightError, match="expected a finite number"):
        draw(person, scenes)


@pytest.mark.parametrize(
    ("field", "index", "value", "message"),
    [
        ("triangles", (3, 1), 10**6, "triangles: found 1000000"),
        ("triangles", (3, 1), -1, "triangles: found -1"),
        ("weld", 5, 10**6, "weld: found 1000000"),
        ("weld", 5, 20, "weld: found vertex 20 welded to"),
        ("landmarks", 67, -2, "landmarks: found -2"),
        ("alignment_landmarks", (4, 5), 10**6, "alignment_landmarks: found 1000000"),
        ("parts", 0, 8, "parts: found 8"),
    ],
)
def test_models_with_bad_indices_are_refused(
    coarse_model: MorphableModel, field: str, index: int, value: int, message: str
) -> None:
    array = getattr(coarse_model, field).copy()
    array[index] = value
    model = dataclasses.replace(coarse_model, **{field: array})
    with pytest.raises(FacewrightError, match=message) as caught:
        draw(synthetic_person(model, 8), plain_scenes())
    assert "\n" not in str(caught.value)


def test_arrays_of_another_size_are_refused(person: Person) -> None:
    scenes = plain_scenes(2)
    with pytest.raises(FacewrightError, match="background: found shape"):
        draw_heads(person, scenes, SMALL, grey(scenes, ARCFACE_112))
    with pytest.raises(FacewrightError, match="neutral_mm"):
        draw(dataclasses.replace(person, neutral_mm=person.neutral_mm[:-1]), scenes)
    with pytest.raises(FacewrightError, match="expression"):
        draw(person, dataclasses.replace(scenes, expression=np.zeros((2, 2), np.float32)))


def test_a_rig_is_made_once_and_goes_with_its_model() -> None:
    model = synthetic_model(8, 10)
    assert rig.rig_of(model) is rig.rig_of(model)
    assert model in rig._rigs
    kept = len(rig._rigs)
    del model
    gc.collect()
    assert len(rig._rigs) == kept - 1


@pytest.mark.parametrize("number", [np.nan, np.inf, 2e6])
def test_expressions_must_be_finite(model: MorphableModel, number: float) -> None:
    basis = model.expression_basis_mm.copy()
    basis[1, 5, 2] = number
    with pytest.raises(FacewrightError, match=r"expression_basis_mm: found .*expected a finite number"):
        rig.rig_of(dataclasses.replace(model, expression_basis_mm=basis))
