"""The key light, its shadows, ambient occlusion, and the two other sources of albedo: make-up and vertex colours."""

import dataclasses

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.geometry import ARCFACE_112, Crop, named_crop
from facewright.models.embedded import load_head
from facewright.models.morphable import MorphableModel, Part
from facewright.people.attachment import Attachment, Material
from facewright.people.person import Person
from facewright.render import ShadingConfig, bake_occlusion, draw_heads
from facewright.scenes.scene import Scenes
from facewright.scenes.worn import Slot
from tests.render.conftest import pane, plain_scenes, quad, synthetic_model, synthetic_person

SMALL = Crop("small", 40, ARCFACE_112.points_px * (40 / 112))


def draw(
    person: Person, scenes: Scenes, worn: tuple[Attachment, ...] = (), shadows: bool = True
) -> np.ndarray:
    background = np.full((len(scenes), 40, 40, 3), 90, np.uint8)
    return draw_heads(
        person, scenes, SMALL, background, worn, shading=ShadingConfig(shadows=shadows)
    ).images.astype(int)


def grey(person: Person) -> Person:
    return dataclasses.replace(person, texture=np.full_like(person.texture, 150))


def keyed(direction: tuple[float, float, float], strength: float = 0.8) -> Scenes:
    """One scene under a key light and no other."""
    unit = np.array(direction) / np.linalg.norm(direction)
    return plain_scenes(
        key_direction=unit[None], key_irradiance=np.full((1, 3), strength), light=np.zeros((1, 9, 3))
    )


def roof(depth: float, **changes: object) -> Attachment:
    """A brim above the eyes that sticks out `depth` mm in front of the forehead."""
    corners = [[-50.0, 40.0, 0.0], [-50.0, 40.0, depth], [50.0, 40.0, depth], [50.0, 40.0, 0.0]]
    return quad(corners, (255, 255, 255, 255), two_sided=True, **changes)


def test_light_from_the_front_casts_no_shadow_on_a_face(person: Person) -> None:
    scenes = keyed((0, 0, 1))
    difference = draw(grey(person), scenes, shadows=False) - draw(grey(person), scenes)
    assert difference.max() <= 3  # no surface shades itself
    assert difference.min() >= 0


@pytest.mark.parametrize("direction", [(0.5, 0.4, 0.8), (-0.7, 0, 0.7), (0, 0.7, 0.7)])
def test_a_smooth_surface_does_not_shade_itself(model: MorphableModel, direction: tuple[float, ...]) -> None:
    flat = model.mean_mm.copy()
    bump = flat - np.float32([0, -20, -85])
    ball = np.float32([0, -20, -85]) + 100 * bump / np.linalg.norm(bump, axis=1, keepdims=True)
    person = grey(dataclasses.replace(synthetic_person(model), neutral_mm=ball.astype(np.float32)))
    scenes = keyed(direction)
    assert (draw(person, scenes, shadows=False) - draw(person, scenes)).max() <= 3


def test_a_brim_shades_what_is_under_it_and_glass_does_not(person: Person) -> None:
    scenes = keyed((0, 1, 0.6))
    cloth, glass = roof(60), roof(60, material=Material.GLASS)
    eyes = np.s_[0, 19:23, 15:25]
    open_sky = draw(grey(person), scenes)[eyes]
    assert (open_sky - draw(grey(person), scenes, (cloth,))[eyes]).mean() > 40
    np.testing.assert_array_equal(draw(grey(person), scenes, (glass,))[eyes], open_sky)
    np.testing.assert_array_equal(
        draw(grey(person), scenes, (cloth,), shadows=False)[eyes],
        draw(grey(person), scenes, shadows=False)[eyes],
    )


def test_a_thinner_veil_than_half_casts_no_shadow(person: Person) -> None:
    scenes = keyed((0, 1, 0.6))
    veil = roof(60, texture=np.full((4, 4, 4), (255, 255, 255, 120), np.uint8))
    eyes = np.s_[0, 19:23, 15:25]
    np.testing.assert_array_equal(draw(grey(person), scenes, (veil,))[eyes], draw(grey(person), scenes)[eyes])


def test_the_nose_shades_the_cheek_behind_it(person: Person) -> None:
    scenes = keyed((-1, 0, 0.7))  # from the image's left
    darker = (draw(grey(person), scenes, shadows=False) - draw(grey(person), scenes))[0, 22:30].mean(
        axis=(0, 2)
    )
    assert darker[23:27].max() > 10  # right of the nose
    assert darker[14:20].max() <= 3  # left of it


def test_red_creeps_farthest_past_the_terminator(person: Person) -> None:
    image = draw(grey(person), keyed((1, 0, 0)), shadows=False)[0]
    twilight = image[15:30, 10:30].reshape(-1, 3)
    warm = twilight[(twilight[:, 0] > 5) & (twilight[:, 2] < 40)]
    assert len(warm) > 5
    assert (warm[:, 0] >= warm[:, 1]).all()
    assert (warm[:, 1] >= warm[:, 2]).all()
    assert (warm[:, 0] > warm[:, 2] + 5).any()


def test_a_key_light_comes_on_top_of_the_environment(person: Person) -> None:
    environment, key = plain_scenes(light=plain_scenes().light * 0.3), keyed((0.3, 0.3, 0.9), 0.3)
    both = dataclasses.replace(key, light=environment.light)
    images = [draw(grey(person), one)[0, 18:28, 14:26] for one in (environment, key, both)]
    assert (images[2] > images[0]).all()
    assert (images[2] >= images[1]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key_direction": [[0, 0, 2]], "key_irradiance": [[1, 1, 1]]}, "key_direction: found a vector"),
        ({"key_direction": [[0, 0, 0]], "key_irradiance": [[0, 1, 0]]}, "key_direction: found a vector"),
        ({"key_irradiance": [[1, -1, 1]]}, "key_irradiance: found a negative number"),
        ({"key_irradiance": [[1, np.nan, 1]]}, "expected a finite number"),
        ({"key_direction": [[1, np.inf, 1]]}, "expected a finite number"),
    ],
)
def test_bad_key_lights_are_refused(person: Person, changes: dict[str, list], message: str) -> None:
    with pytest.raises(FacewrightError, match=message):
        draw(person, plain_scenes(**changes))


def test_coarse_occlusion_agrees_with_the_ray_cast_one_of_the_embedded_head() -> None:
    model = load_head().model
    person = dataclasses.replace(
        synthetic_person(synthetic_model(8, 10)), model=model, neutral_mm=model.mean_mm
    )
    coarse = bake_occlusion(person, coarse=True)
    skin = np.isin(np.arange(len(coarse)), model.triangles[model.parts == Part.SKIN])
    face = skin & (model.mean_mm[:, 2] > -60) & (model.mean_mm[:, 1] > -130)
    assert np.corrcoef(coarse[face], model.occlusion[face])[0, 1] > 0.95
    assert np.corrcoef(coarse[skin], model.occlusion[skin])[0, 1] > 0.9


def test_the_mean_head_has_the_occlusion_of_its_model(person: Person) -> None:
    np.testing.assert_array_equal(bake_occlusion(person), person.model.occlusion)


def test_attachments_close_the_sky_over_what_is_under_them(person: Person) -> None:
    under = (person.neutral_mm[:, 1] > 0) & (person.neutral_mm[:, 1] < 30) & (person.neutral_mm[:, 2] > 0)
    bare, covered = bake_occlusion(person), bake_occlusion(person, [roof(90)])
    small, glass = bake_occlusion(person, [pane(60, (0, 0, 0, 255))]), roof(90, material=Material.GLASS)
    assert (covered[under] < 0.85 * bare[under]).all()
    assert (covered <= bare + 1e-6).all()
    assert ((covered >= 0) & (covered <= 1)).all()
    np.testing.assert_array_equal(small, bare)  # glasses are too small to matter
    np.testing.assert_array_equal(bake_occlusion(person, [glass]), bare)


def test_make_up_is_another_texture(person: Person) -> None:
    worn = np.zeros((2, 5))
    worn[1, Slot.MAKE_UP] = 2
    plain, made_up = draw(person, plain_scenes(2, worn=worn))
    swapped = dataclasses.replace(person, texture=person.made_up)
    np.testing.assert_array_equal(draw(swapped, plain_scenes(2, worn=worn)), [made_up, plain])
    assert np.abs(plain - made_up)[18:28, 14:26].mean() > 20


def test_make_up_may_be_a_smaller_texture(person: Person) -> None:
    worn = np.zeros((1, 5))
    worn[0, Slot.MAKE_UP] = 1
    for side in (1, 2, 5):
        paint = np.full((side, side, 3), (200, 120, 60), np.uint8)
        painted = dataclasses.replace(person, make_up=lambda _, paint=paint: paint)
        plain = dataclasses.replace(person, texture=paint)
        np.testing.assert_array_equal(draw(painted, plain_scenes(1, worn=worn)), draw(plain, plain_scenes()))


def test_vertex_colours_replace_the_textures(person: Person) -> None:
    colour = (180, 120, 60)
    textured = dataclasses.replace(person, texture=np.zeros_like(person.texture) + np.uint8(colour))
    coloured = dataclasses.replace(
        person, vertex_colours=np.tile(np.uint8(colour), (len(person.neutral_mm), 1))
    )
    scenes = keyed((0.3, 0.2, 0.9))
    assert np.abs(draw(coloured, scenes) - draw(textured, scenes)).max() <= 1
    split = np.where(person.neutral_mm[:, :1] > 0, np.uint8([200, 0, 0]), np.uint8([0, 0, 200]))
    image = draw(dataclasses.replace(person, vertex_colours=split), plain_scenes())[0]
    assert (image[22:28, 22:26, 0] > 150).all()  # the subject's left is on the image's right
    assert (image[22:28, 13:17, 2] > 150).all()


def test_vertex_colours_must_fit_the_model(person: Person) -> None:
    short = dataclasses.replace(person)
    object.__setattr__(short, "vertex_colours", np.zeros((5, 3), np.uint8))
    with pytest.raises(FacewrightError, match=r"vertex_colours: found 5 rows of 3, expected \("):
        draw(short, plain_scenes())


def test_no_colour_leaks_across_a_seam_of_the_texture(person: Person) -> None:
    texture = np.full_like(person.texture, 150)
    middle = texture.shape[1] // 2
    texture[:, middle - middle // 4 : middle + middle // 4] = (255, 0, 0)  # the face; the seam is at the back
    painted = dataclasses.replace(person, texture=texture)
    scenes = plain_scenes(5, yaw_deg=np.linspace(160, 200, 5).astype(np.float32))
    background = np.full((5, 112, 112, 3), 90, np.uint8)
    images = draw_heads(painted, scenes, named_crop("pinhole", 112), background).images.astype(int)
    assert np.count_nonzero(images[..., 1] > 100) > 2000
    assert (images[..., 0] - images[..., 1]).max() < 30
