"""Networks: sizes, parameter counts, names, and the parts that have a formula."""

import numpy as np
import pytest
import torch

from facewright import FacewrightError
from facewright.recognition.backbones import build_backbone, parameter_count
from facewright.recognition.backbones.facenet import _centred
from facewright.recognition.backbones.layers import LocalResponseNorm, l2_pool
from facewright.recognition.config import BackboneConfig


@pytest.mark.parametrize(("name", "parameters"), [("nn4", 6_959_088), ("nn4.small2", 3_733_968)])
@pytest.mark.parametrize("pooling", ["facenet", "openface"])
def test_nn4_has_openfaces_parameter_counts(name, parameters, pooling):
    assert parameter_count(build_backbone(BackboneConfig(name, pooling=pooling))) == parameters


def iresnet_parameters(blocks, positions):
    """Convolutions without a bias, two numbers for a normalised channel, one for a PReLU's."""
    total = 3 * 64 * 9 + 2 * 64 + 64
    before = 64
    for width, count in zip((64, 128, 256, 512), blocks, strict=True):
        for index in range(count):
            inside = before if index == 0 else width
            total += 2 * inside + inside * width * 9 + 2 * width + width + width * width * 9 + 2 * width
            total += before * width + 2 * width if index == 0 else 0
        before = width
    return total + 2 * 512 + 512 * positions * 512 + 512 + 2 * 512


@pytest.mark.parametrize(
    ("name", "blocks", "positions"),
    [
        ("iresnet18", (2, 2, 2, 2), 49),
        ("iresnet34", (3, 4, 6, 3), 49),
        ("iresnet50", (3, 4, 14, 3), 49),
        ("iresnet100", (3, 13, 30, 3), 49),
        ("lresnet50e-ir", (3, 4, 14, 3), 42),
    ],
)
def test_iresnets_have_the_published_blocks(name, blocks, positions):
    with torch.device("meta"):
        network = build_backbone(BackboneConfig(name))
    assert parameter_count(network) == iresnet_parameters(blocks, positions)
    names = set(network.network.state_dict())
    assert {
        "conv1.weight",
        "bn1.running_mean",
        "prelu.weight",
        "layer1.0.bn1.weight",
        "layer1.0.downsample.0.weight",
        "layer1.0.downsample.1.running_var",
        f"layer3.{blocks[2] - 1}.prelu.weight",
        "layer4.0.conv2.weight",
        "bn2.weight",
        "fc.bias",
        "features.weight",
    } <= names


@pytest.mark.parametrize("size", [(64, 64), (96, 96), (112, 112), (112, 96)])
@pytest.mark.parametrize("name", ["fast", "nn4.small2", "mobilefacenet", "iresnet18"])
def test_all_sizes_give_vectors(name, size):
    network = build_backbone(BackboneConfig(name, size, embedding=32)).eval()
    with torch.inference_mode():
        vectors = network(torch.randn(2, 3, *size))
    assert vectors.shape == (2, 32)
    assert torch.isfinite(vectors).all()


def test_facenet_gives_unit_vectors():
    vectors = build_backbone(BackboneConfig("nn4.small2")).eval()(torch.randn(3, 3, 96, 96))
    np.testing.assert_allclose(vectors.detach().norm(dim=1).numpy(), 1, atol=1e-5)


def test_l2_pooling_is_a_root_mean_square_without_padding():
    maps = torch.rand(2, 3, 12, 12, dtype=torch.float64)
    pooled = l2_pool(maps, (3, 3), 1)
    assert pooled.shape == (2, 3, 10, 10)
    literal = np.sqrt(np.mean(maps[1, 2, 4:7, 5:8].numpy() ** 2))
    assert pooled[1, 2, 4, 5].item() == pytest.approx(literal, rel=1e-9)


def test_smaller_columns_get_zeros_about_their_middle():
    padded = _centred(torch.ones(1, 1, 5, 5), 12, 12)[0, 0]
    rows = padded.sum(1).tolist()
    assert rows == [0] * 3 + [5] * 5 + [0] * 4


def test_response_norm_is_the_definition():
    maps = 10 * torch.randn(2, 7, 3, 3, dtype=torch.float64)
    found = LocalResponseNorm(size=5, alpha=1e-2)(maps)
    for channel in range(7):
        window = maps[:, max(0, channel - 2) : channel + 3]
        literal = maps[:, channel] / (1 + 1e-2 / 5 * (window**2).sum(1)) ** 0.75
        np.testing.assert_allclose(found[:, channel], literal, rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "iresnet18", "input_px": (100, 112)}, "backbone.input_px: found 100 112"),
        ({"name": "nn4", "embedding": 1}, "backbone.embedding"),
        ({"widths": ()}, "backbone.widths"),
        ({"blocks": (1, 0)}, "backbone.widths"),
        ({"input_px": (30, 30)}, "backbone.input_px: found 30 30, expected multiples of 16"),
    ],
)
def test_bad_settings_are_named(changes, message):
    with pytest.raises(FacewrightError, match=message):
        BackboneConfig(**changes)
