"""Fused layers against PyTorch's own, forwards and backwards."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from facewright.recognition.backbones import build_backbone, layers
from facewright.recognition.backbones.layers import LocalResponseNorm, PReLU, norm_act, plain_layers
from facewright.recognition.config import BackboneConfig


@pytest.fixture(autouse=True, scope="module")
def maps_of_any_width_are_fused():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "_FUSED_CHANNELS", 1)
        yield


def results(layer, images, parameters):
    """Output and all gradients of a layer, under a fixed upstream gradient."""
    images = images.clone().requires_grad_()
    for parameter in parameters:
        parameter.grad = None
    out = layer(images)
    out.backward(torch.linspace(-1, 1, out.numel()).reshape(out.shape).sin().to(out.dtype))
    return [out.detach().clone(), images.grad, *(parameter.grad for parameter in parameters)]


def norm_and_act(kind, channels, seed):
    torch.manual_seed(seed)
    norm = nn.BatchNorm2d(channels)
    nn.init.uniform_(norm.weight, -1, 2)
    nn.init.uniform_(norm.bias, -1, 1)
    act = PReLU(channels) if kind == "prelu" else kind
    if kind == "prelu":
        nn.init.uniform_(act.weight, -0.5, 0.5)
    parameters = [norm.weight, norm.bias, *([act.weight] if kind == "prelu" else [])]
    return norm, act, parameters


@pytest.mark.parametrize("kind", [None, "relu", "prelu"])
@given(
    seed=st.integers(0, 99),
    channels=st.integers(1, 40),
    n=st.integers(2, 9),
    side=st.integers(1, 9),
    mean=st.floats(-50, 50),
)
@settings(max_examples=20, deadline=None)
def test_normalisation_and_activation_are_pytorchs(kind, seed, channels, n, side, mean):
    norm, act, parameters = norm_and_act(kind, channels, seed)
    images = (torch.randn(n, channels, side, side) + mean).contiguous(memory_format=torch.channels_last)
    fused = results(lambda x: norm_act(x, norm, act), images, parameters)
    moments = norm.running_mean.clone(), norm.running_var.clone()
    norm.reset_running_stats()
    with plain_layers():
        plain = results(lambda x: norm_act(x, norm, act), images, parameters)
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=2e-3 * (1 + expected.abs().max().item()))
    torch.testing.assert_close(moments[0], norm.running_mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(moments[1], norm.running_var, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["relu", "prelu"])
def test_bfloat16_rounds_once(kind):
    norm, act, parameters = norm_and_act(kind, 24, 0)
    images = torch.randn(8, 24, 7, 7).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
    found = results(lambda x: norm_act(x, norm, act), images, parameters)
    exact = results(lambda x: norm_act(x, norm, act), images.float(), parameters)
    assert found[0].dtype == found[1].dtype == torch.bfloat16
    for value, expected in zip(found, exact, strict=True):
        scale = expected.abs().max().item()
        torch.testing.assert_close(value.float(), expected, rtol=2**-7, atol=2**-8 * scale)


def test_the_gradient_of_the_normalisation_is_that_of_differences():
    norm, act, _ = norm_and_act("prelu", 3, 1)
    images = torch.randn(4, 3, 3, 3).contiguous(memory_format=torch.channels_last)
    upstream = torch.randn(4, 3, 3, 3)

    def loss(x):
        return (norm_act(x, norm, act) * upstream).sum()

    x = images.clone().requires_grad_()
    loss(x).backward()
    direction = torch.randn_like(images)
    step = 1e-2
    difference = (
        loss((images + step * direction).requires_grad_())
        - loss((images - step * direction).requires_grad_())
    ) / (2 * step)
    assert (x.grad * direction).sum().item() == pytest.approx(difference.item(), rel=0.02, abs=0.02)


@given(seed=st.integers(0, 99), channels=st.integers(1, 40), alpha=st.sampled_from([1e-4, 0.1, 1.0]))
@settings(max_examples=20, deadline=None)
def test_response_normalisation_is_pytorchs(seed, channels, alpha):
    torch.manual_seed(seed)
    images = (3 * torch.randn(3, channels, 4, 5)).contiguous(memory_format=torch.channels_last)
    layer = LocalResponseNorm(5, alpha)
    fused = results(layer, images, [])
    with plain_layers():
        plain = results(layer, images, [])
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["fast", "nn4.small2", "mobilefacenet", "iresnet18"])
def test_networks_train_as_with_plain_layers(name):
    torch.manual_seed(0)
    network = build_backbone(BackboneConfig(name, (64, 64), embedding=16))
    images, upstream, gradients = torch.randn(4, 3, 64, 64), torch.randn(4, 16), {}
    for form in ("fused", "plain"):
        network.zero_grad()
        if form == "fused":
            (network(images) * upstream).sum().backward()
        else:
            with plain_layers():
                (network(images) * upstream).sum().backward()
        gradients[form] = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    difference = (gradients["fused"] - gradients["plain"]).norm() / gradients["plain"].norm()
    assert difference < 1e-2
