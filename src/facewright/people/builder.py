"""Builds a person of the embedded head: geometry from identity coefficients, albedo from painted layers."""

from __future__ import annotations

from facewright import _native
from facewright.models.embedded import EmbeddedHead
from facewright.people import make_up
from facewright.people.albedo import paint_albedo
from facewright.people.config import PeopleConfig
from facewright.people.hair import draw_hair_style, grow_hair
from facewright.people.identity import draw_identity
from facewright.people.lids import with_plausible_lids
from facewright.people.mouths import with_hidden_mouth
from facewright.people.palette import hair_colour
from facewright.people.person import Person
from facewright.people.traits import draw_traits
from facewright.streams import Factor, RelatedStreams, Streams

__all__ = ["build_person", "person_streams"]

_MAKES_UP = 0.55
"""Masculinity from which nobody wears make-up."""


def build_person(config: PeopleConfig, head: EmbeddedHead, index: int, seed: int) -> Person:
    """Draw the person `index` of `seed`."""
    model = head.model
    streams = person_streams(config, index, seed)
    identity = draw_identity(config, head, streams)
    traits = draw_traits(identity, streams)
    neutral = _native.combine(model.mean_mm, model.identity_basis_mm, identity.coefficients)
    neutral = with_hidden_mouth(model, with_plausible_lids(model, neutral, traits.eye_openness))
    texture = paint_albedo(head, traits)
    style = draw_hair_style(traits, streams)
    colour = hair_colour(traits.hair_lightness, traits.hair_red, traits.grey)
    made_up = texture
    if traits.masculinity < _MAKES_UP:
        p = streams.uniform(Factor.MAKE_UP, 0, 1, make_up.DRAWS)[0]
        made_up = make_up.paint_make_up(head, traits, texture, p)
    return Person(
        index=index,
        seed=seed,
        model=model,
        neutral_mm=neutral,
        texture=texture,
        made_up=made_up,
        hair=grow_hair(head, neutral, style, colour, traits.grey),
        traits=traits.as_columns() | style.as_columns(),
    )


def person_streams(config: PeopleConfig, index: int, seed: int) -> Streams:
    """The streams that a person is drawn from: their own, or mixed with those of the person they are related to."""
    if config.related_to is None:
        return Streams(seed, index)
    # The relation itself is the person's own: drawn from the same stream at sample 1.
    p = Streams(seed, index).uniform(Factor.ATTRIBUTES, 1, 1, 1)[0]
    distance = float(config.relation.quantile(p)[0])
    return RelatedStreams(seed, index, config.related_to, correlation=1 - distance * distance)
