"""Models that turn face crops into vectors, whatever file they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import cv2
import numpy as np
import onnxruntime
from jaxtyping import Float32, UInt8

from facewright.errors import FacewrightError
from facewright.geometry import ARCFACE_112, CROPS, Crop

__all__ = ["Embedder", "OnnxInput", "embed_unit", "open_embedder"]

_BATCH = 64


@runtime_checkable
class Embedder(Protocol):
    """Maps crops, UInt8[n, size, size, 3] in RGB aligned to `crop`, to vectors Float32[n, d] of any length.

    mirrors: whether it adds the embedding of the mirrored crop by itself.
    """

    @property
    def name(self) -> str: ...
    @property
    def crop(self) -> Crop: ...
    @property
    def mirrors(self) -> bool: ...
    def __call__(self, images: UInt8[np.ndarray, "n h w 3"]) -> Float32[np.ndarray, "n d"]: ...


@dataclass(frozen=True)
class OnnxInput:
    """What an ONNX recogniser expects: channel order, crop, and pixel values as (uint8 - mean) * scale."""

    channels: Literal["rgb", "bgr"] = "rgb"
    mean: float = 127.5
    scale: float = 1 / 127.5
    crop: Crop = ARCFACE_112

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise FacewrightError(f"scale is {self.scale}: expected a positive number")


# InsightFace's models take RGB in -1 .. 1 (the default above); models that normalise inside take plain 0 .. 255.
# Keyed by how the file's name starts.
_INPUTS = {"face_recognition_sface": OnnxInput(mean=0.0, scale=1.0)}


@dataclass(frozen=True)
class _OwnEmbedder:
    """A network that facewright trained."""

    name: str
    crop: Crop
    network: Callable[[UInt8[np.ndarray, "n h w 3"]], Float32[np.ndarray, "n d"]]
    mirrors: bool = True

    def __call__(self, images: UInt8[np.ndarray, "n h w 3"]) -> Float32[np.ndarray, "n d"]:
        return self.network(images)


@dataclass(frozen=True)
class _OnnxEmbedder:
    name: str
    expects: OnnxInput
    session: Any
    batch: int | None
    mirrors: bool = False

    @property
    def crop(self) -> Crop:
        return self.expects.crop

    def __call__(self, images: UInt8[np.ndarray, "n h w 3"]) -> Float32[np.ndarray, "n d"]:
        pixels = images[..., ::-1] if self.expects.channels == "bgr" else images
        tensor = (pixels.astype(np.float32) - np.float32(self.expects.mean)) * np.float32(self.expects.scale)
        tensor = np.ascontiguousarray(tensor.transpose(0, 3, 1, 2))
        name, step = self.session.get_inputs()[0].name, self.batch or len(images)
        parts = [
            self.session.run(None, {name: tensor[start : start + step]})[0]
            for start in range(0, len(images), step)
        ]
        return np.concatenate(parts).reshape(len(images), -1).astype(np.float32)


def open_embedder(path: Path, expects: OnnxInput | None = None, threads: int = 1) -> Embedder:
    """A recogniser from a training run's folder, a `.safetensors` checkpoint or an `.onnx` file.

    `expects` states an ONNX model's input; by default it goes by the file's name, otherwise InsightFace's convention.
    Raises FacewrightError when the file is missing, of another kind, damaged or does not take such crops.
    """
    if not path.exists():
        raise FacewrightError(
            f"{path}: model not found, expected a run folder, a .safetensors or an .onnx file"
        )
    if path.suffix == ".onnx":
        return _open_onnx(path, expects or _known_input(path), threads)
    if path.is_dir() or path.suffix == ".safetensors":
        from facewright.recognition.embed import load_embedder

        trained = load_embedder(path)
        return _OwnEmbedder(trained.name, CROPS[trained.crop], trained)
    found = f"a {path.suffix} file" if path.suffix else "a file without a suffix"
    raise FacewrightError(f"{path}: found {found}, expected .safetensors or .onnx")


def embed_unit(
    embedder: Embedder, images: UInt8[np.ndarray, "n h w 3"], flip: bool
) -> Float32[np.ndarray, "n d"]:
    """Vectors of length 1, in batches. With `flip`, the sum of a crop's vector and its mirror image's.

    An embedder that mirrors by itself is asked once, whatever `flip` says.
    Crops of another size are resized: all crop templates show the same part of the face.
    """
    size = embedder.crop.size_px
    parts = []
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH]
        if batch.shape[1:3] != (size, size):
            batch = np.stack(
                [cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA) for image in batch]
            )
        vectors = _unit(embedder(batch))
        if flip and not embedder.mirrors:
            vectors = _unit(vectors + _unit(embedder(np.ascontiguousarray(batch[:, :, ::-1]))))
        parts.append(vectors)
    return np.concatenate(parts)


def _unit(vectors: Float32[np.ndarray, "n d"]) -> Float32[np.ndarray, "n d"]:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(length)):
        raise FacewrightError("the model returned embeddings that are not finite numbers")
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


def _known_input(path: Path) -> OnnxInput:
    return next((known for start, known in _INPUTS.items() if path.name.startswith(start)), OnnxInput())


def _open_onnx(path: Path, expects: OnnxInput, threads: int) -> Embedder:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base class
        raise FacewrightError(f"{path}: not a readable ONNX model ({type(error).__name__})") from error
    shape = session.get_inputs()[0].shape
    size = expects.crop.size_px
    fits = len(shape) == 4 and all(
        not isinstance(found, int) or found == wanted
        for found, wanted in zip(shape[1:], (3, size, size), strict=True)
    )
    if not fits:
        raise FacewrightError(f"{path}: takes input {shape}, expected [n, 3, {size}, {size}]")
    return _OnnxEmbedder(path.stem, expects, session, shape[0] if isinstance(shape[0], int) else None)
