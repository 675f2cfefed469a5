"""The embedder and its file."""

import numpy as np
import pytest
import safetensors.torch
import torch

from facewright import FacewrightError
from facewright.recognition.backbones import build_backbone
from facewright.recognition.config import BackboneConfig
from facewright.recognition.embed import Embedder, load_embedder, save_embedder

CONFIG = BackboneConfig(widths=(8, 16), blocks=(1, 2), embedding=16, input_px=(32, 32))
CROPS = np.random.default_rng(0).integers(0, 256, (130, 112, 112, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_backbone(CONFIG).eval()


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "run" / "model.safetensors"
    path.parent.mkdir()
    save_embedder(path, network, "arcface112", 40, {"seed": 1})
    return path


def test_a_saved_network_embeds_as_before(network, saved):
    expected = Embedder("run", "arcface112", 40, network, {"seed": 1})(CROPS)
    for path in (saved, saved.parent):
        loaded = load_embedder(path)
        assert (loaded.name, loaded.crop, loaded.training, loaded.dimensions) == (
            "run",
            "arcface112",
            {"seed": 1},
            16,
        )
        np.testing.assert_array_equal(loaded(CROPS), expected)
    assert expected.dtype == np.float32


def test_embeddings_are_unit_vectors_whatever_the_batch_and_mirroring(saved):
    embedder = load_embedder(saved)
    vectors = embedder(CROPS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(embedder(CROPS[5:8]), vectors[5:8], atol=1e-5)
    np.testing.assert_allclose(embedder(CROPS[5:8, :, ::-1]), vectors[5:8], atol=1e-2)
    assert embedder(CROPS[:0]).shape == (0, 16)


def test_images_of_another_size_are_refused(saved):
    with pytest.raises(FacewrightError, match=r"found shape \(1, 96, 96, 3\), expected \(n, 112, 112, 3\)"):
        load_embedder(saved)(np.zeros((1, 96, 96, 3), np.uint8))


def test_damaged_and_foreign_files_are_named(saved, network, tmp_path):
    def refuse(path, message):
        with pytest.raises(FacewrightError, match=message) as caught:
            load_embedder(path)
        assert "\n" not in str(caught.value)
        assert path.name in str(caught.value)

    data = saved.read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(data[: len(data) // 2])
    refuse(cut, "expected a safetensors file")
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(safetensors.torch.save({"weight": torch.zeros(2)}))
    refuse(foreign, "found format None")
    other = build_backbone(CONFIG)
    other.config = BackboneConfig(widths=(8, 16), blocks=(1, 1), embedding=16, input_px=(32, 32))
    save_embedder(tmp_path / "other.safetensors", other, "arcface112", 40, {})
    refuse(tmp_path / "other.safetensors", "expected a network of this version")
    refuse(tmp_path / "absent.safetensors", "not found")


def test_the_network_halves_its_input_once_a_stage():
    config = BackboneConfig(widths=(8, 16, 16), blocks=(1, 1, 1), embedding=4, input_px=(64, 64))
    network = build_backbone(config).network.eval()
    summands = network.blocks((network.stem(torch.zeros(1, 3, 64, 64)),))
    assert [features.shape for features in summands] == [(1, 16, 8, 8)] * 2
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 4)
