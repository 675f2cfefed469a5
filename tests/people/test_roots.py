"""Hair's painted roots against what the painter says it does, texel by texel."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import _native
from facewright.people.hair.style import HairStyle

CLUMPS, DOTS = 12, 13
BARE = HairStyle(**dict.fromkeys((field.name for field in dataclasses.fields(HairStyle)), 0.0))


def ease(t):
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)


def over(texture, colour, alpha, shade):
    mixed = texture + (colour * shade[..., None] - texture) * alpha[..., None]
    return np.floor(np.minimum(mixed, 255) + 0.5)


def painted(texture, places, masks, style, colours, beard, moustache):
    """A shadow and then hairs, first of the beard and then of the moustache."""
    x, y = places[..., 0].astype(np.float64), places[..., 1].astype(np.float64)
    clumps = _native.noise_at((places * np.float32(0.22)).reshape(-1, 3), CLUMPS).reshape(x.shape)
    stretched = places * np.array([0.75, 0.45, 0.6], np.float32)
    dots = _native.noise_at(stretched.reshape(-1, 3), DOTS).reshape(x.shape)
    side, shaved = np.abs(x), min(beard, 0.16)
    low = 1 - ease((y + 1.5 * style.cheek_mm + 40 + 4 * clumps) * 0.08)
    worn = ease((15 + 85 * style.beard_cover - side + 3 * clumps) * 0.2)
    if style.cheek_mm > 0:
        worn = worn * np.maximum(low, ease((side - 58) * 0.2))
    out = texture.astype(np.float64)
    everywhere = np.full(x.shape, moustache)
    for mask, grown, most in ((1, shaved + (beard - shaved) * worn, beard), (2, everywhere, moustache)):
        share = masks[mask] / 255
        grows = (share > 0) & (most > 0)
        shadow = np.minimum(0.7, 0.12 + 0.9 * grown) * np.clip((share + 0.12 * clumps - 0.12) * 1.1, 0, 1)
        out = over(out, colours[2], shadow * grows, np.ones(x.shape))
        hairs = np.minimum(0.92, 1.2 * grown) * np.clip((share + 0.6 * dots - 0.6 + 0.55 * grown) * 1.5, 0, 1)
        out = over(out, colours[1], hairs * grows, 1 + 0.2 * dots)
    return out


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.1, 0.3, 1.0]),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.sampled_from([0.0, 8.0]),
)
def test_beards_are_painted_as_a_shadow_and_hairs(seed, beard, moustache, cheek_mm):
    rng = np.random.default_rng(seed)
    size = 40
    places = rng.uniform(-90, 90, (size, size, 3)).astype("f4")
    masks = rng.integers(0, 256, (3, size, size)).astype(np.uint8)
    masks[rng.random(masks.shape) < 0.4] = 0
    texture = rng.integers(0, 256, (size, size, 3)).astype(np.uint8)
    colours = rng.uniform(0, 250, (3, 3)).astype("f4")
    style = dataclasses.replace(BARE, cheek_mm=cheek_mm, beard_cover=float(rng.random()))
    painter = _native.RootPainter(masks, np.zeros((size, size), "f4"), places)
    found = texture.copy()
    painter.paint(found, style, colours, beard, moustache)
    expected = painted(texture, places, masks, style, colours, beard, moustache)
    np.testing.assert_allclose(found, expected, atol=3)
    assert (found == expected).mean() > 0.99


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1))
def test_a_scalp_well_inside_its_hairline_takes_the_roots_colour(seed, ground):
    """And nothing else is touched, up to the neighbouring texel."""
    rng = np.random.default_rng(seed)
    size = 24
    places = rng.uniform(-90, 90, (size, size, 3)).astype("f4")
    masks = np.zeros((3, size, size), np.uint8)
    masks[0] = 255 * (rng.random((size, size)) < 0.5)
    texture = np.full((size, size, 3), 200, np.uint8)
    style = dataclasses.replace(BARE, ground=ground, fade_mm=-400.0, horseshoe_mm=999.0)
    painter = _native.RootPainter(masks, np.full((size, size), 60, "f4"), places)
    painter.paint(texture, style, np.zeros((3, 3), "f4"), 0.0, 0.0)
    inside = masks[0] > 0
    assert (texture[~inside] == 200).all()
    np.testing.assert_allclose(texture[inside], 200 * (1 - min(0.95 * ground, 1)), atol=1)


def test_textures_of_another_size_are_refused():
    painter = _native.RootPainter(
        np.zeros((3, 4, 4), np.uint8), np.zeros((4, 4), "f4"), np.zeros((4, 4, 3), "f4")
    )
    with pytest.raises(ValueError, match="of the masks' size"):
        painter.paint(np.zeros((5, 5, 3), np.uint8), BARE, np.zeros((3, 3), "f4"), 1.0, 1.0)
