"""Which styles people have."""

from collections import Counter
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from facewright.models.embedded import load_head
from facewright.people.builder import build_person
from facewright.people.config import PeopleConfig
from facewright.people.hair import HairStyle, draw_hair_style
from facewright.people.hair.families import FACIAL_HAIR, FAMILIES, USUAL, family_weights
from facewright.people.hair.style import draw_kinds, rearranged
from facewright.people.traits import Traits
from facewright.streams import Factor, RelatedStreams, Streams

NAMES = [f.name for f in fields(HairStyle)]
SOMEONE = Traits(**{f.name: 0.3 for f in fields(Traits)})


def someone(**traits: float) -> Traits:
    return replace(SOMEONE, baldness=0.0, beard=0.0, moustache=0.0, **traits)


@dataclass(frozen=True)
class CountingStreams(Streams):
    """Remembers what was asked of it."""

    asked: list[tuple[int, int, int, int]]

    def uniform(self, factor: Factor, first: int, count: int, draws: int):
        self.asked.append((int(factor), first, count, draws))
        return super().uniform(factor, first, count, draws)


def test_ranges_name_every_number_and_are_in_order():
    assert set(USUAL) == set(NAMES)
    for ranges in (*FAMILIES.values(), *FACIAL_HAIR.values()):
        assert set(ranges) <= set(NAMES)
        assert all(low <= high for low, high in ranges.values())


@pytest.mark.parametrize("masculinity", [0.2, 0.8])
def test_a_fixed_number_of_draws(masculinity):
    asked: list[tuple[int, int, int, int]] = []
    draw_hair_style(someone(masculinity=masculinity), CountingStreams(3, 4, asked))
    draw_hair_style(replace(SOMEONE, baldness=1.0, beard=1.0), CountingStreams(3, 4, asked))
    assert asked[: len(asked) // 2] == asked[len(asked) // 2 :]
    assert all(one[:2] != (int(Factor.HAIR), 0) for one in asked)  # the traits' own row


@pytest.mark.parametrize(
    ("correlation", "least", "most"), [(0.94, 0.8, 0.97), (0.75, 0.45, 0.7), (0.0, 0.0, 0.25)]
)
def test_near_relatives_usually_wear_the_same_family(correlation, least, most):
    traits = someone(masculinity=0.2)
    same = []
    for other in range(40):
        theirs = draw_kinds(traits, Streams(5, other))
        kinds = [
            draw_kinds(traits, RelatedStreams(5, i, other, correlation))
            for i in range(10 * other + 100, 10 * other + 110)
        ]
        same += [one.family == theirs.family for one in kinds]
    assert least <= np.mean(same) <= most


def test_a_style_belongs_to_a_person():
    traits = someone(masculinity=0.2)
    assert draw_hair_style(traits, Streams(1, 2)) == draw_hair_style(traits, Streams(1, 2))
    assert draw_hair_style(traits, Streams(1, 2)) != draw_hair_style(traits, Streams(1, 3))
    assert draw_hair_style(traits, Streams(1, 2)) != draw_hair_style(traits, Streams(2, 2))


def test_every_family_is_somebodys():
    people = [
        replace(SOMEONE, masculinity=m, hair_texture=t, baldness=b)
        for m in (0.2, 0.8)
        for t in (0.1, 0.9)
        for b in (0.0, 1.0)
    ]
    worn = {name for person in people for name, weight in family_weights(person).items() if weight > 0}
    assert worn == set(FAMILIES)


def test_most_women_have_long_or_tied_hair_and_most_men_short():
    def long_share(masculinity: float) -> float:
        styles = [draw_hair_style(someone(masculinity=masculinity), Streams(5, i)) for i in range(300)]
        return float(np.mean([s.length_back > 150 for s in styles]))

    assert 0.75 < long_share(0.1) < 0.97
    assert 0.02 < long_share(0.9) < 0.2


def test_beards_follow_traits():
    bearded = someone(masculinity=0.9)
    shaved = [draw_hair_style(bearded, Streams(1, i)) for i in range(50)]
    assert all(s.beard_mm == s.moustache_mm == 0 for s in shaved)
    full = [draw_hair_style(replace(bearded, beard=0.9, moustache=0.6), Streams(1, i)) for i in range(50)]
    assert all(s.beard_mm > 0 for s in full)


def test_partings_on_both_sides():
    parts = [draw_hair_style(someone(masculinity=0.2), Streams(9, i)).part_mm for i in range(100)]
    sides = Counter(np.sign(parts).tolist())
    assert min(sides[-1.0], sides[1.0]) > 25


def test_a_person_wears_their_style():
    person = build_person(PeopleConfig(), load_head(), 3, 1)
    again = build_person(PeopleConfig(), load_head(), 3, 1)
    assert set(NAMES) <= {name.removeprefix("hairstyle_") for name in person.traits}
    assert {mesh.name for mesh in person.hair} <= {"hair", "beard", "moustache"}
    for one, other in zip(person.hair, again.hair, strict=True):
        np.testing.assert_array_equal(one.vertices_mm, other.vertices_mm)


@pytest.mark.parametrize("masculinity", [0.1, 0.9])
def test_hair_done_differently_grows_where_it_did(masculinity):
    """Only how hair lies changes: not the hairline, what is cut or the colour painted on the skin."""
    stays = (
        "hairline_mm",
        "temples_mm",
        "peak_mm",
        "crown_mm",
        "horseshoe_mm",
        "fade_mm",
        "ground",
        "cut_mm",
        "curl",
    )
    tied = set()
    for person in range(40):
        streams = Streams(8, person)
        usual = draw_hair_style(someone(masculinity=masculinity), streams)
        others = [rearranged(usual, streams, number) for number in range(3)]
        assert rearranged(usual, streams, 1) == others[1]
        for other in others:
            assert all(getattr(other, name) == getattr(usual, name) for name in stays)
            assert other != usual
            tied.add((usual.tied, other.tied))
    assert (0.0, 1.0) in tied  # some tie their hair
    assert masculinity > 0.5 or (1.0, 0.0) in tied
