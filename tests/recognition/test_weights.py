"""Weights of other programs, by the names that they give them."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from facewright.errors import FacewrightError
from facewright.recognition.backbones import build_backbone
from facewright.recognition.config import BackboneConfig
from facewright.recognition.embed import load_embedder
from facewright.recognition.weights import load_weights


def norm(name, width):
    """A normalisation's tensors, none of them as a fresh network has them."""
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": torch.rand(width) + 0.5 for part in parts} | {
        f"{name}.num_batches_tracked": torch.tensor(7)
    }


def insightface_iresnet18():
    """Names and shapes of arcface_torch's iresnet18 at 112x112, written out from its layers."""
    tensors = {"conv1.weight": torch.randn(64, 3, 3, 3), **norm("bn1", 64), "prelu.weight": torch.rand(64)}
    width = 64
    for stage, out in enumerate((64, 128, 256, 512), 1):
        for block in range(2):
            name = f"layer{stage}.{block}"
            tensors |= norm(f"{name}.bn1", width) | norm(f"{name}.bn2", out) | norm(f"{name}.bn3", out)
            tensors[f"{name}.conv1.weight"] = torch.randn(out, width, 3, 3)
            tensors[f"{name}.prelu.weight"] = torch.rand(out)
            tensors[f"{name}.conv2.weight"] = torch.randn(out, out, 3, 3)
            if block == 0:
                tensors[f"{name}.downsample.0.weight"] = torch.randn(out, width, 1, 1)
                tensors |= norm(f"{name}.downsample.1", out)
            width = out
    projection = {"fc.weight": torch.randn(512, 512 * 7 * 7), "fc.bias": torch.rand(512)}
    return tensors | norm("bn2", 512) | projection | norm("features", 512)


@pytest.mark.parametrize("wrapped", [False, True])
def test_insightfaces_iresnets_load_by_their_own_names(tmp_path, wrapped):
    tensors = insightface_iresnet18()
    content = tensors
    if wrapped:
        backbone = {f"module.{name}": value for name, value in tensors.items()}
        content = {
            "epoch": 3,
            "state_dict_backbone": backbone,
            "state_dict_softmax_fc": {"weight": torch.ones(3)},
        }
    torch.save(content, tmp_path / "backbone.pth")
    network = build_backbone(BackboneConfig("iresnet18"))
    load_weights(network, tmp_path / "backbone.pth")
    loaded = network.network.state_dict()
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[name], value) for name, value in tensors.items())


def test_insightfaces_checkpoints_are_recognisers(tmp_path):
    torch.save(insightface_iresnet18(), tmp_path / "backbone.pth")
    embedder = load_embedder(tmp_path / "backbone.pth")
    assert embedder.network.config == BackboneConfig("iresnet18")
    images = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
    network = build_backbone(BackboneConfig("iresnet18"))
    load_weights(network, tmp_path / "backbone.pth")
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.inference_mode():
        both = network.eval()(inputs) + network(inputs.flip(3))
    np.testing.assert_allclose(embedder(images), functional.normalize(both).numpy(), atol=1e-4)


def test_weights_of_no_known_network_are_named(tmp_path):
    torch.save({"conv1.weight": torch.ones(3, 3)}, tmp_path / "other.pth")
    with pytest.raises(
        FacewrightError, match="of no known network, expected weights of one of mobilefacenet"
    ):
        load_embedder(tmp_path / "other.pth")


def test_weights_of_another_architecture_are_refused_and_nothing_is_loaded(tmp_path):
    torch.save(insightface_iresnet18(), tmp_path / "backbone.pth")
    network = build_backbone(BackboneConfig("mobilefacenet"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(
        FacewrightError, match=r"has no stem\.conv\.weight, expected weights of mobilefacenet"
    ):
        load_weights(network, tmp_path / "backbone.pth")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
