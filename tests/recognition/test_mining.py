"""Triplets against plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright.recognition.config import LossConfig
from facewright.recognition.mining import TripletLoss, mine_triplets, squared_distances, triplet_loss
from tests.oracles.triplets import all_triplets


def batch(seed, n=12, people=4):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = rng.integers(0, people, n)
    distances = ((vectors[:, None] - vectors) ** 2).sum(2)
    return vectors, labels, distances


@given(seed=st.integers(0, 500), alpha=st.floats(0.05, 1.0), mining=st.sampled_from(["openface", "facenet"]))
@settings(max_examples=40, deadline=None)
def test_each_pair_gets_one_negative_that_may_be_drawn(seed, alpha, mining):
    _, labels, distances = batch(seed)
    expected = all_triplets(distances, labels, alpha, semi_hard=mining == "facenet")
    found = mine_triplets(distances, labels, alpha, mining, np.random.default_rng(seed))
    assert {(a, p) for a, p, _ in found.tolist()} == set(expected)
    assert len(found) == len(expected)
    for a, p, n in found.tolist():
        assert n in expected[(a, p)]


def test_negatives_are_drawn_alike():
    _, labels, distances = batch(3)
    expected = all_triplets(distances, labels, 2.0, semi_hard=False)
    (a, p), candidates = max(expected.items(), key=lambda item: len(item[1]))
    rng = np.random.default_rng(0)
    drawn = [
        next(
            n
            for x, y, n in mine_triplets(distances, labels, 2.0, "openface", rng).tolist()
            if (x, y) == (a, p)
        )
        for _ in range(1200)
    ]
    counts = [drawn.count(candidate) for candidate in candidates]
    assert sum(counts) == 1200
    assert min(counts) > 0.6 * 1200 / len(candidates)


def test_distances_and_loss_are_the_definition():
    vectors, labels, distances = batch(5)
    embeddings = torch.from_numpy(vectors)
    np.testing.assert_allclose(squared_distances(embeddings).numpy(), distances, atol=1e-12)
    triplets = mine_triplets(distances, labels, 0.2, "openface", np.random.default_rng(0))
    literal = np.mean([max(0, distances[a, p] + 0.2 - distances[a, n]) for a, p, n in triplets])
    found = triplet_loss(torch.from_numpy(distances), torch.from_numpy(triplets), 0.2)
    assert found.item() == pytest.approx(literal)


def test_gradients_are_summed_over_an_images_triplets():
    vectors, labels, distances = batch(5)
    triplets = torch.from_numpy(mine_triplets(distances, labels, 0.2, "openface", np.random.default_rng(0)))
    embeddings = torch.from_numpy(vectors).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda e: triplet_loss(squared_distances(e), triplets, 0.2), (embeddings,), atol=1e-6
    )


def test_a_batch_without_triplets_costs_nothing_and_has_a_gradient():
    loss = TripletLoss(LossConfig("triplet"))
    embeddings = torch.eye(4).requires_grad_()
    value = loss(embeddings, torch.arange(4)[:, None], torch.ones(4, 1), 1.0, (0,))
    value.backward()
    assert value.item() == 0
    assert not embeddings.grad.any()
