"""Opening models: small ONNX files written by hand, and a network of our own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.evaluation.embedders import Embedder, OnnxInput, embed_unit, open_embedder
from facewright.geometry import ARCFACE_112, FACENET_96
from tests.evaluation.fakes import ColourEmbedder
from tests.evaluation.onnx_files import channel_means, one_node


@pytest.fixture
def images() -> np.ndarray:
    colours = np.array([[10, 100, 200], [255, 0, 50], [1, 2, 3]], np.uint8)
    return np.broadcast_to(colours[:, None, None], (3, 112, 112, 3)).copy()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch", ["n", 1, 2])
def test_onnx_input_conventions(tmp_path: Path, images: np.ndarray, batch: int | str, threads: int) -> None:
    """A fixed batch that the images do not fill (2) is filled up."""
    path = tmp_path / "means.onnx"
    path.write_bytes(channel_means([batch, 3, 112, 112]))
    colours = images[:, 0, 0].astype(np.float64)
    np.testing.assert_allclose(open_embedder(path, threads=threads)(images), colours / 127.5 - 1, atol=1e-4)
    plain = open_embedder(path, OnnxInput("bgr", low=0.0, high=255.0), threads)
    np.testing.assert_allclose(plain(images), colours[:, ::-1], rtol=1e-4)
    assert (plain.name, plain.crop, plain.mirrors) == ("means", ARCFACE_112, False)


def test_mean_and_deviation_are_of_each_channel(images: np.ndarray) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    tensor = OnnxInput("bgr", 0, 1, mean, std).tensor(images)
    expected = (images[:, 0, 0, ::-1] / 255 - mean) / std
    np.testing.assert_allclose(tensor[:, :, 5, 7], expected, atol=1e-5)
    assert tensor.dtype == np.float32


def test_the_size_is_the_models_own_unless_stated(tmp_path: Path) -> None:
    path = tmp_path / "means.onnx"
    path.write_bytes(channel_means(["n", 3, 96, 96]))
    assert open_embedder(path).crop == FACENET_96
    path.write_bytes(channel_means(["n", 3, "h", "w"]))
    assert open_embedder(path).crop == ARCFACE_112
    crop = open_embedder(path, OnnxInput(size_px=224)).crop
    assert crop.size_px == 224
    np.testing.assert_allclose(crop.points_px, ARCFACE_112.points_px * 2)


@pytest.mark.parametrize(
    "model",
    [
        one_node("Relu", ["n", 3, 112, 112], ["n", 3, 112, 112]),
        one_node("ReduceMax", ["n", 3, 112, 112], [1, 1, 1, 1]),
    ],
    ids=["maps", "one number"],
)
def test_outputs_that_are_no_vectors_are_refused(tmp_path: Path, images: np.ndarray, model: bytes) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(model)
    with pytest.raises(FacewrightError, match=r"odd: returns an output of shape \[.*\], expected \[3, d\]"):
        open_embedder(path)(images)


def test_known_files_have_their_own_input(tmp_path: Path, images: np.ndarray) -> None:
    path = tmp_path / "face_recognition_sface_2021dec.onnx"
    path.write_bytes(channel_means([1, 3, 112, 112]))
    np.testing.assert_allclose(open_embedder(path)(images), images[:, 0, 0], rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "message_part"),
    [
        ("missing.onnx", None, "model not found"),
        ("broken.onnx", b"not a model", "not a readable ONNX model"),
        (
            "oblong.onnx",
            channel_means(["n", 3, 112, 96]),
            "takes input ['n', 3, 112, 96], expected [n, 3, 112, 112]",
        ),
        ("grey.onnx", channel_means(["n", 1, 112, 112]), "expected [n, 3, 112, 112]"),
        ("flat.onnx", channel_means(["n", 3]), "expected [n, 3, 112, 112]"),
        (
            "two.onnx",
            one_node("GlobalAveragePool", ["n", 3, 112, 112], ["n", 3, 1, 1], second_input=True),
            "has the inputs pixels tensor(float), mask tensor(float), expected one",
        ),
        ("model.txt", b"x", "found a .txt file"),
        ("model", b"x", "without a suffix"),
    ],
)
def test_unusable_models_are_named(
    tmp_path: Path, name: str, content: bytes | None, message_part: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FacewrightError) as error:
        open_embedder(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message_part in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"low": 1.0, "high": 1.0}, "low and high: found 1 and 1"),
        ({"mean": (0.0, np.nan, 0.0)}, "finite"),
        ({"std": (1.0, 0.0, 1.0)}, "std: found"),
        ({"size_px": 0}, "size_px: found 0"),
    ],
)
def test_impossible_inputs_are_refused(settings: dict[str, Any], part: str) -> None:
    with pytest.raises(FacewrightError, match=part):
        OnnxInput(**settings)


def test_another_size_than_the_models_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "means.onnx"
    path.write_bytes(channel_means(["n", 3, 112, 112]))
    with pytest.raises(FacewrightError, match=r"takes input .*, expected \[n, 3, 96, 96\]"):
        open_embedder(path, OnnxInput(size_px=96))


@pytest.mark.parametrize("flip", [False, True])
def test_unit_vectors_and_mirrors(flip: bool) -> None:
    image = np.full((1, 112, 112, 3), 100, np.uint8)
    image[:, :, :56, 0] = 200  # the left half is red, the right half green
    image[:, :, 56:, 1] = 200
    vector = embed_unit(ColourEmbedder(), image, flip)[0]
    expected = np.array([1, 1, 0]) / np.sqrt(2) if flip else np.array([0, 1, 0])
    np.testing.assert_allclose(vector, expected, atol=1e-6)
    by_itself = embed_unit(ColourEmbedder(mirrors=True), image, flip)[0]
    np.testing.assert_allclose(by_itself, [0, 1, 0], atol=1e-6)


def test_many_images_keep_their_order(images: np.ndarray) -> None:
    rows = np.arange(200) % 3
    vectors = embed_unit(ColourEmbedder(), images[rows], flip=True)
    np.testing.assert_allclose(vectors, embed_unit(ColourEmbedder(), images, flip=True)[rows], atol=1e-6)


def test_embeddings_that_are_not_finite_are_refused(images: np.ndarray) -> None:
    class Broken(ColourEmbedder):
        def __call__(self, images: np.ndarray) -> np.ndarray:
            return np.full((len(images), 4), np.nan, np.float32)

    with pytest.raises(FacewrightError, match="not finite"):
        embed_unit(Broken(), images, flip=False)


def test_our_own_networks_open_too(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from facewright.recognition.backbones import build_backbone
    from facewright.recognition.config import BackboneConfig
    from facewright.recognition.embed import save_embedder

    run = tmp_path / "run-1"
    run.mkdir()
    save_embedder(run / "model.safetensors", build_backbone(BackboneConfig()), "facenet96", 64, {})
    embedder = open_embedder(run)
    assert isinstance(embedder, Embedder)
    assert (embedder.name, embedder.crop, embedder.mirrors) == ("run-1", FACENET_96, True)
    crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3)).astype(np.uint8)
    vectors = embed_unit(embedder, crops, flip=True)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
