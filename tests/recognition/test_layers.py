"""Fused layers against PyTorch's own, forwards and backwards."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from facewright.recognition.backbones import build_backbone
from facewright.recognition.backbones.layers import (
    LocalResponseNorm,
    PReLU,
    fork_norm_act,
    l2_pool,
    max_pool,
    norm_act,
    plain_layers,
    sum_norm_act,
)
from facewright.recognition.config import BackboneConfig


def results(layer, images, parameters, where=1.0):
    """Output and all gradients of a layer, under an upstream gradient that is fixed and 0 where `where` is."""
    images = images.clone().requires_grad_()
    for parameter in parameters:
        parameter.grad = None
    out = layer(images)
    out.backward((where * torch.linspace(-1, 1, out.numel()).reshape(out.shape).sin()).to(out.dtype))
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
    with torch.no_grad():
        smooth = (
            norm(images).abs() > 1e-4
        )  # at 0 the last bit decides whether an activation passes a gradient on
    norm.reset_running_stats()
    fused = results(lambda x: norm_act(x, norm, act), images, parameters, smooth)
    moments = norm.running_mean.clone(), norm.running_var.clone()
    norm.reset_running_stats()
    with plain_layers():
        plain = results(lambda x: norm_act(x, norm, act), images, parameters, smooth)
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=2e-3 * (1 + expected.abs().max().item()))
    torch.testing.assert_close(moments[0], norm.running_mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(moments[1], norm.running_var, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("used", ["both", "sum", "normed"])
@pytest.mark.parametrize("bf16", [False, True])
@given(seed=st.integers(0, 99), channels=st.integers(1, 40), n=st.integers(2, 5), side=st.integers(2, 9))
@settings(max_examples=8, deadline=None)
def test_a_sum_and_its_normalisation_are_pytorchs(used, bf16, seed, channels, n, side):
    norm, act, parameters = norm_and_act("relu", channels, seed)
    dtype = torch.bfloat16 if bf16 else torch.float32
    values, upstream = torch.randn(2, 2, n, channels, side, side).to(dtype).float()
    parts = {"both": (0, 1), "sum": (0,), "normed": (1,)}[used]
    found = {}
    for form in ("fused", "plain"):
        norm.reset_running_stats()
        norm.zero_grad()
        maps = [v.to(dtype) if form == "fused" else v.clone() for v in values]
        maps = [m.contiguous(memory_format=torch.channels_last).requires_grad_() for m in maps]
        if form == "fused":
            outs = sum_norm_act(tuple(maps), norm, act)
            assert {out.dtype for out in outs} == {dtype}
        else:
            total = (maps[0] + maps[1]).to(dtype).float()  # rounded once
            outs = total, torch.relu(norm(total))
        sum((outs[i].float() * upstream[i]).sum() for i in parts).backward()
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in (*maps, *parameters)]
        moments = norm.running_mean.clone(), norm.running_var.clone(), norm.num_batches_tracked.clone()
        found[form] = [value.detach().float() for value in (*outs, *gradients, *moments)]
    for value, expected in zip(found["fused"], found["plain"], strict=True):
        rtol, atol = (2**-6, 2**-6) if bf16 else (1e-3, 2e-3)
        torch.testing.assert_close(value, expected, rtol=rtol, atol=atol * (1 + expected.abs().max().item()))


@pytest.mark.parametrize("bf16", [False, True])
@given(
    seed=st.integers(0, 99),
    channels=st.integers(1, 40),
    n=st.integers(2, 5),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    summands=st.integers(1, 2),
)
@settings(max_examples=15, deadline=None)
def test_a_fork_after_a_normalisation_is_pytorchs(bf16, seed, channels, n, height, width, summands):
    norm, act, parameters = norm_and_act("relu", channels, seed)
    main = nn.Conv2d(channels, 3, 3, stride=2, padding=1, bias=False)
    side = nn.Conv2d(channels, 4, 1, stride=2, bias=False)
    parameters += [main.weight, side.weight]
    dtype = torch.bfloat16 if bf16 else torch.float32
    values = torch.randn(summands, n, channels, height, width).to(dtype).float()
    found = {}
    for form in ("fused", "plain"):
        norm.zero_grad(), main.zero_grad(), side.zero_grad()
        maps = [v.to(dtype) if form == "fused" else v.clone() for v in values]
        maps = [m.contiguous(memory_format=torch.channels_last).requires_grad_() for m in maps]
        if form == "fused":
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                outs = fork_norm_act(tuple(maps), norm, act, main, side)
            assert {out.dtype for out in outs} == {dtype}
        else:
            active = torch.relu(norm(sum(maps).to(dtype).float()))
            outs = main(active), side(active)
        sum(out.float().square().mean() for out in outs).backward()
        found[form] = [value.detach().float() for value in (*outs, *(p.grad for p in (*maps, *parameters)))]
    for value, expected in zip(found["fused"], found["plain"], strict=True):
        distance, scale = (value - expected).norm(), expected.norm()
        assert distance <= (0.03 if bf16 else 2e-4) * scale + 1e-5


def test_weights_cast_together_are_those_that_autocast_makes():
    torch.manual_seed(0)
    network = build_backbone(BackboneConfig("fast", (32, 32), embedding=16))
    images, upstream, gradients = torch.randn(4, 3, 32, 32), torch.randn(4, 16), []
    for run in (network, network.network):  # without the wrapper, each weight is cast by itself
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            (run(images) * upstream).sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
    assert all(isinstance(p, nn.Parameter) and p.grad.dtype == torch.float32 for p in network.parameters())
    assert torch.equal(*gradients)


def test_a_frozen_weight_is_cast_and_has_no_gradient():
    network = build_backbone(BackboneConfig("fast", (32, 32), embedding=16))
    network.network.stem.weight.requires_grad = False
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.randn(4, 3, 32, 32)).sum().backward()
    assert network.network.stem.weight.grad is None
    assert network.network.project.weight.grad is not None


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_fused_steps_of_channels_last_weights_are_those_of_the_formula(kind):
    # PyTorch's fused optimisers read memory as it lies, whatever the strides: weights and gradients must agree.
    results_of = []
    for fused_step in (True, False):
        torch.manual_seed(0)
        network = build_backbone(BackboneConfig("fast", (32, 32), embedding=16))
        optimiser = kind(network.parameters(), 0.01, fused=fused_step)
        images, upstream = torch.randn(4, 3, 32, 32), torch.randn(4, 16)
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            (network(images) * upstream).sum().backward()
        optimiser.step()
        results_of.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    torch.testing.assert_close(*results_of, rtol=1e-5, atol=1e-6)


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


def upstream_like(out):
    return torch.linspace(-1, 1, out.numel(), dtype=torch.float64).reshape(out.shape).sin()


@pytest.mark.parametrize("kind", [None, "relu", "prelu"])
@pytest.mark.parametrize(
    ("channels", "n", "side"), [(1, 3, 5), (16, 4, 8), (24, 3, 3), (96, 2, 4), (130, 2, 3)]
)
def test_normalisation_is_that_of_double_precision(kind, channels, n, side):
    norm, act, _ = norm_and_act(kind, channels, 3)
    images = (2 * torch.randn(n, channels, side, side) + 5).contiguous(memory_format=torch.channels_last)
    parameters = [norm.weight, norm.bias, *([act.weight] if kind == "prelu" else [])]
    found = results(lambda x: norm_act(x, norm, act), images, parameters)

    x = images.double().requires_grad_()
    weight, bias, *slope = (parameter.detach().double().requires_grad_() for parameter in parameters)
    z = functional.batch_norm(x, None, None, weight, bias, training=True, eps=norm.eps)
    y = z if kind is None else torch.where(z > 0, z, z * slope[0][:, None, None] if slope else 0 * z)
    y.backward(upstream_like(y).float().double())
    for value, expected in zip(
        found, [y.detach(), x.grad, weight.grad, bias.grad, *(s.grad for s in slope)], strict=True
    ):
        scale = expected.abs().max().item()
        torch.testing.assert_close(value.double(), expected, rtol=1e-4, atol=1e-5 * (1 + scale))


@pytest.mark.parametrize("kind", ["relu", "prelu"])
def test_a_gradient_of_some_channels_of_wider_maps_is_read_in_place(kind):
    norm, act, _ = norm_and_act(kind, 16, 0)
    images = torch.randn(4, 16, 6, 6).contiguous(memory_format=torch.channels_last)
    wider = torch.randn(4, 40, 6, 6).contiguous(memory_format=torch.channels_last)
    gradients = []
    for upstream in (wider[:, 8:24], wider[:, 8:24].contiguous()):
        x = images.clone().requires_grad_()
        norm_act(x, norm, act).backward(upstream)
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)


@given(
    seed=st.integers(0, 99),
    channels=st.sampled_from([1, 5, 16, 17, 33, 48]),
    height=st.integers(3, 9),
    width=st.integers(3, 9),
    stride=st.integers(1, 3),
    padding=st.integers(0, 1),
    bf16=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_maxima_and_their_gradients_are_pytorchs(seed, channels, height, width, stride, padding, bf16):
    torch.manual_seed(seed)
    images = torch.randint(
        -4, 5, (2, channels, height, width)
    ).float()  # with ties: the first has the gradient
    images = images.to(torch.bfloat16 if bf16 else torch.float32).contiguous(
        memory_format=torch.channels_last
    )
    found = results(lambda x: max_pool(x, (3, 3), stride, padding), images, [])
    plain = results(lambda x: functional.max_pool2d(x, (3, 3), stride, padding), images.float(), [])
    assert found[0].dtype == found[1].dtype == images.dtype
    torch.testing.assert_close(found[0].float(), plain[0], rtol=0, atol=0)
    torch.testing.assert_close(
        found[1].float(), plain[1], rtol=2**-7 if bf16 else 1e-6, atol=0.03 if bf16 else 1e-6
    )


def test_what_is_no_number_passes_through_a_maximum():
    images = torch.zeros(1, 16, 4, 4).contiguous(memory_format=torch.channels_last)
    images[0, 3, 1, 1] = float("nan")
    out = max_pool(images.requires_grad_(), (3, 3), 1, 1)
    assert torch.isnan(out[0, 3]).sum() == 9
    assert not torch.isnan(out[0, [*range(3), *range(4, 16)]]).any()


@given(
    seed=st.integers(0, 99),
    channels=st.sampled_from([1, 5, 16, 17, 48]),
    height=st.integers(3, 9),
    width=st.integers(3, 9),
    stride=st.integers(1, 3),
)
@settings(max_examples=20, deadline=None)
def test_root_mean_squares_are_those_of_double_precision(seed, channels, height, width, stride):
    torch.manual_seed(seed)
    images = torch.randn(2, channels, height, width).contiguous(memory_format=torch.channels_last)
    images[0, 0] = 0  # all of a window
    found = results(lambda x: l2_pool(x, (3, 3), stride), images, [])
    x = images.double().requires_grad_()
    y = (functional.avg_pool2d(x * x, (3, 3), stride) + 1e-12).sqrt()
    y.backward(upstream_like(y).float().double())
    for value, expected in zip(found, [y.detach(), x.grad], strict=True):
        torch.testing.assert_close(value.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", ["max", "rms", "response"])
def test_bfloat16_layers_round_once(layer):
    torch.manual_seed(0)
    run = {
        "max": lambda x: max_pool(x, (3, 3), 2, 1),
        "rms": lambda x: l2_pool(x, (3, 3), 1),
        "response": LocalResponseNorm(5, 0.1),
    }[layer]
    images = torch.randn(3, 40, 7, 7).to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
    for value, expected in zip(results(run, images, []), results(run, images.float(), []), strict=True):
        assert value.dtype == torch.bfloat16
        scale = expected.abs().max().item()
        torch.testing.assert_close(value.float(), expected, rtol=2**-7, atol=2**-7 * scale)


def test_windows_that_miss_the_maps_are_refused():
    with pytest.raises(ValueError, match="expected some of at most 256 pixels"):
        max_pool(torch.zeros(1, 4, 2, 2).requires_grad_(), (3, 3), 1, 0)


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
