"""Textures as they are kept, beside a slow halving in numpy."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facewright import _native
from tests.oracles.rasterizer import to_linear

images = st.tuples(st.integers(1, 70), st.integers(1, 70)).flatmap(
    lambda shape: arrays(np.uint8, (*shape, 4), elements=st.integers(0, 255), fill=st.integers(0, 255))
)


def kept(image: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8 of sRGB and straight alpha, as the largest level keeps it."""
    alpha = image[..., 3:].astype(np.float64)
    roots = np.sqrt(to_linear(image[..., :3]) * alpha * 255) + 0.5
    return np.concatenate([roots.astype(np.uint8), image[..., 3:]], -1)


def halved(level: np.ndarray) -> np.ndarray:
    """The roots of the mean squares, and the mean alpha, of 2 x 2 texels; beyond an odd border the last is repeated."""
    height, width = level.shape[:2]
    even = np.pad(level, ((0, height % 2), (0, width % 2), (0, 0)), "edge").astype(np.int64)
    four = np.stack([even[y::2, x::2] for y in (0, 1) for x in (0, 1)])
    roots = np.sqrt((four[..., :3] ** 2).sum(0).astype(np.float32) * np.float32(0.25))
    alpha = (four[..., 3:].sum(0) + 2) // 4
    return np.concatenate([(roots + np.float32(0.5)).astype(np.uint8), alpha.astype(np.uint8)], -1)


@given(images)
def test_levels_are_halved_until_one_texel_is_left(image: np.ndarray) -> None:
    levels = _native.MipTexture(image).levels()
    assert levels[-1].shape == (1, 1, 4)
    for larger, smaller in pairwise(levels):
        np.testing.assert_array_equal(smaller, halved(larger))


@given(images)
def test_the_largest_level_is_the_image(image: np.ndarray) -> None:
    level = _native.MipTexture(image).levels()[0].astype(int)
    # Both round, this one in double precision.
    assert (np.abs(level - kept(image).astype(int)) <= 1).all()
    opaque = np.concatenate([image[..., :3], np.full_like(image[..., :1], 255)], -1)
    np.testing.assert_array_equal(_native.MipTexture(opaque).levels()[0], kept(opaque))


@given(
    st.tuples(st.integers(1, 90), st.integers(1, 90)).flatmap(
        lambda shape: arrays(
            np.uint8, (*shape, 4), elements=st.sampled_from([0, 253, 254]), fill=st.just(255)
        )
    ),
    st.tuples(st.floats(-1, 2), st.floats(-1, 2)),
    st.tuples(st.floats(0, 0.4), st.floats(0, 0.4)),
)
def test_nothing_shows_through_what_is_closed(
    image: np.ndarray, least_uv: tuple[float, float], size: tuple[float, float]
) -> None:
    least = np.float32(least_uv)
    most = least + np.float32(size)
    texture = _native.MipTexture(image)
    if not texture.closed(tuple(least.tolist()), tuple(most.tolist())):
        assert (image[..., 3] < 255).any()
        return
    for level in texture.levels()[:5]:
        sides = np.array(level.shape[1::-1])
        first = np.clip(np.floor(least * sides - 0.5).astype(int), 0, sides - 1)
        last = np.clip(np.floor(most * sides - 0.5).astype(int) + 1, 0, sides - 1)
        assert level[first[1] : last[1] + 1, first[0] : last[0] + 1, 3].min() >= 254


def test_a_part_can_be_closed_beside_another_that_is_not() -> None:
    image = np.full((64, 128, 4), 255, np.uint8)
    image[:, 64:, 3] = 100
    texture = _native.MipTexture(image)
    assert texture.closed((0, 0), (0.4, 1))
    assert not texture.closed((0, 0), (0.6, 1))
    assert not texture.closed((0.6, 0.2), (0.7, 0.3))
