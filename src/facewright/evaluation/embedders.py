"""Models that turn face crops into vectors, whatever file they come from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import cv2
import numpy as np
import onnxruntime
from jaxtyping import Float32, UInt8

from facewright.errors import FacewrightError
from facewright.geometry import ARCFACE_112, CROPS, Crop, arcface_crop

__all__ = ["SFACE_INPUT", "SFACE_THRESHOLD", "Embedder", "OnnxInput", "embed_unit", "open_embedder"]

_BATCH = 64
_RUN = 16


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
    """What an ONNX recogniser expects; the default is what InsightFace's models take.

    A pixel x of 0 .. 255 becomes (low + x / 255 * (high - low) - mean) / std. With low 0 and high 1 that is what
    torchvision's ToTensor and Normalize do.
    """

    channels: Literal["rgb", "bgr"] = "rgb"
    """Order of the colour channels."""
    low: float = -1.0
    """What black becomes."""
    high: float = 1.0
    """What white becomes."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Subtracted from each channel after that, in the order of `channels`."""
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Divides each channel last."""
    size_px: int | None = None
    """Side of the crop (InsightFace's alignment template at that size); by default the model's own, or 112 where it
    takes any."""

    def __post_init__(self) -> None:
        if not self.high > self.low:
            raise FacewrightError(f"low and high: found {self.low:g} and {self.high:g}, expected low < high")
        if not all(np.isfinite(value) for value in (self.low, self.high, *self.mean)):
            raise FacewrightError("low, high, mean: expected finite numbers")
        if not all(0 < value < np.inf for value in self.std):
            raise FacewrightError(f"std: found {self.std}, expected positive numbers")
        if self.size_px is not None and self.size_px < 16:
            raise FacewrightError(f"size_px: found {self.size_px}, expected 16 or more")

    def tensor(self, images: UInt8[np.ndarray, "n h w 3"]) -> Float32[np.ndarray, "n 3 h w"]:
        """RGB images as the model's input."""
        pixels = images[..., ::-1] if self.channels == "bgr" else images
        std = np.array(self.std)
        scale = ((self.high - self.low) / 255 / std).astype(np.float32)
        shift = ((self.low - np.array(self.mean)) / std).astype(np.float32)
        return np.ascontiguousarray((pixels * scale + shift).transpose(0, 3, 1, 2))


SFACE_INPUT = OnnxInput(low=0.0, high=255.0)
"""OpenCV Zoo's SFace takes RGB as it is and normalises inside (OpenCV, FaceRecognizerSF)."""

SFACE_THRESHOLD = 0.363
"""The cosine similarity at which OpenCV's documentation of SFace calls two faces one person."""

# Keyed by how the file's name starts; all others are taken for InsightFace's.
_INPUTS = {"face_recognition_sface": SFACE_INPUT}


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
    """`batch`: images in one run of the model, exactly so many where it is `fixed`; `threads` runs go on at once."""

    name: str
    crop: Crop
    expects: OnnxInput
    session: Any
    batch: int
    fixed: bool
    threads: int
    mirrors: bool = False

    def __call__(self, images: UInt8[np.ndarray, "n h w 3"]) -> Float32[np.ndarray, "n d"]:
        starts = range(0, len(images), self.batch)
        with ThreadPoolExecutor(self.threads) as pool:
            parts = list(pool.map(lambda start: self._run(images[start : start + self.batch]), starts))
        return np.concatenate(parts)

    def _run(self, images: UInt8[np.ndarray, "k h w 3"]) -> Float32[np.ndarray, "k d"]:
        tensor = self.expects.tensor(images)
        if self.fixed and len(images) < self.batch:
            tensor = np.pad(tensor, ((0, self.batch - len(images)), (0, 0), (0, 0), (0, 0)))
        try:
            output = self.session.run(None, {self.session.get_inputs()[0].name: tensor})[0]
        except Exception as error:  # onnxruntime's errors have no common base class
            reason = " ".join(str(error).split())[:200]
            raise FacewrightError(f"{self.name}: the model does not run: {reason}") from error
        shape = np.shape(output)
        if len(shape) < 2 or shape[0] != len(tensor) or any(size != 1 for size in shape[2:]):
            raise FacewrightError(
                f"{self.name}: returns an output of shape {list(shape)}, expected [{len(tensor)}, d]: a vector an image"
            )
        return np.asarray(output, np.float32).reshape(len(tensor), -1)[: len(images)]


def open_embedder(path: Path, expects: OnnxInput | None = None, threads: int = 1) -> Embedder:
    """A recogniser from a training run's folder, a `.safetensors`, `.pt` or `.pth` checkpoint or an `.onnx` file.

    `expects` states an ONNX model's input; by default it goes by the file's name, otherwise InsightFace's convention.
    `threads` run an ONNX model on several images at once. Raises FacewrightError when the file is missing, of another
    kind, damaged or does not take such crops.
    """
    if not path.exists():
        raise FacewrightError(
            f"{path}: model not found, expected a run folder, a .safetensors, .pth or .onnx file"
        )
    if path.suffix == ".onnx":
        return _open_onnx(path, expects or _known_input(path), threads)
    if path.is_dir() or path.suffix in (".safetensors", ".pt", ".pth"):
        from facewright.recognition.embed import load_embedder

        trained = load_embedder(path)
        return _OwnEmbedder(trained.name, CROPS[trained.crop], trained)
    found = f"a {path.suffix} file" if path.suffix else "a file without a suffix"
    raise FacewrightError(f"{path}: found {found}, expected .safetensors, .pth or .onnx")


def embed_unit(
    embedder: Embedder, images: UInt8[np.ndarray, "n h w 3"], flip: bool
) -> Float32[np.ndarray, "n d"]:
    """Vectors of length 1, in batches. With `flip`, the sum of a crop's vector and its mirror image's.

    An embedder that mirrors by itself is asked once, whatever `flip` says.
    Crops of another size are resized: all crop templates but frame224 show the same part of the face.
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
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base class
        raise FacewrightError(f"{path}: not a readable ONNX model ({type(error).__name__})") from error
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        found = ", ".join(f"{item.name} {item.type}" for item in inputs) or "none"
        raise FacewrightError(f"{path}: has the inputs {found}, expected one tensor(float)")
    shape = inputs[0].shape
    own_size = next((size for size in shape[2:] if isinstance(size, int)), None)
    size = expects.size_px or own_size or ARCFACE_112.size_px
    fits = len(shape) == 4 and all(
        not isinstance(found, int) or found == wanted
        for found, wanted in zip(shape[1:], (3, size, size), strict=True)
    )
    if not fits:
        raise FacewrightError(f"{path}: takes input {shape}, expected [n, 3, {size}, {size}]")
    fixed = isinstance(shape[0], int)
    return _OnnxEmbedder(
        path.stem, arcface_crop(size), expects, session, shape[0] if fixed else _RUN, fixed, threads
    )
