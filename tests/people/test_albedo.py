"""What is painted on a head, and what make-up changes of it."""

import dataclasses

import numpy as np
import pytest

from facewright.models.embedded import ZONE_STEPS, EmbeddedHead, load_head
from facewright.people.albedo import paint_albedo
from facewright.people.config import PeopleConfig
from facewright.people.identity import draw_identity
from facewright.people.make_up import DRAWS, paint_make_up
from facewright.people.traits import Traits, draw_traits
from facewright.streams import Streams


@pytest.fixture(scope="module")
def head() -> EmbeddedHead:
    return load_head()


def traits_of(head: EmbeddedHead, index: int) -> Traits:
    streams = Streams(1, index)
    return draw_traits(draw_identity(PeopleConfig(), head, streams), streams)


def mean_colour(head: EmbeddedHead, texture: np.ndarray, mask: str) -> np.ndarray:
    return texture[head.mask(mask) > 200].mean(axis=0)


def test_more_melanin_is_darker_skin(head: EmbeddedHead):
    base = traits_of(head, 0)
    tones = [
        mean_colour(head, paint_albedo(head, dataclasses.replace(base, melanin=m)), "forehead").sum()
        for m in (0.1, 0.5, 0.9)
    ]
    assert tones[0] > tones[1] + 40 > tones[2] + 80


def test_a_larger_pupil_darkens_the_iris_and_leaves_the_skin(head: EmbeddedHead):
    base = traits_of(head, 1)
    small, large = (
        paint_albedo(head, dataclasses.replace(base, pupil_size=s, iris_lightness=1.0)) for s in (0.7, 1.4)
    )
    assert small[head.mask("iris") > 60].mean() > large[head.mask("iris") > 60].mean() + 3
    np.testing.assert_array_equal(small[head.mask("sclera") == 0], large[head.mask("sclera") == 0])


@pytest.mark.parametrize(
    ("trait", "mask"), [("forehead_lines", "forehead_lines"), ("crows_feet", "crows_feet")]
)
def test_lines_darken_where_they_are(head: EmbeddedHead, trait: str, mask: str):
    base = dataclasses.replace(traits_of(head, 2), forehead_lines=0.0, crows_feet=0.0)
    smooth, lined = paint_albedo(head, base), paint_albedo(head, dataclasses.replace(base, **{trait: 1.0}))
    assert mean_colour(head, lined, mask).sum() < mean_colour(head, smooth, mask).sum() - 5
    np.testing.assert_array_equal(smooth[head.mask("lips") > 0], lined[head.mask("lips") > 0])


def test_brows_move_up_and_down(head: EmbeddedHead):
    base = dataclasses.replace(
        traits_of(head, 3), brow_strength=1.0, brow_thickness=0.5, brow_arch=0.0, brow_slope=0.0, melanin=0.1,
        hair_lightness=0.0, grey=0.0, hair_red=0.0,
    )  # fmt: skip
    rows = np.arange(head.masks.shape[1])[:, None]
    area = head.mask("brow_area") > 128

    def height(position: float) -> float:
        grey = paint_albedo(head, dataclasses.replace(base, brow_height=position)).mean(axis=2)
        dark = area & (grey < 0.8 * np.median(grey[area]))
        return float((dark * rows).sum() / dark.sum())

    assert height(1.0) < height(0.0) - 0.3 < height(-1.0) - 0.6


def test_make_up_stays_on_the_face_and_differs_between_styles(head: EmbeddedHead):
    traits = traits_of(head, 4)
    plain = paint_albedo(head, traits)
    before = plain.copy()
    rng = np.random.default_rng(3)
    first, second = (paint_make_up(head, traits, plain, rng.uniform(size=DRAWS)) for _ in range(2))
    np.testing.assert_array_equal(plain, before)
    assert (first != second).any()
    for texture in (first, second):
        changed = (texture != plain).any(axis=2)
        assert changed[head.mask("lid_above") > 128].any()
        assert not changed[(head.mask("sclera") > 0) | (head.mask("teeth") > 0)].any()
        assert not changed[head.mask("scalp") > 128].any()


def test_zones_change_every_skin_by_their_share(head: EmbeddedHead):
    halved = dataclasses.replace(head, zones=head.zones // 2)
    zones = head.zones.astype(int)
    strong = np.abs(zones).max(axis=2) > 25
    for index in range(2):
        whole, half = (paint_albedo(each, traits_of(head, index)).astype(float) for each in (head, halved))
        expected = half * (ZONE_STEPS + zones) / (ZONE_STEPS + zones // 2)
        inside = strong & (expected.max(axis=2) < 254)
        assert np.abs(whole - expected)[inside].max() <= 1.6
        np.testing.assert_array_equal(whole[~zones.any(axis=2)], half[~zones.any(axis=2)])
