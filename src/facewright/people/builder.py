"""Builds a person of the embedded head: geometry from identity coefficients, albedo from painted layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from facewright.models.embedded import EmbeddedHead
from facewright.people import make_up
from facewright.people.albedo import paint_albedo
from facewright.people.attachment import Attachment
from facewright.people.config import PeopleConfig
from facewright.people.hair import HairStyle, draw_hair_style, grow_hair, paint_roots, rearranged
from facewright.people.identity import Identity, draw_identity
from facewright.people.lids import with_plausible_lids
from facewright.people.mixup import blend_identities, blend_traits
from facewright.people.mouths import with_hidden_mouth
from facewright.people.palette import hair_colour, skin_colour
from facewright.people.person import Person
from facewright.people.shape import shaped
from facewright.people.traits import Traits, draw_traits
from facewright.streams import Factor, RelatedStreams, Streams

__all__ = ["build_mixed_person", "build_person", "build_person_of", "embedded_coefficients", "person_streams"]

_MAKES_UP = 0.55
"""Masculinity from which nobody wears make-up."""


def build_person(config: PeopleConfig, head: EmbeddedHead, index: int, seed: int) -> Person:
    """Draw the person `index` of `seed`."""
    one = _draw(config, head, index, seed)
    return _build(head, one.identity, one.traits, one)


def build_person_of(
    config: PeopleConfig, head: EmbeddedHead, index: int, seed: int, shape: Sequence[float]
) -> Person:
    """The person `index` of `seed` with other identity coefficients; traits that follow from geometry stay theirs."""
    one = _draw(config, head, index, seed)
    coefficients = np.zeros_like(one.identity.coefficients)
    coefficients[: len(shape)] = shape[: len(coefficients)]
    return _build(head, replace(one.identity, coefficients=coefficients), one.traits, one)


def embedded_coefficients(
    config: PeopleConfig, head: EmbeddedHead, index: int, seed: int
) -> Float64[np.ndarray, " K"]:
    """The identity coefficients of the person `index` of `seed`."""
    return _draw(config, head, index, seed).identity.coefficients.astype(np.float64)


def build_mixed_person(
    config: PeopleConfig, head: EmbeddedHead, first: int, second: int, weight: float, seed: int
) -> Person:
    """Two people blended in coefficients and traits: `weight` of `first`, the rest of `second`.

    Hair and what is worn, and so the index, are those of the heavier one. Weights 1 and 0 give the two themselves.
    """
    a, b = _draw(config, head, first, seed), _draw(config, head, second, seed)
    identity = blend_identities(a.identity, b.identity, weight)
    return _build(head, identity, blend_traits(a.traits, b.traits, weight), a if weight >= 0.5 else b)


@dataclass(frozen=True)
class _Drawn:
    """Somebody drawn and not yet built."""

    index: int
    streams: Streams
    identity: Identity
    traits: Traits


def _draw(config: PeopleConfig, head: EmbeddedHead, index: int, seed: int) -> _Drawn:
    streams = person_streams(config, index, seed)
    identity = draw_identity(config, head, streams)
    return _Drawn(index, streams, identity, draw_traits(identity, streams))


def _build(head: EmbeddedHead, identity: Identity, traits: Traits, wearer: _Drawn) -> Person:
    """A head with the hair and make-up of `wearer`."""
    model, streams = head.model, wearer.streams
    neutral = shaped(model, identity.coefficients)
    neutral = with_hidden_mouth(model, with_plausible_lids(model, neutral, traits.eye_openness))
    style = draw_hair_style(wearer.traits, streams)
    colour = hair_colour(traits.hair_lightness, traits.hair_red, traits.grey)
    skin = skin_colour(traits.melanin, traits.redness, traits.yellowness)
    texture = paint_albedo(head, traits)
    paint_roots(head, texture, style, (colour, skin), traits.beard, traits.moustache)
    return Person(
        index=wearer.index,
        seed=streams.seed,
        model=model,
        neutral_mm=neutral,
        texture=texture,
        hair=grow_hair(head, neutral, style, colour, traits.grey),
        traits=traits.as_columns() | style.as_columns(),
        restyled=partial(_restyled, head, neutral, style, (colour, traits.grey), streams),
        make_up=_make_up(head, traits, streams) if wearer.traits.masculinity < _MAKES_UP else None,
    )


def _restyled(
    head: EmbeddedHead,
    neutral_mm: Float32[np.ndarray, "V 3"],
    style: HairStyle,
    colour: tuple[Float64[np.ndarray, " 3"], float],
    streams: Streams,
    number: int,
) -> tuple[Attachment, ...]:
    """A person's hair in the arrangement of this number. colour: and share of grey."""
    return grow_hair(head, neutral_mm, rearranged(style, streams, number), *colour)


def _make_up(
    head: EmbeddedHead, traits: Traits, streams: Streams
) -> Callable[[UInt8[np.ndarray, "S S 3"]], UInt8[np.ndarray, "S S 3"]]:
    """The person's make-up, to be put on when it is worn."""
    p = streams.uniform(Factor.MAKE_UP, 0, 1, make_up.DRAWS)[0]
    return partial(make_up.paint_make_up, head, traits, p=p)


def person_streams(config: PeopleConfig, index: int, seed: int) -> Streams:
    """The streams that a person is drawn from: their own, or mixed with those of the person they are related to."""
    if config.related_to is None:
        return Streams(seed, index)
    # The relation itself is the person's own: drawn from the same stream at sample 1.
    p = Streams(seed, index).uniform(Factor.ATTRIBUTES, 1, 1, 1)[0]
    distance = float(config.relation.quantile(p)[0])
    return RelatedStreams(seed, index, config.related_to, correlation=1 - distance * distance)
