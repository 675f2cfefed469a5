"""Metrics against scikit-learn and against brute force over every threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from facewright.evaluation.metrics import (
    accuracy,
    auc,
    best_threshold,
    bootstrap,
    eer,
    k_fold_accuracy,
    paired_bootstrap,
    roc,
    tar_at_far,
)


@st.composite
def scored_pairs(draw: st.DrawFn, coarse: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Scores, many of them tied, with at least one pair of each kind."""
    kinds = [True, False, *draw(st.lists(st.booleans(), max_size=40))]
    value = st.integers(-5, 5).map(float) if coarse else st.floats(-1, 1)
    scores = draw(st.lists(value, min_size=len(kinds), max_size=len(kinds)))
    return np.array(scores), np.array(kinds)


def every_threshold(scores: np.ndarray) -> list[float]:
    return [*scores.tolist(), float("inf")]


@given(scored_pairs())
def test_roc_is_scikit_learns(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, same = pairs
    far, tar, thresholds = roc_curve(same, scores, drop_intermediate=False)
    curve = roc(scores, same)
    np.testing.assert_allclose(curve.far, far)
    np.testing.assert_allclose(curve.tar, tar)
    np.testing.assert_array_equal(curve.thresholds, thresholds)


@given(scored_pairs())
def test_auc_is_scikit_learns(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, same = pairs
    assert auc(scores, same) == pytest.approx(roc_auc_score(same, scores))


@given(scored_pairs())
def test_auc_is_the_chance_of_the_right_order(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, same = pairs
    gaps = scores[same][:, None] - scores[~same][None, :]
    assert auc(scores, same) == pytest.approx(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


@given(scored_pairs() | scored_pairs(coarse=False))
def test_no_threshold_beats_the_best(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, same = pairs
    threshold = best_threshold(scores, same)
    assert np.isfinite(threshold)
    best = max(accuracy(scores, same, other) for other in every_threshold(scores))
    assert accuracy(scores, same, threshold) == best


def test_best_threshold_lies_half_way() -> None:
    scores, same = np.array([0.1, 0.2, 0.6, 0.9]), np.array([False, False, True, True])
    assert best_threshold(scores, same) == pytest.approx(0.4)


def test_neighbouring_scores_are_still_told_apart() -> None:
    scores = np.array([1.0, np.nextafter(1.0, 2.0)])
    assert accuracy(scores, np.array([False, True]), best_threshold(scores, np.array([False, True]))) == 1.0


@given(scored_pairs(), st.floats(0, 1))
def test_tar_at_far_by_brute_force(pairs: tuple[np.ndarray, np.ndarray], far: float) -> None:
    scores, same = pairs
    impostors = np.count_nonzero(~same)
    allowed = [
        np.mean(scores[same] >= threshold)
        for threshold in every_threshold(scores)
        if np.count_nonzero(scores[~same] >= threshold) <= far * impostors + 1e-9
    ]
    expected = max(allowed) if far * impostors + 1e-9 >= 1 else None
    assert tar_at_far(scores, same, [far]) == {far: expected}


def test_a_far_that_is_a_whole_number_of_impostors_allows_them_all() -> None:
    """0.29 * 100 is just below 29 in floating point; the 30th impostor has score 70."""
    scores = np.concatenate([np.arange(100.0), np.arange(100.0) + 0.5])
    same = np.arange(200) >= 100
    assert tar_at_far(scores, same, [0.29])[0.29] == 0.3


@given(scored_pairs())
def test_eer_lies_on_the_joined_roc(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    scores, same = pairs
    rate = eer(scores, same)
    far, tar, _ = roc_curve(same, scores, drop_intermediate=False)
    lowest = np.interp(rate, far, tar) if len(set(far)) == len(far) else None
    if lowest is not None:
        assert lowest == pytest.approx(1 - rate)
    # No threshold has both error rates below the equal one, nor is there a gap around it.
    both = [max(f, 1 - t) for f, t in zip(far, tar, strict=True)]
    least = [min(f, 1 - t) for f, t in zip(far, tar, strict=True)]
    assert max(least) - 1e-12 <= rate <= min(both) + 1e-12


def test_eer_of_known_scores() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.3, 0.6, 0.2, 0.1, 0.0])
    same = np.array([True] * 4 + [False] * 4)
    assert eer(scores, same) == pytest.approx(0.25)
    assert eer(-scores, same) == pytest.approx(0.75)


@pytest.mark.parametrize("kind", [True, False])
def test_one_kind_of_pairs_is_refused(kind: bool) -> None:
    with pytest.raises(ValueError, match="expected some of both"):
        roc(np.arange(3.0), np.full(3, kind))


def test_each_fold_uses_the_others_threshold() -> None:
    stream = np.random.default_rng(0)
    same = stream.random(60) < 0.5
    scores = stream.normal(0, 1, 60) + same
    folds = np.arange(60) % 5
    result = k_fold_accuracy(scores, same, folds)
    for fold in range(5):
        held_out = folds == fold
        threshold = best_threshold(scores[~held_out], same[~held_out])
        assert result.thresholds[fold] == threshold
        assert result.accuracies[fold] == accuracy(scores[held_out], same[held_out], threshold)
        np.testing.assert_array_equal(result.margins[held_out], scores[held_out] - threshold)


def test_bootstrap_interval_of_an_accuracy_is_near_the_binomial_one() -> None:
    same = np.arange(1000) < 500
    margins = np.where(same, 1.0, -1.0)
    margins[::10] *= -1  # 10% wrong of either kind
    interval = bootstrap(margins, same, accuracy, seed=1, resamples=2000)
    assert interval.estimate == 0.9
    half_width = 1.96 * np.sqrt(0.9 * 0.1 / 1000)
    assert interval.low == pytest.approx(0.9 - half_width, abs=0.003)
    assert interval.high == pytest.approx(0.9 + half_width, abs=0.003)


def test_bootstrap_depends_on_its_seed_only() -> None:
    stream = np.random.default_rng(0)
    same = stream.random(50) < 0.5
    scores = stream.normal(0, 1, 50)
    first, again, other = (bootstrap(scores, same, auc, seed, resamples=50) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_paired_bootstrap_sees_what_single_intervals_hide() -> None:
    """Two models that err on the same pairs, one on 2% more: the paired interval excludes 0."""
    same = np.arange(1000) < 500
    truth = np.where(same, 1.0, -1.0)
    better, worse = truth.copy(), truth.copy()
    better[::10] *= -1
    worse[::10] *= -1
    worse[5::50] *= -1
    difference = paired_bootstrap(better, worse, same, accuracy, seed=0)
    assert difference.estimate == pytest.approx(0.02)
    assert 0.005 < difference.low < difference.high < 0.035
    singles = [bootstrap(margins, same, accuracy, seed=0) for margins in (better, worse)]
    assert singles[0].low < singles[1].high
    assert paired_bootstrap(better, better, same, accuracy, seed=0).high == 0
