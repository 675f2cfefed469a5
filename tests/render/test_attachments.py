"""Attachments: transparency against the slow blending in tests/oracles, order, anchors, materials, bad input."""

import dataclasses
import gc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.geometry import ARCFACE_112, Crop
from facewright.models.morphable import MorphableModel
from facewright.people.attachment import Attachment, Material
from facewright.people.person import Person
from facewright.render import ShadingConfig, draw_heads, wardrobe
from facewright.scenes.scene import Scenes
from tests.oracles import layers
from tests.oracles import rasterizer as oracle
from tests.render.conftest import pane, plain_scenes, quad, synthetic_model, synthetic_person

SIZE = 20
TINY = Crop("tiny", SIZE, ARCFACE_112.points_px * (SIZE / 112))
SMALL = Crop("small", 40, ARCFACE_112.points_px * (40 / 112))
WHITE, CLEAR = (255, 255, 255, 255), (255, 255, 255, 0)


def draw(
    person: Person, scenes: Scenes, attachments: list[Attachment], crop: Crop = SMALL, **more: Any
) -> np.ndarray:
    background = np.full((len(scenes), crop.size_px, crop.size_px, 3), 90, np.uint8)
    images: np.ndarray = draw_heads(person, scenes, crop, background, attachments, **more).images
    return images


def face(image: np.ndarray) -> np.ndarray:
    """What a pane covers of a frontal face in a 40 px picture, as numbers that can be subtracted."""
    return image[20:29, 15:25].astype(int)


@pytest.fixture(scope="module")
def nobody() -> Person:
    """Landmarks to align by and nothing to see, so far behind everything that it hides no sky."""
    model = synthetic_model(8, 10)
    corners = np.arange(5, dtype=np.int32)
    mean = model.mean_mm.copy()
    mean[:, 2] = -400
    mean[:5, :2] = (ARCFACE_112.points_px - 60) * [1.7, -1.7]
    empty = dataclasses.replace(
        model,
        mean_mm=mean,
        alignment_landmarks=np.repeat(corners[:, None], 6, axis=1),
        triangles=np.zeros((1, 3), np.int32),
        parts=np.zeros(1, np.uint8),
    )
    return synthetic_person(empty, 8)


def soup(seed: int, count: int, ties: bool) -> list[Attachment]:
    """Two attachments of small random triangles, each of one colour and alpha; with `ties`, all in two planes."""
    rng = np.random.default_rng(seed)
    out = []
    for name in ("one", "other"):
        corners = rng.uniform(-50, 50, (count, 1, 3)) + rng.normal(0, 12, (count, 3, 3))
        if ties:
            corners[..., 2] = rng.choice([0.0, 5.0], (count, 1))
        texture = rng.integers(0, 256, (1, count, 4))
        texture[..., 3] = rng.choice([0, 1, 60, 128, 250, 254, 255], (1, count))
        u = (np.arange(count) + 0.5) / count
        out.append(
            quad(
                [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
                WHITE,
                name=name,
                vertices_mm=corners.reshape(-1, 3).astype(np.float32),
                normals=np.tile(np.float32([0, 0, 1]), (3 * count, 1)),
                triangles=np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
                uv=np.stack([np.repeat(u, 3), np.full(3 * count, 0.5)], axis=1).astype(np.float32),
                texture=texture.astype(np.uint8),
                tint=tuple(rng.uniform(0.2, 1.0, 3).tolist()),
                anchors=np.full(3 * count, -1, np.int32),
                two_sided=True,
            )
        )
    return out


def slowly(nobody: Person, scenes: Scenes, attachments: list[Attachment]) -> np.ndarray:
    positions = np.concatenate([one.vertices_mm for one in attachments])
    count = len(positions) // 3
    placed = np.concatenate([nobody.neutral_mm, positions])
    px = oracle.project(placed, nobody, scenes, 0, TINY)[len(nobody.neutral_mm) :]
    covers, inverse = layers.coverage(px, np.arange(3 * count).reshape(-1, 3), SIZE)
    texels = np.concatenate([one.texture[0] for one in attachments])
    tints = np.repeat([one.tint for one in attachments], [len(one.triangles) for one in attachments], axis=0)
    alphas = np.where(texels[:, 3] >= 254, 1.0, texels[:, 3] / 255)
    behind = np.full((2 * SIZE, 2 * SIZE, 3), oracle.to_linear(np.array(90)))
    blended = layers.blend(covers, inverse, oracle.to_linear(texels[:, :3]) * tints, alphas, behind)
    return oracle.to_srgb(blended.reshape(SIZE, 2, SIZE, 2, 3).mean(axis=(1, 3)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 12), ties=st.booleans())
def test_transparency_agrees_with_slow_blending(nobody: Person, seed: int, count: int, ties: bool) -> None:
    attachments, scenes = soup(seed, count, ties), plain_scenes(yaw_deg=[0 if ties else seed % 60 - 30])
    image = draw(nobody, scenes, attachments, TINY)[0]
    error = np.abs(image.astype(int) - slowly(nobody, scenes, attachments)).max(axis=2)
    # The order of two triangles that cross within a pixel is found once for all of its samples.
    assert (error <= 2).mean() > (0.99 if ties else 0.95)
    assert error.mean() < 1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 40))
def test_the_order_of_attachments_and_triangles_does_not_matter(
    nobody: Person, seed: int, count: int
) -> None:
    attachments = soup(seed, count, ties=False)
    rng = np.random.default_rng(seed)
    shuffled = [
        dataclasses.replace(one, triangles=one.triangles[rng.permutation(count)]) for one in attachments[::-1]
    ]
    scenes = plain_scenes(light=plain_scenes().light * 0.7)
    np.testing.assert_array_equal(
        draw(nobody, scenes, attachments, TINY), draw(nobody, scenes, shuffled, TINY)
    )


def test_what_is_not_worn_or_not_visible_changes_nothing(person: Person) -> None:
    scenes = plain_scenes(2, key_irradiance=np.full((2, 3), 0.4))
    bare = draw(person, scenes, [])
    unworn = draw(person, scenes, [pane(60, WHITE)], visible=np.zeros((2, 1), np.bool_))
    clear = draw(person, scenes, [pane(60, CLEAR)])
    np.testing.assert_array_equal(bare, unworn)
    np.testing.assert_array_equal(bare, clear)
    half = draw(person, scenes, [pane(60, WHITE)], visible=np.array([[False], [True]]))
    np.testing.assert_array_equal(bare[0], half[0])
    assert np.abs(face(bare[1]) - face(half[1])).mean() > 20


def test_the_head_hides_what_is_behind_it(person: Person) -> None:
    scenes = plain_scenes()
    np.testing.assert_array_equal(draw(person, scenes, [pane(-60, WHITE)]), draw(person, scenes, []))


def test_vertices_follow_their_anchors(model: MorphableModel, person: Person) -> None:
    # The first direction moves the lower face by (0, -12, -4): a pane anchored there moves as a whole.
    low = int(np.flatnonzero((model.mean_mm[:, 1] < -60) & (model.mean_mm[:, 2] > -85))[0])
    scenes = plain_scenes(expression=[[1, 0, 0]])
    start = pane(60, (10, 200, 30, 255))
    follows = dataclasses.replace(start, anchors=np.full(4, low, np.int32))
    moved = dataclasses.replace(start, vertices_mm=start.vertices_mm + np.float32([0, -12, -4]))
    found = draw(person, scenes, [follows])
    assert np.abs(found.astype(int) - draw(person, scenes, [moved])).max() <= 1
    assert np.abs(found.astype(int) - draw(person, scenes, [start])).max() > 50


def test_only_two_sided_things_are_seen_from_behind(person: Person) -> None:
    front = pane(60, (10, 200, 30, 255))
    away = dataclasses.replace(front, triangles=front.triangles[:, ::-1].copy())
    scenes = plain_scenes()
    np.testing.assert_array_equal(draw(person, scenes, [away]), draw(person, scenes, []))
    # Seen from behind, a normal that pointed away is turned towards the viewer.
    lit = plain_scenes(key_irradiance=[[0.5, 0.5, 0.5]])
    turned = dataclasses.replace(away, normals=-front.normals, two_sided=True)
    difference = face(draw(person, lit, [turned])[0]) - face(draw(person, lit, [front])[0])
    assert np.abs(difference).max() <= 1


def test_cloth_that_is_folded_over_is_lit_as_its_normals_say(person: Person) -> None:
    cloth = pane(60, (200, 120, 60, 255), two_sided=True)
    folded = dataclasses.replace(cloth, triangles=cloth.triangles[:, ::-1].copy())
    turned_away = dataclasses.replace(cloth, normals=-cloth.normals)
    light = np.zeros((1, 9, 3), np.float32)
    light[0, 0], light[0, 2] = 0.6, 0.5  # brighter from the camera's side
    scenes = plain_scenes(light=light)
    flat = draw(person, scenes, [cloth]).astype(int)
    assert np.abs(flat - draw(person, scenes, [folded])).max() <= 1
    assert np.abs(flat - draw(person, scenes, [turned_away])).max() > 20


def test_hair_is_shaded_alike_from_both_sides(person: Person) -> None:
    card = pane(60, (150, 120, 90, 255), material=Material.HAIR, two_sided=True)
    back = dataclasses.replace(card, triangles=card.triangles[:, ::-1].copy())
    scenes = plain_scenes(key_direction=[[0.6, 0, 0.8]], key_irradiance=[[1, 1, 1]])
    front, behind = (
        face(draw(person, scenes, [one], shading=ShadingConfig(shadows=False))[0]) for one in (card, back)
    )
    assert np.abs(front - behind).max() <= 1


def test_hair_shines_across_its_strands(person: Person) -> None:
    # Strands run down the card: bent back at the top, they mirror a light from above only there.
    y = np.linspace(0, -60, 13)
    lean = np.linspace(-1.2, 1.2, 13)
    z = 60 - np.cumsum(np.tan(lean) * 5) * 0.3
    vertices = np.stack([np.tile([-30.0, 30.0], 13), np.repeat(y, 2), np.repeat(z, 2)], axis=1)
    rows = np.arange(12)[:, None] * 2
    triangles = np.concatenate([rows + np.array(corners) for corners in ([0, 2, 1], [1, 2, 3])]).astype(
        np.int32
    )
    card = pane(
        60,
        (172, 172, 172, 255),
        tint=(0.25, 0.11, 0.05),
        material=Material.HAIR,
        vertices_mm=vertices.astype(np.float32),
        normals=np.tile(np.float32([0, 0, 1]), (26, 1)),
        triangles=triangles,
        uv=np.stack([np.tile([0, 1], 13), np.repeat(np.linspace(0, 1, 13), 2)], 1).astype(np.float32),
        anchors=np.full(26, -1, np.int32),
    )
    scenes = plain_scenes(key_direction=[[0, 0, 1]], key_irradiance=[[1, 1, 1]])
    down = face(draw(person, scenes, [card], shading=ShadingConfig(shadows=False))[0]).mean(axis=(1, 2))
    flat = dataclasses.replace(card, material=Material.MATT)
    matt = face(draw(person, scenes, [flat], shading=ShadingConfig(shadows=False))[0]).mean(axis=(1, 2))
    assert np.ptp(down) > 10  # a band of light across the card
    assert np.ptp(matt) < 3


def test_glass_shows_what_is_behind_and_mirrors_at_grazing_angles(person: Person) -> None:
    bare, scenes = face(draw(person, plain_scenes(), [])[0]), plain_scenes()
    front = face(draw(person, scenes, [pane(60, (0, 0, 0, 0), material=Material.GLASS)])[0])
    assert np.abs(front - bare).max() < 30
    tilted = np.tile(np.float32([0.995, 0, 0.0999]), (4, 1))
    grazing = pane(60, (0, 0, 0, 0), material=Material.GLASS, normals=tilted)
    assert (face(draw(person, scenes, [grazing])[0]) - bare).mean() > 25
    dark = face(draw(person, scenes, [pane(60, (0, 0, 0, 200), material=Material.GLASS)])[0])
    assert (bare - dark).mean() > 25


@pytest.mark.parametrize("material", [Material.GLOSSY, Material.METAL, Material.GLASS])
def test_shiny_things_have_a_highlight_where_they_mirror_the_light(
    person: Person, material: Material
) -> None:
    scenes = plain_scenes(key_irradiance=[[1, 1, 1]], light=np.zeros((1, 9, 3)))
    towards = pane(60, (60, 60, 60, 255), material=material)
    aside = dataclasses.replace(towards, normals=np.tile(np.float32([0.6, 0, 0.8]), (4, 1)))
    bright, dull = (face(draw(person, scenes, [one])[0]).mean() for one in (towards, aside))
    matt = face(draw(person, scenes, [dataclasses.replace(towards, material=Material.MATT)])[0]).mean()
    assert bright > dull + 20
    assert bright > matt + 20


def test_a_fine_pattern_of_alpha_becomes_a_tone(person: Person) -> None:
    # 256 stripes over about 20 samples: half of the light comes through everywhere.
    texture = np.zeros((256, 256, 4), np.uint8)
    texture[:, ::2] = 255
    striped = face(draw(person, plain_scenes(), [pane(60, WHITE, texture=texture)])[0])
    half = face(draw(person, plain_scenes(), [pane(60, (255, 255, 255, 128))])[0])
    assert np.abs(striped - half).max() <= 3


def test_what_lets_nothing_through_looks_like_what_lets_next_to_nothing_through(person: Person) -> None:
    def worn(alpha: int) -> np.ndarray:
        fading = np.full((32, 32, 4), (200, 120, 60, alpha), np.uint8)
        fading[..., :3] -= np.arange(32, dtype=np.uint8)[:, None, None]
        return draw(person, plain_scenes(), [pane(60, CLEAR, texture=fading, material=Material.HAIR)])

    closed, nearly = worn(254).astype(int), worn(252).astype(int)
    assert np.abs(closed - nearly).max() <= 3
    assert np.abs(closed - draw(person, plain_scenes(), [])).max() > 20


def test_more_layers_than_can_be_blended_are_refused(nobody: Person) -> None:
    """Thinner than one step of alpha, so that none of them hides those behind it."""
    count = 4200
    corners = np.float32([[-60, -60, 0], [60, -60, 0], [0, 90, 0]]) + np.float32([0, 0, 0.01]) * np.arange(
        count
    ).reshape(-1, 1, 1)
    thin = quad(
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        WHITE,
        vertices_mm=corners.reshape(-1, 3).astype(np.float32),
        normals=np.tile(np.float32([0, 0, 1]), (3 * count, 1)),
        triangles=np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
        uv=np.tile(np.float32([0.26, 0.5]), (3 * count, 1)),
        texture=np.uint8([[[255, 255, 255, 0], [255, 255, 255, 1]]]),
        anchors=np.full(3 * count, -1, np.int32),
    )
    with pytest.raises(
        FacewrightError, match="attachments: found over 4096 layers in front of a pixel, expected fewer"
    ):
        draw(nobody, plain_scenes(), [thin], TINY)
    few = dataclasses.replace(thin, triangles=thin.triangles[:4000])
    assert draw(nobody, plain_scenes(), [few], TINY).max() > 90


def test_the_same_bytes_alone_together_and_from_two_threads(person: Person) -> None:
    rng = np.random.default_rng(3)
    key = rng.normal(size=(5, 3)) * [1, 1, 0.3] + [0, 0, 1]
    scenes = plain_scenes(
        5,
        yaw_deg=rng.uniform(-60, 60, 5),
        key_direction=key / np.linalg.norm(key, axis=1, keepdims=True),
        key_irradiance=rng.uniform(0, 1, (5, 3)),
    )
    worn = [*soup(4, 30, ties=True), pane(60, (30, 40, 50, 40), material=Material.GLASS)]
    visible = rng.uniform(size=(5, 3)) < 0.7
    together = draw(person, scenes, worn, visible=visible)
    with ThreadPoolExecutor(2) as pool:
        for other in pool.map(lambda _: draw(person, scenes, worn, visible=visible), range(4)):
            assert other.tobytes() == together.tobytes()
    for i in range(5):
        alone = Scenes(**{f.name: getattr(scenes, f.name)[i : i + 1] for f in dataclasses.fields(Scenes)})
        assert draw(person, alone, worn, visible=visible[i : i + 1])[0].tobytes() == together[i].tobytes()


def test_a_texture_is_prepared_once_and_goes_with_its_array() -> None:
    one = pane(60, WHITE)
    gc.collect()
    before = len(wardrobe._textures)
    wardrobe.wardrobe_of([one, one])
    assert len(wardrobe._textures) == before + 1
    del one
    gc.collect()
    assert len(wardrobe._textures) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"normals": np.zeros((3, 3), np.float32)}, "'quad' normals: found 3 rows, expected 4"),
        ({"uv": np.zeros((5, 2), np.float32)}, "'quad' uv: found 5 rows, expected 4"),
        ({"uv": np.zeros((4, 3), np.float32)}, "'quad' uv: found rows of 3, expected 2"),
        ({"anchors": np.full(2, -1, np.int32)}, "'quad' anchors: found 2 rows, expected 4"),
        ({"anchors": np.full(4, -2, np.int32)}, "'quad' anchors: found -2"),
        ({"anchors": np.full(4, 10**6, np.int32)}, "anchors: found vertex 1000000 of a head of"),
        ({"triangles": np.int32([[0, 1, 4]])}, "'quad' triangles: found vertex 4, expected 0 .. 3"),
        ({"triangles": np.int32([[0, 1]])}, "'quad' triangles: found rows of 2"),
        ({"vertices_mm": np.full((4, 3), np.nan, np.float32)}, "'quad' vertices_mm: found nan"),
        ({"tint": (1.0, 2.0)}, "'quad' tint: found 2 rows, expected 3"),
        ({"tint": (1.0, float("inf"), 1.0)}, "'quad' tint: found inf"),
        ({"material": 5}, "'quad' material: found 5"),
        ({"texture": np.zeros((0, 4, 4), np.uint8)}, "texture: expected"),
    ],
)
def test_bad_attachments_are_refused_in_one_line(
    person: Person, changes: dict[str, Any], message: str
) -> None:
    broken = pane(60, WHITE)
    for name, value in changes.items():
        object.__setattr__(broken, name, value)  # past the checks of types that only tests have
    with pytest.raises(FacewrightError, match=message) as caught:
        draw(person, plain_scenes(), [broken])
    assert "\n" not in str(caught.value)


def test_visible_must_name_every_attachment_of_every_scene(person: Person) -> None:
    with pytest.raises(FacewrightError, match=r"visible: found shape \(2, 2\), expected \(2, 1\)"):
        draw(person, plain_scenes(2), [pane(60, WHITE)], visible=np.ones((2, 2), np.bool_))
