"""Margin heads against the formulas written out in float64, and their gradients against differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.recognition.config import HeadConfig
from facewright.recognition.heads import MarginHead, arcface_logits, cosface_logits


def literal_cosface(cosines, labels, s, m):
    out = s * cosines.copy()
    for row, label in enumerate(labels):
        out[row, label] = s * (cosines[row, label] - m)
    return out


def literal_arcface(cosines, labels, s, m):
    out = s * cosines.copy()
    for row, label in enumerate(labels):
        theta = math.acos(cosines[row, label])
        own = math.cos(theta + m) if theta + m < math.pi else cosines[row, label] - m * math.sin(m)
        out[row, label] = s * own
    return out


FORMULAS = {"cosface": (cosface_logits, literal_cosface), "arcface": (arcface_logits, literal_arcface)}


@pytest.mark.parametrize("kind", FORMULAS)
@given(seed=st.integers(0, 1000), s=st.floats(1, 64), m=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_logits_are_the_papers_formula(kind, seed, s, m):
    ours, literal = FORMULAS[kind]
    rng = np.random.default_rng(seed)
    cosines, labels = rng.uniform(-0.9999, 0.9999, (6, 5)), rng.integers(0, 5, 6)
    found = ours(torch.from_numpy(cosines), torch.from_numpy(labels), s, m).numpy()
    np.testing.assert_allclose(found, literal(cosines, labels, s, m), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", FORMULAS)
def test_the_gradient_goes_through_the_margin(kind):
    rng = np.random.default_rng(3)
    cosines = torch.from_numpy(rng.uniform(-0.95, 0.95, (5, 4))).requires_grad_()
    labels = torch.tensor([0, 1, 2, 3, 0])
    assert torch.autograd.gradcheck(lambda c: FORMULAS[kind][0](c, labels, 7.0, 0.4), (cosines,))


def test_gradients_stay_finite_where_the_angle_is_zero_or_pi():
    cosines = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], requires_grad=True)
    arcface_logits(cosines, torch.tensor([0, 0]), 30.0, 0.5).sum().backward()
    assert torch.isfinite(cosines.grad).all()


def test_arcface_never_rewards_a_larger_angle():
    cosines = torch.linspace(-1, 1, 2001, dtype=torch.float64)[:, None].repeat(1, 2)
    own = arcface_logits(cosines, torch.zeros(2001, dtype=torch.int64), 1.0, 0.5)[:, 0]
    assert (own.diff() > 0).all()


@pytest.mark.parametrize("kind", FORMULAS)
def test_head_loss_is_the_literal_cross_entropy(kind):
    torch.manual_seed(0)
    head = MarginHead(HeadConfig(kind, s=16.0, m=0.3, warmup=0.2), classes=5, embedding=8)
    embeddings, labels = torch.randn(6, 8), torch.tensor([0, 1, 2, 3, 4, 0])
    e, w = embeddings.double().numpy(), head.weight.detach().double().numpy()
    cosines = (e / np.linalg.norm(e, axis=1, keepdims=True)) @ (
        w / np.linalg.norm(w, axis=1, keepdims=True)
    ).T
    for progress, m in ((0.0, 0.0), (0.1, 0.15), (0.2, 0.3), (1.0, 0.3)):
        logits = FORMULAS[kind][1](cosines, labels.numpy(), 16.0, m)
        expected = np.mean(np.log(np.exp(logits).sum(1)) - logits[np.arange(6), labels.numpy()])
        assert head(embeddings, labels, progress).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"s": 0.0}, "head.s"), ({"m": -0.1}, "head.m"), ({"warmup": 2.0}, "head.warmup")],
)
def test_bad_settings_are_named(changes, field):
    with pytest.raises(FacewrightError, match=field):
        HeadConfig(**changes)
