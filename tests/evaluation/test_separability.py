"""All pairs, against the same figures worked out the slow way."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from facewright import FacewrightError
from facewright.evaluation import pairs
from facewright.evaluation.metrics import roc
from facewright.evaluation.pairs import BIN_WIDTH, ImagePair, bin_counts, count_pairs
from facewright.evaluation.resampling import resample_people
from facewright.evaluation.separability import HISTOGRAM_WIDTH, PairFigures, separability

THRESHOLD = 0.3


def made_faces(
    sizes: list[int], seed: int = 0, dimensions: int = 8, common: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of people with so many images each, in random order, with a direction that all share."""
    stream = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)) * 3 + 1, sizes)
    own = stream.normal(size=(len(sizes), dimensions)).repeat(sizes, axis=0)
    vectors = own + 0.5 * stream.normal(size=own.shape) + common
    order = stream.permutation(len(labels))
    return vectors[order] * stream.uniform(0.5, 2, (len(labels), 1)), labels[order]


def all_pairs(vectors: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Similarity, sameness and indices of every pair of images."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    index = np.array([(i, j) for i in range(len(labels)) for j in range(i + 1, len(labels))])
    scores = np.array([unit[i] @ unit[j] for i, j in index])
    return scores, labels[index[:, 0]] == labels[index[:, 1]], index


def check_figures(figures: PairFigures, scores: np.ndarray, same: np.ndarray) -> None:
    genuine, impostors = scores[same], scores[~same]
    assert (figures.genuine_pairs, figures.impostor_pairs) == (len(genuine), len(impostors))
    np.testing.assert_allclose(
        [figures.impostor_mean.estimate, figures.impostor_std], [impostors.mean(), impostors.std()], atol=1e-6
    )
    accepted = np.count_nonzero(impostors >= THRESHOLD)
    assert figures.false_accept_pairs == accepted
    assert figures.false_accepts.estimate == accepted / len(impostors)
    assert figures.impostor_histogram.sum() == len(impostors)
    if not len(genuine):
        assert (figures.genuine_mean, figures.genuine_std, figures.true_accepts, figures.auc) == (None,) * 4
        return
    assert figures.genuine_mean is not None
    np.testing.assert_allclose(
        [figures.genuine_mean.estimate, figures.genuine_std], [genuine.mean(), genuine.std()], atol=1e-6
    )
    assert figures.true_accepts == np.mean(genuine >= THRESHOLD)
    assert figures.auc == pytest.approx(
        roc_auc_score(same, scores), abs=2 / min(len(genuine), len(impostors))
    )
    for far, tar in figures.tar_at_far.items():
        check_tar(tar, figures.far_thresholds[far], far, genuine, impostors)


def check_tar(
    tar: float | None, threshold: float | None, far: float, genuine: np.ndarray, impostors: np.ndarray
) -> None:
    """The threshold keeps the FAR, and a bin lower would not; a float32 rounding may move a pair by one bin."""
    if far * len(impostors) < 1:
        assert (tar, threshold) == (None, None)
        return
    assert tar is not None
    assert threshold is not None
    assert np.mean(impostors >= threshold + 1e-6) <= far
    assert np.mean(impostors >= threshold - BIN_WIDTH - 1e-6) > far
    assert np.mean(genuine >= threshold + 1e-6) <= tar <= np.mean(genuine >= threshold - 1e-6)
    curve = roc(np.concatenate([genuine, impostors]), np.arange(len(genuine) + len(impostors)) < len(genuine))
    assert tar <= curve.tar[curve.far <= far].max()


@pytest.mark.parametrize("block_rows", [1, 7, 512])
@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=12),
    seed=st.integers(0, 1000),
)
def test_figures_are_those_of_all_pairs(block_rows: int, sizes: list[int], seed: int) -> None:
    vectors, labels = made_faces(sizes, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "_BLOCK_ROWS", block_rows)
        found = separability(vectors, labels, THRESHOLD, shown=4)
    scores, same, index = all_pairs(vectors, labels)
    assert (found.images, found.people) == (len(labels), len(sizes))
    assert found.single_image_people == sizes.count(1)
    check_figures(found.plain, scores, same)

    best: dict[tuple[int, int], float] = {}
    worst: dict[int, float] = {}
    for (i, j), score, one in zip(index.tolist(), scores, same, strict=True):
        if one:
            worst[labels[i]] = min(worst.get(labels[i], 2.0), score)
        else:
            people = (min(labels[i], labels[j]), max(labels[i], labels[j]))
            best[people] = max(best.get(people, -2.0), score)
    np.testing.assert_allclose(
        [pair.similarity for pair in found.closest], sorted(best.values(), reverse=True)[:4], atol=1e-6
    )
    np.testing.assert_allclose(
        [pair.similarity for pair in found.furthest], sorted(worst.values())[:4], atol=1e-6
    )
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for pair in (*found.closest, *found.furthest):
        assert unit[pair.first] @ unit[pair.second] == pytest.approx(pair.similarity, abs=1e-6)
        assert (labels[pair.first] == labels[pair.second]) == (pair in found.furthest)


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 4), min_size=2, max_size=9), seed=st.integers(0, 1000))
def test_centred_figures_are_those_within_halves(sizes: list[int], seed: int) -> None:
    vectors, labels = made_faces(sizes, seed, common=2.0)
    found = separability(vectors, labels, THRESHOLD).centred
    if len(sizes) < 4:
        assert found is None
        return
    assert found is not None
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    people = np.unique(labels)
    parts = []
    for half, other in ((people[::2], people[1::2]), (people[1::2], people[::2])):
        mean = np.mean([unit[labels == person].mean(axis=0) for person in other], axis=0)
        inside = np.isin(labels, half)
        parts.append(all_pairs(unit[inside] - mean, labels[inside])[:2])
    check_figures(found, *(np.concatenate(part) for part in zip(*parts, strict=True)))


def test_what_all_people_share_goes_with_the_mean() -> None:
    vectors, labels = made_faces([3] * 60, dimensions=64, common=1.0)
    found = separability(vectors, labels, THRESHOLD)
    assert found.centred is not None
    assert found.plain.impostor_mean.estimate > 0.4
    assert abs(found.centred.impostor_mean.estimate) < 0.06  # 1 in 30: so exact is the mean of 30 people


def test_a_person_of_one_image_has_impostor_pairs_only() -> None:
    vectors, labels = made_faces([1, 1, 1, 1, 1])
    found = separability(vectors, labels, THRESHOLD)
    assert (found.single_image_people, found.plain.genuine_pairs, found.plain.impostor_pairs) == (5, 0, 10)
    assert found.furthest == ()
    assert len(found.closest) == 10


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100))
def test_length_and_order_do_not_matter(seed: int, scale: float) -> None:
    vectors, labels = made_faces([2, 3, 1, 4], seed)
    order = np.random.default_rng(seed).permutation(len(labels))
    one = separability(vectors, labels, THRESHOLD).plain
    two = separability((vectors * scale)[order], labels[order], THRESHOLD).plain
    assert one.impostor_std == pytest.approx(two.impostor_std, abs=1e-6)
    assert one.auc == pytest.approx(two.auc, abs=1e-3)


def resampled_slowly(
    vectors: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> tuple[float, float, float]:
    scores, same, index = all_pairs(vectors, labels)
    person = np.unique(labels, return_inverse=True)[1]
    first, second = weights[person[index[:, 0]]], weights[person[index[:, 1]]]
    pair_weights = first * second * ~same
    return (
        float(np.sum(scores * same * first) / np.sum(same * first)),
        float(np.sum(scores * pair_weights) / np.sum(pair_weights)),
        float(np.sum((scores >= THRESHOLD) * pair_weights) / np.sum(pair_weights)),
    )


def test_resampling_counts_pairs_by_how_often_people_are_drawn() -> None:
    sizes = [2, 3, 4, 2, 2, 3]
    vectors, labels = made_faces(sizes)
    order = np.argsort(labels, kind="stable")
    vectors, labels = vectors[order], labels[order]
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found = resample_people([count_pairs(unit, np.array(sizes), THRESHOLD, 0)], seed=4, resamples=5)
    weights = np.random.default_rng(4).multinomial(6, np.full(6, 1 / 6), size=5)
    expected = np.array([resampled_slowly(vectors, labels, row) for row in weights])
    np.testing.assert_allclose(np.stack([*dataclasses.astuple(found)], axis=1), expected, atol=1e-6)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of sets of 40 people from one population, most intervals contain the population's impostor mean."""
    truth = separability(*made_faces([2] * 600, seed=999), THRESHOLD).plain.impostor_mean.estimate
    held = [
        interval.low <= truth <= interval.high
        for seed in range(20)
        for interval in [separability(*made_faces([2] * 40, seed), THRESHOLD).plain.impostor_mean]
    ]
    assert np.mean(held) >= 0.8


def test_the_same_seed_gives_the_same_intervals() -> None:
    faces = made_faces([2] * 10)
    one, two, other = (separability(*faces, THRESHOLD, seed=seed).plain.impostor_mean for seed in (1, 1, 2))
    assert one == two
    assert one != other
    assert one.low < one.estimate < one.high


def test_bins_hold_what_rounding_pushes_over_the_ends() -> None:
    counts = bin_counts(np.array([[-1.0000002, -1.0], [1.0, 1.0000002]], np.float32))
    assert (counts[0], counts[-1], counts.sum()) == (2, 2, 4)
    assert round(2 / BIN_WIDTH) == len(counts)
    assert round(HISTOGRAM_WIDTH / BIN_WIDTH) == HISTOGRAM_WIDTH / BIN_WIDTH


def test_pairs_are_renamed() -> None:
    assert ImagePair(0, 2, 0.5).renamed(np.array([7, 8, 9])) == ImagePair(7, 9, 0.5)


@pytest.mark.parametrize(
    ("vectors", "labels", "threshold", "part"),
    [
        (np.ones((3, 2)), [1, 1, 1], 0.5, "found 1 people, expected 2 or more"),
        (np.ones((3, 2)), [1, 2, 2], 1.5, "threshold: found 1.5"),
        (np.array([[1, 0], [0, 0], [1, 1]]) * 1.0, [1, 2, 2], 0.5, "embeddings: a row"),
        (np.array([[1, 0], [np.nan, 0], [1, 1]]), [1, 2, 2], 0.5, "embeddings: a row"),
    ],
)
def test_unusable_input_is_refused(
    vectors: np.ndarray, labels: list[int], threshold: float, part: str
) -> None:
    with pytest.raises(FacewrightError, match=part):
        separability(vectors, np.array(labels), threshold)
