from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.models.embedded import load_head
from facewright.models.morphable import Part
from facewright.people.attachment import Attachment, Material
from facewright.people.builder import PeopleConfig, build_person
from facewright.people.person import Person
from facewright.people.worn import dress
from facewright.scenes.sampler import Sampler, SamplerConfig
from facewright.scenes.scene import Scenes
from facewright.scenes.worn import Slot

STYLES = st.tuples(st.integers(0, 15), st.integers(0, 8))


def card(name: str, shift_mm: tuple[float, float, float]) -> Attachment:
    """A strip of hair: from the top of the head down its left side, and out again."""
    places = np.array([(0, 125, -70), (60, 110, -70), (110, 60, -70), (120, 20, -70), (100, -110, -70)])
    corners = np.repeat(places, 2, axis=0) + np.tile([(0, 0, -20), (0, 0, 20)], (5, 1)) + shift_mm
    strip = [(k, k + 2, k + 1) for k in range(8)]
    return Attachment(
        name=name,
        material=Material.HAIR,
        vertices_mm=corners.astype(np.float32),
        normals=np.tile(np.float32([1, 0, 0]), (10, 1)),
        triangles=np.array(strip, np.int32),
        uv=np.zeros((10, 2), np.float32),
        texture=np.full((2, 2, 4), 255, np.uint8),
        tint=(0.1, 0.1, 0.1),
        anchors=np.full(10, -1, np.int32),
        two_sided=True,
    )


@cache
def person(index: int, sigma: float = 1.0) -> Person:
    built = build_person(PeopleConfig(shape_sigma=sigma), load_head(), index, 1)
    return replace(built, hair=(card("hair", (0, 0, 0)), card("beard", (-90, -60, 80))))


def wearing(*worn: tuple[int, ...]) -> Scenes:
    """Numbers of styles by slot; slots that are not named are empty."""
    filled = [(*row, *[0] * (len(Slot) - len(row))) for row in worn]
    scenes = Sampler(SamplerConfig(), 1, load_head()).scenes(0, 0, len(worn))
    return replace(scenes, worn=np.array(filled, np.uint32).reshape(len(worn), len(Slot)))


def things(who: Person, slot: Slot, number: int) -> list[Attachment]:
    """What one style adds, without hair."""
    worn = [0, 0, 0, 0]
    worn[slot] = 1 + number
    attachments, visible = dress(who, wearing(tuple(worn)))
    assert visible.all()
    return [one for one in attachments if one.material != Material.HAIR]


def style_with(slot: Slot, name: str) -> tuple[Person, list[Attachment]]:
    """The first person and style of a kind."""
    for index in range(40):
        for number in range(4):
            found = things(person(index), slot, number)
            if found[0].name == name:
                return person(index), found
    raise AssertionError(name)


@settings(max_examples=40)
@given(STYLES, st.sampled_from([Slot.EYES, Slot.HEAD, Slot.FACE]))
def test_everything_is_a_sound_mesh(style, slot):
    parts = things(person(style[0]), slot, style[1])
    assert parts
    assert sum(len(part.triangles) for part in parts) <= 2600
    vertices = len(load_head().model.mean_mm)
    for part in parts:
        count = len(part.vertices_mm)
        assert np.isfinite(part.vertices_mm).all()
        assert part.triangles.min() >= 0
        assert part.triangles.max() < count
        assert part.anchors.min() >= -1
        assert part.anchors.max() < vertices
        assert part.uv.min() >= 0
        assert part.uv.max() <= 1
        np.testing.assert_allclose((part.normals**2).sum(axis=1), 1, atol=1e-3)
        assert all(0 <= tint <= 1 for tint in part.tint)


@settings(max_examples=30)
@given(STYLES, st.sampled_from([Slot.EYES, Slot.HEAD, Slot.FACE]))
def test_triangles_face_the_way_of_their_normals(style, slot):
    for part in things(person(style[0]), slot, style[1]):
        a, b, c = (part.vertices_mm[part.triangles[:, k]].astype(float) for k in range(3))
        face = np.cross(b - a, c - a)
        area = np.linalg.norm(face, axis=1)
        mean = part.normals[part.triangles].mean(axis=1)
        agrees = (face * mean).sum(axis=1) > 0
        assert area[agrees].sum() > 0.97 * area.sum(), part.name


@settings(max_examples=15)
@given(STYLES)
def test_a_style_is_a_pure_function(style):
    worn = (1 + style[1], 1 + style[1], 1 + style[1], 0)
    alone, _ = dress(person(style[0]), wearing(worn))
    among, visible = dress(person(style[0]), wearing((9, 9, 9, 0), (0, 0, 0, 0), worn))
    shown = [one for one, seen in zip(among, visible[2], strict=True) if seen]
    assert [one.name for one in alone] == [one.name for one in shown]
    for one, same in zip(alone, shown, strict=True):
        np.testing.assert_array_equal(one.vertices_mm, same.vertices_mm)
        assert one.tint == same.tint
        assert one.texture is same.texture


@settings(max_examples=15)
@given(STYLES)
def test_glasses_clear_eyes_lids_and_lashes(style):
    who = person(style[0])
    model = who.model
    lens = next(part for part in things(who, Slot.EYES, style[1]) if part.material == Material.GLASS)
    soft = np.isin(model.parts, [Part.LEFT_EYE, Part.RIGHT_EYE, Part.LASHES])
    eyes = np.concatenate([np.unique(model.triangles[soft]), model.landmarks[36:48]])
    depth = _front_of(lens, who.neutral_mm[eyes][:, :2])
    behind = depth[np.isfinite(depth)] - who.neutral_mm[eyes][np.isfinite(depth), 2]
    assert len(behind) > 0.5 * len(eyes)
    assert behind.min() > 1
    assert np.median(behind) < 35


@settings(max_examples=15)
@given(STYLES)
def test_glasses_rest_on_the_nose_and_reach_the_ears(style):
    who = person(style[0])
    frame = things(who, Slot.EYES, style[1])[0].vertices_mm
    marks = who.neutral_mm[who.model.landmarks]
    skin = who.neutral_mm[np.unique(who.model.triangles[who.model.parts == Part.SKIN])]
    from_bridge = np.abs(skin - marks[27]) < (14, 20, 20)
    nose = skin[from_bridge.all(axis=1)]
    middle = frame[np.abs(frame[:, 0] - marks[27, 0]) < 12]
    assert np.linalg.norm(middle[:, None] - nose[None], axis=2).min() < 11
    for side in (-1, 1):
        half = frame[frame[:, 0] * side > 0]
        assert half[:, 2].min() < marks[0 if side < 0 else 16, 2] - 10


def test_temples_run_outside_of_the_temples():
    for index in range(20):
        who = person(index)
        frame = things(who, Slot.EYES, 0)[0].vertices_mm
        marks = who.neutral_mm[who.model.landmarks]
        skin = np.unique(who.model.triangles[who.model.parts == Part.SKIN])
        head = who.neutral_mm[skin]
        bar = frame[(frame[:, 2] < -5) & (frame[:, 2] > marks[[0, 16], 2].max() + 5)]
        assert len(bar)
        for vertex in bar:
            near = head[(np.abs(head[:, 1:] - vertex[1:]) < 5).all(axis=1) & (head[:, 0] * vertex[0] > 0)]
            assert not len(near) or abs(vertex[0]) > np.abs(near[:, 0]).max() - 0.5


@settings(max_examples=24)
@given(STYLES)
def test_nothing_of_the_crown_pokes_through_headwear(style):
    who = person(style[0])
    parts = things(who, Slot.HEAD, style[1])
    head = who.neutral_mm[np.unique(who.model.triangles[who.model.parts == Part.SKIN])].astype(float)
    brow = who.neutral_mm[who.model.landmarks[17:27], 1].max()
    crown = head[head[:, 1] > brow + 52]
    assert _covered(parts, np.array([0.0, brow + 10, -70]), crown).min() > 0.3


def test_hair_stays_under_a_hat_and_shows_below_it():
    for name in ("cap", "beanie", "hat"):
        who, parts = style_with(Slot.HEAD, name)
        number = next(k for k in range(4) if things(who, Slot.HEAD, k)[0].name == name)
        attachments, _ = dress(who, wearing((0, 1 + number, 0, 0)))
        hair = next(one for one in attachments if one.name == "hair")
        brow = who.neutral_mm[who.model.landmarks[17:27], 1].max()
        top = hair.vertices_mm[who.hair[0].vertices_mm[:, 1] > brow + 70].astype(float)
        assert (_covered(parts, np.array([0.0, brow + 10, -70]), top) > 0.3).all()
        np.testing.assert_array_equal(hair.vertices_mm[-2:], who.hair[0].vertices_mm[-2:])


def test_a_mask_follows_the_jaw():
    model = load_head().model
    jaw = model.expression_basis_mm[model.expression_names.index("jawOpen")]
    for index in range(10):
        body, loops = things(person(index), Slot.FACE, 0)
        assert (body.anchors >= 0).all()
        drop = -jaw[body.anchors][:, 1]
        height = body.vertices_mm[:, 1]
        lowest, highest = height < np.quantile(height, 0.1), height > np.quantile(height, 0.9)
        assert drop[lowest].mean() > 8
        assert np.abs(drop[highest]).max() < 0.4 * drop[lowest].mean()
        behind = loops.vertices_mm[:, 2] < -50
        assert behind.any()
        assert (loops.anchors[behind] == -1).all()


def test_a_mask_covers_nose_mouth_and_chin():
    for index in range(20):
        who = person(index)
        body = things(who, Slot.FACE, 0)[0]
        covered = who.neutral_mm[who.model.landmarks[[30, 31, 33, 35, 48, 51, 54, 57]]]
        depth = _front_of(body, covered[:, :2])
        assert (depth > covered[:, 2]).all()


def test_what_is_visible_follows_what_is_worn():
    who = person(3)
    worn = [(0, 0, 0, 0), (1, 0, 0, 1), (2, 1, 0, 0), (1, 0, 2, 0), (0, 1, 2, 0)]
    attachments, visible = dress(who, wearing(*worn))
    assert visible.shape == (len(worn), len(attachments))
    assert visible.any(axis=0).all()
    for row, scene in zip(visible, worn, strict=True):
        names = [one.name for one, seen in zip(attachments, row, strict=True) if seen]
        assert any("glasses" in name for name in names) == (scene[Slot.EYES] > 0)
        assert any(name in ("cap", "beanie", "hat", "scarf") for name in names) == (scene[Slot.HEAD] > 0)
        assert ("mask" in names) == (scene[Slot.FACE] > 0)
        assert ("beard" in names) == (scene[Slot.FACE] == 0)
        assert names.count("hair") == (0 if "scarf" in names else 1)


def test_without_anything_worn_there_is_hair_alone():
    who = person(0)
    attachments, visible = dress(who, wearing((0, 0, 0, 0), (0, 0, 0, 2)))
    assert attachments == who.hair
    assert visible.all()


def test_no_scenes_show_nothing():
    attachments, visible = dress(person(0), wearing())
    assert attachments == ()
    assert visible.shape == (0, 0)


def test_head_scarves_are_mostly_womens_and_sunglasses_a_minority():
    names: dict[float, list[str]] = {0.1: [], 0.9: []}
    worn = [(0, 1 + number, 0, 0) for number in range(60)]
    for masculinity, found in names.items():
        who = replace(person(0), hair=(), traits={"masculinity": masculinity})
        attachments, visible = dress(who, wearing(*worn))
        found += [attachments[shown.argmax()].name for shown in visible]
    assert names[0.1].count("scarf") > 3 * names[0.9].count("scarf")
    assert set(names[0.9]) >= {"cap", "beanie", "hat"}
    attachments, visible = dress(person(0), wearing(*((1 + number, 0, 0, 0) for number in range(60))))
    sun = [attachments[shown.nonzero()[0][-1]].name == "sunglasses" for shown in visible]
    assert 0.08 < np.mean(sun) < 0.36


def test_a_person_of_a_model_without_traits_can_be_dressed():
    who = replace(person(0), traits={}, hair=())
    attachments, _ = dress(who, wearing((1, 1, 1, 0)))
    assert attachments


def test_worn_must_have_a_column_a_slot():
    scenes = wearing((0, 0, 0, 0))
    object.__setattr__(
        scenes, "worn", np.zeros((1, 3), np.uint32)
    )  # past the types, which only tests enforce
    with pytest.raises(FacewrightError, match=r"scenes worn: found shape \(1, 3\), expected \(1, 5\)"):
        dress(person(0), scenes)


def _triangles(parts: list[Attachment]) -> np.ndarray:
    return np.concatenate([part.vertices_mm[part.triangles] for part in parts]).astype(float)


def _crossings(origins: np.ndarray, directions: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(n, T) distance along each ray to each triangle's plane where it is met inside, else -inf: by Cramer's rule."""
    a, b, c = triangles[None, :, 0], triangles[None, :, 1], triangles[None, :, 2]
    d = directions[:, None]
    system = np.stack(np.broadcast_arrays(b - a, c - a, -d), axis=-1)
    flat = np.abs(np.linalg.det(system)) < 1e-9
    system[flat] = np.eye(3)
    u, v, t = np.moveaxis(np.linalg.solve(system, (origins[:, None] - a)[..., None])[..., 0], -1, 0)
    inside = ~flat & (u >= 0) & (v >= 0) & (u + v <= 1)
    return np.where(inside, t, -np.inf)


def _front_of(part: Attachment, places_xy: np.ndarray) -> np.ndarray:
    """How far forward a thing reaches at each (x, y); -inf where it does not lie before."""
    origins = np.concatenate([places_xy, np.zeros((len(places_xy), 1))], axis=1).astype(float)
    ahead = np.tile([0.0, 0.0, 1.0], (len(origins), 1))
    return _crossings(origins, ahead, _triangles([part])).max(axis=1)


def _covered(parts: list[Attachment], centre: np.ndarray, places: np.ndarray) -> np.ndarray:
    """By how many mm something lies over each place as seen from `centre`."""
    offset = places - centre
    distance = np.linalg.norm(offset, axis=1)
    origins = np.broadcast_to(centre, offset.shape)
    return _crossings(origins, offset / distance[:, None], _triangles(parts)).max(axis=1) - distance


def test_hair_is_done_differently_where_a_scene_says_so():
    built = build_person(PeopleConfig(), load_head(), 11, 1)
    attachments, visible = dress(
        built, wearing((0, 0, 0, 0, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, 2), (0, 1, 0, 0, 1))
    )
    hair = [one.name == "hair" for one in attachments]
    shown = visible[:, hair]
    np.testing.assert_array_equal(shown[:3].sum(axis=1), 1)  # one head of hair in each image
    assert shown[3].sum() <= 1  # none under a scarf
    assert len(np.unique(shown[:3].argmax(axis=1))) == 3
    usual = next(one for one in built.hair if one.name == "hair")
    assert attachments[np.flatnonzero(visible[0] & hair)[0]] is usual
