"""Which images a step takes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.recognition.augment import RECIPES
from facewright.recognition.batches import Batches, balanced_order, people_rows, repeated_order
from facewright.recognition.config import BackboneConfig, LossConfig, TrainConfig
from facewright.recognition.targets import Targets

CONFIG = TrainConfig(
    epochs=1,
    backbone=BackboneConfig(widths=(8,), blocks=(1,), input_px=(16, 16)),
    augment=RECIPES["none"],
    batch_size=10,
)


def batches(labels, config=CONFIG, drawn=None, rank=0, ranks=1):
    """Images whose pixels say which row they are."""
    n = len(labels)
    images = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None, None], (n, 16, 16, 3))
    return Batches(config, images, Targets.of_people(np.asarray(labels)), drawn or n, rank, ranks)


def seen(inputs):
    return np.rint((inputs[:, 0, 0, 0] + 1) * 127.5).astype(int)


def test_an_epoch_takes_each_image_once_over_all_ranks():
    labels = np.arange(43) % 5
    parts = [batches(labels, rank=rank, ranks=2) for rank in (0, 1)]
    rows = np.concatenate([part.rows(3, step) for step in range(parts[0].steps) for part in parts])
    assert len(rows) == len(np.unique(rows)) == 40
    assert not np.array_equal(parts[0].rows(3, 0), parts[0].rows(4, 0))
    inputs, targets = parts[0].load(3, 0)
    np.testing.assert_array_equal(targets.labels[:, 0], labels[seen(inputs)])


@given(seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_balanced_batches_show_every_person_as_often(seed):
    labels = np.repeat([0, 1, 2], [2, 30, 8])
    counts = np.bincount(labels[balanced_order((seed,), labels)])
    assert counts.sum() == 40
    assert counts.max() - counts.min() <= 1


@given(seed=st.integers(0, 99), people=st.integers(2, 5), images=st.integers(2, 6))
@settings(max_examples=20, deadline=None)
def test_people_batches_have_some_images_of_some_people(seed, people, images):
    labels = np.repeat(np.arange(6), [2, 9, 4, 5, 6, 3])
    rows = people_rows((seed,), labels, people, images)
    assert len(np.unique(rows)) == len(rows)
    chosen, counts = np.unique(labels[rows], return_counts=True)
    assert len(chosen) == people
    assert counts.tolist() == [min(images, np.count_nonzero(labels == label)) for label in chosen]


def test_triplets_need_batches_of_people():
    with pytest.raises(FacewrightError, match="batching: found shuffle, expected people: triplets"):
        replace(CONFIG, loss=LossConfig("triplet"))


def test_the_real_side_is_repeated_to_the_drawn_ones_length():
    order = repeated_order((1,), 7, 24)
    counts = np.bincount(order, minlength=7)
    assert counts.sum() == 24
    assert counts.min() >= 3


def test_domain_mixup_pairs_both_sides_with_one_ratio_a_step():
    labels = np.concatenate([np.arange(30) % 3, 3 + np.arange(12) % 2])
    found = set()
    for step in range(3):
        inputs, targets = batches(labels, drawn=30).load(0, step)
        assert inputs.shape == (10, 16, 16, 3)
        assert set(targets.labels[:, 0]) <= {0, 1, 2}
        assert set(targets.labels[:, 1]) <= {3, 4}
        ratios = np.unique(targets.weights[:, 0])
        assert len(ratios) == 1
        np.testing.assert_allclose(targets.weights.sum(1), 1, atol=1e-6)
        found |= set(ratios.tolist())
    assert len(found) > 1


def test_an_epoch_of_more_steps_passes_the_data_again():
    part = batches(np.arange(20) % 4, replace(CONFIG, epoch_steps=5))
    assert part.steps == 5
    passes = [np.concatenate([part.rows(0, 2 * p), part.rows(0, 2 * p + 1)]) for p in (0, 1)]
    for rows in passes:
        assert sorted(rows) == list(range(20))
    assert passes[0].tolist() != passes[1].tolist()
