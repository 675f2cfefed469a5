"""Margins and mixed targets against the formulas written out in float64, and their gradients against differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.recognition.config import LossConfig
from facewright.recognition.losses import (
    ClassifierLoss,
    adaface_cosine,
    arcface_cosine,
    cosface_cosine,
    mixed_cross_entropy,
    mixed_logits,
)
from facewright.recognition.targets import RATIOS, Targets, mix_domains, mix_ratio
from tests.oracles.synface import domain_mixup_loss


def literal(kind, cosine, m, quality):
    theta = math.acos(cosine)
    if kind == "cosface":
        return cosine - m
    if kind == "arcface":
        return math.cos(theta + m) if theta + m < math.pi else cosine - m * math.sin(m)
    return math.cos(min(max(theta - m * quality, 1e-3), math.pi - 1e-3)) - (m + m * quality)


def margins(kind, cosine, m, quality):
    if kind == "cosface":
        return cosface_cosine(cosine, m)
    if kind == "arcface":
        return arcface_cosine(cosine, m)
    return adaface_cosine(cosine, m, quality)


KINDS = ("cosface", "arcface", "adaface")


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 1000), m=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_margins_are_the_papers_formulas(kind, seed, m):
    rng = np.random.default_rng(seed)
    cosines, quality = rng.uniform(-0.998, 0.998, (6, 2)), rng.uniform(-1, 1, (6, 1))
    found = margins(kind, torch.from_numpy(cosines), m, torch.from_numpy(quality)).numpy()
    expected = [[literal(kind, c, m, q) for c in row] for row, (q,) in zip(cosines, quality, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_goes_through_margin_and_mixture(kind):
    rng = np.random.default_rng(3)
    cosines = torch.from_numpy(rng.uniform(-0.9, 0.9, (5, 4))).requires_grad_()
    labels = torch.tensor([[0, 1, 3], [1, 2, 3], [2, 2, 3], [3, 0, 1], [0, 1, 2]])
    weights = torch.from_numpy(rng.dirichlet(np.ones(3), 5))
    quality = torch.from_numpy(rng.uniform(-0.9, 0.9, (5, 1)))

    def loss(cosines):
        shifted = margins(kind, cosines.gather(1, labels), 0.4, quality)
        return mixed_cross_entropy(mixed_logits(cosines, labels, weights, shifted, 7.0), labels, weights)

    assert torch.autograd.gradcheck(loss, (cosines,))


@given(seed=st.integers(0, 1000), ratio=st.sampled_from(RATIOS.tolist()))
@settings(max_examples=25, deadline=None)
def test_identity_and_domain_mixup_are_synfaces_released_code(seed, ratio):
    rng = np.random.default_rng(seed)
    n, people, real_people = 6, 4, 3
    weight = rng.normal(size=(people + real_people, 8))
    features = rng.normal(size=(n, 8))
    a, b = rng.integers(0, people, (2, n))
    phi = rng.choice(RATIOS, n)
    real = people + rng.integers(0, real_people, n)  # real labels come after the drawn ones
    drawn = list(zip(a, phi, b, 1 - phi, strict=True))
    expected = domain_mixup_loss(features, weight, drawn, real, ratio, s=30.0, m=0.5)
    blank = np.zeros((n, 2, 2, 3), np.float32)
    _, targets = mix_domains(blank, Targets.of_pairs(a, b, phi), blank, Targets.of_people(real), ratio)
    head = ClassifierLoss(LossConfig("arcface", s=30.0, m=0.5, warmup=0.0), people + real_people, 8)
    head.weight.data = torch.from_numpy(weight).float()
    tensors = torch.from_numpy(targets.labels), torch.from_numpy(targets.weights)
    found = head(torch.from_numpy(features).float(), *tensors, 1.0).item()
    assert found == pytest.approx(expected, rel=2e-5, abs=2e-5)


def test_one_person_of_weight_one_is_ordinary_cross_entropy():
    logits, labels = torch.randn(5, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0])
    found = mixed_cross_entropy(logits, labels[:, None], torch.ones(5, 1, dtype=torch.float64))
    assert found.item() == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())


def test_domain_mixup_blends_images_and_weights():
    drawn, real = np.full((3, 2, 2, 3), 1.0, np.float32), np.full((3, 2, 2, 3), -1.0, np.float32)
    images, targets = mix_domains(
        drawn, Targets.of_people(np.array([0, 1, 2])), real, Targets.of_people(np.array([3, 4, 3])), 0.25
    )
    np.testing.assert_allclose(images, -0.5)
    assert targets.labels.tolist() == [[0, 3], [1, 4], [2, 3]]
    np.testing.assert_allclose(targets.weights, [[0.25, 0.75]] * 3)


def test_ratios_are_synfaces_21_and_alike():
    assert RATIOS[[0, 1, -1]] == pytest.approx([0, 0.05, 1])
    drawn = [mix_ratio((1, step)) for step in range(2100)]
    counts = [drawn.count(ratio) for ratio in RATIOS.tolist()]
    assert sum(counts) == 2100
    assert 60 < min(counts) <= max(counts) < 145


def test_gradients_stay_finite_where_the_angle_is_zero_or_pi():
    for kind in KINDS:
        cosines = torch.tensor([[1.0], [-1.0]], requires_grad=True)
        margins(kind, cosines, 0.5, torch.zeros(2, 1)).sum().backward()
        assert torch.isfinite(cosines.grad).all()


def test_arcface_never_rewards_a_larger_angle():
    cosines = torch.linspace(-1, 1, 2001, dtype=torch.float64)
    assert (arcface_cosine(cosines, 0.5).diff() > 0).all()


@pytest.mark.parametrize("kind", ["cosface", "arcface", "softmax"])
def test_head_loss_is_the_literal_cross_entropy(kind):
    torch.manual_seed(0)
    head = ClassifierLoss(LossConfig(kind, s=16.0, m=0.3, warmup=0.2), classes=5, embedding=8)
    embeddings, labels = torch.randn(6, 8), np.array([0, 1, 2, 3, 4, 0])
    e, w = embeddings.double().numpy(), head.weight.detach().double().numpy()
    cosines = (e / np.linalg.norm(e, axis=1, keepdims=True)) @ (
        w / np.linalg.norm(w, axis=1, keepdims=True)
    ).T
    for progress, m in ((0.0, 0.0), (0.1, 0.15), (0.2, 0.3), (1.0, 0.3)):
        logits = e @ w.T if kind == "softmax" else 16.0 * cosines
        for row, label in enumerate(labels):
            if kind != "softmax":
                logits[row, label] = 16.0 * literal(kind, cosines[row, label], m, 0)
        expected = np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(6), labels])
        tensors = torch.from_numpy(labels)[:, None], torch.ones(6, 1)
        assert head(embeddings, *tensors, progress).item() == pytest.approx(expected, rel=1e-5)


def test_adaface_widens_the_margin_with_the_vectors_length():
    torch.manual_seed(0)
    config = LossConfig("adaface", s=16.0, m=0.4, warmup=0.0, t_alpha=1.0)
    head = ClassifierLoss(config, classes=3, embedding=4)
    direction = torch.nn.functional.normalize(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    lengths = torch.tensor([[10.0], [20.0], [30.0]])
    quality = head._quality(lengths * direction)
    expected = (lengths.numpy() - 20) / (lengths.numpy().std(ddof=1) + 1e-3) * 0.333
    np.testing.assert_allclose(quality.numpy(), expected, rtol=1e-5, atol=1e-6)
    state = head.state_dict()
    assert state["length_mean"].item() == pytest.approx(20)


def test_straight_through_keeps_the_value_and_drops_the_margins_derivative():
    torch.manual_seed(1)
    grads, losses = {}, {}
    for gradient in ("true", "straight-through"):
        config = LossConfig("arcface", s=8.0, m=0.5, warmup=0.0, gradient=gradient)
        head = ClassifierLoss(config, classes=4, embedding=6)
        head.weight.data = torch.arange(24, dtype=torch.float32).reshape(4, 6).sin()
        embeddings = torch.arange(18, dtype=torch.float32).reshape(3, 6).cos().requires_grad_()
        loss = head(embeddings, torch.tensor([[0], [1], [2]]), torch.ones(3, 1), 1.0)
        loss.backward()
        grads[gradient], losses[gradient] = embeddings.grad, loss.item()
        if gradient == "straight-through":
            # The chance that the softmax gives each class, times s, is the gradient of each cosine.
            assert torch.isfinite(embeddings.grad).all()
    assert losses["true"] == losses["straight-through"]
    assert not torch.allclose(grads["true"], grads["straight-through"], rtol=1e-3)


def test_targets_out_of_range_and_shares_that_do_not_add_up_are_named():
    with pytest.raises(FacewrightError, match=r"set: image 1 has label 4, expected 0 \.\. 3"):
        Targets.of_people(np.array([0, 4])).check(4, "set")
    wrong = Targets(np.array([[0, 1]]), np.array([[0.7, 0.7]], np.float32))
    with pytest.raises(FacewrightError, match=r"image 0 has weights .*, expected shares"):
        wrong.check(4, "set")


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"s": 0.0}, "loss.s"), ({"m": -0.1}, "loss.m"), ({"warmup": 2.0}, "loss.warmup")],
)
def test_bad_settings_are_named(changes, field):
    with pytest.raises(FacewrightError, match=field):
        LossConfig(**changes)
