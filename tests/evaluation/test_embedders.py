"""Opening models: small ONNX files written by hand, and a network of our own."""

from pathlib import Path

import numpy as np
import pytest

from facewright import FacewrightError
from facewright.evaluation.embedders import Embedder, OnnxInput, embed_unit, open_embedder
from facewright.geometry import ARCFACE_112, FACENET_96
from tests.evaluation.fakes import ColourEmbedder


def varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def message(*entries: tuple[int, int | str | bytes]) -> bytes:
    """Protocol-buffer encoding of (field number, value)."""
    encoded = b""
    for number, value in entries:
        if isinstance(value, int):
            encoded += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            encoded += varint(number << 3 | 2) + varint(len(data)) + data
    return encoded


def tensor(name: str, shape: list[int | str]) -> bytes:
    sizes = [(1, message((1 if isinstance(size, int) else 2, size))) for size in shape]
    return message((1, name), (2, message((1, message((1, 1), (2, message(*sizes)))))))


def channel_means(shape: list[int | str]) -> bytes:
    """An ONNX model that returns the mean of each channel."""
    node = message((1, "pixels"), (2, "means"), (4, "GlobalAveragePool"))
    graph = message(
        (1, node), (2, "means"), (11, tensor("pixels", shape)), (12, tensor("means", [shape[0], 3, 1, 1]))
    )
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 13))))


@pytest.fixture
def images() -> np.ndarray:
    colours = np.array([[10, 100, 200], [255, 0, 50], [1, 2, 3]], np.uint8)
    return np.broadcast_to(colours[:, None, None], (3, 112, 112, 3)).copy()


@pytest.mark.parametrize("batch", ["n", 1, 2])
def test_onnx_input_conventions(tmp_path: Path, images: np.ndarray, batch: int | str) -> None:
    if batch == 2:
        images = images[:2]
    path = tmp_path / "means.onnx"
    path.write_bytes(channel_means([batch, 3, 112, 112]))
    colours = images[:, 0, 0].astype(np.float64)
    np.testing.assert_allclose(open_embedder(path)(images), colours / 127.5 - 1, atol=1e-4)
    plain = open_embedder(path, OnnxInput("bgr", mean=0.0, scale=1.0))
    np.testing.assert_allclose(plain(images), colours[:, ::-1], rtol=1e-4)
    assert (plain.name, plain.crop, plain.mirrors) == ("means", ARCFACE_112, False)


def test_known_files_have_their_own_input(tmp_path: Path, images: np.ndarray) -> None:
    path = tmp_path / "face_recognition_sface_2021dec.onnx"
    path.write_bytes(channel_means([1, 3, 112, 112]))
    np.testing.assert_allclose(open_embedder(path)(images), images[:, 0, 0], rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "message_part"),
    [
        ("missing.onnx", None, "model not found"),
        ("broken.onnx", b"not a model", "not a readable ONNX model"),
        ("small.onnx", channel_means(["n", 3, 96, 96]), "expected [n, 3, 112, 112]"),
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


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(FacewrightError, match="scale"):
        OnnxInput(scale=0.0)


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
    from facewright.recognition.backbones import ResidualNet
    from facewright.recognition.config import BackboneConfig
    from facewright.recognition.embed import save_embedder

    run = tmp_path / "run-1"
    run.mkdir()
    save_embedder(run / "model.safetensors", ResidualNet(BackboneConfig()), "facenet96", 64, {})
    embedder = open_embedder(run)
    assert isinstance(embedder, Embedder)
    assert (embedder.name, embedder.crop, embedder.mirrors) == ("run-1", FACENET_96, True)
    crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3)).astype(np.uint8)
    vectors = embed_unit(embedder, crops, flip=True)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
