"""A trained network as a function from face crops to embeddings, and the file that holds it.

The file is model.safetensors: weights, and metadata that say how to build the network and what to feed it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cattrs
import numpy as np
import safetensors
import safetensors.torch
import torch
from jaxtyping import Float32, UInt8

import facewright
from facewright.errors import FacewrightError, first_line
from facewright.formats.atomic import write_atomic
from facewright.geometry import ARCFACE_112, CROPS
from facewright.recognition.augment import resize_crops, to_input
from facewright.recognition.backbones import Backbone, build_backbone
from facewright.recognition.config import BackboneConfig
from facewright.recognition.weights import load_backbone

__all__ = ["Embedder", "load_embedder", "one_thread", "save_embedder"]

_FORMAT = "facewright-embedder-2"
_BATCH = 64  # the fastest on CPUs


@dataclass(frozen=True)
class Embedder:
    """A callable from aligned faces to unit vectors.

    name: of the run or file. crop: the name in `geometry.CROPS` of the alignment that it expects. stored_px: the size
    to which crops are averaged down first, as in training. training: the run's config as JSON data.
    """

    name: str
    crop: str
    stored_px: int
    network: Backbone
    training: Mapping[str, Any]

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        return self.network.config.dimensions

    def __call__(self, images: UInt8[np.ndarray, "n S S 3"]) -> Float32[np.ndarray, "n d"]:
        """Embeddings of n sRGB crops, each of length 1.

        An image's embedding is that of the image plus that of its mirror image, normalised. Raises FacewrightError for
        images of another size than the crop's.
        """
        size = CROPS[self.crop].size_px
        if images.shape[1:] != (size, size, 3):
            raise FacewrightError(
                f"images: found shape {images.shape}, expected (n, {size}, {size}, 3): {self.crop}"
            )
        parts = [np.empty((0, self.dimensions), np.float32)]
        with one_thread():
            parts += [self._embed(images[first : first + _BATCH]) for first in range(0, len(images), _BATCH)]
        return np.concatenate(parts)

    @torch.inference_mode()
    def _embed(self, images: UInt8[np.ndarray, "n S S 3"]) -> Float32[np.ndarray, "n d"]:
        inputs = to_input(resize_crops(images, self.stored_px), self.network.config.size)
        device = next(self.network.parameters()).device
        batch = torch.from_numpy(inputs).to(device).permute(0, 3, 1, 2)
        both = self.network(batch) + self.network(batch.flip(3))
        vectors: Float32[np.ndarray, "n d"] = torch.nn.functional.normalize(both).cpu().numpy()
        return vectors


@contextmanager
def one_thread() -> Iterator[None]:
    """torch with one thread: two OpenMP threads gain little on batches this small and lose nearly all speed on a busy
    machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def save_embedder(
    path: Path, network: Backbone, crop: str, stored_px: int, training: Mapping[str, Any]
) -> None:
    """Write a network and how to use it, whole or not at all."""
    metadata = {
        "format": _FORMAT,
        "version": facewright.__version__,
        "backbone": json.dumps(asdict(network.config)),
        "embedding_size": str(network.config.dimensions),
        "input_px": "x".join(map(str, network.config.size)),
        "stored_px": str(stored_px),
        "crop": crop,
        "training": json.dumps(training),
    }
    tensors = {
        name: value.detach().cpu().contiguous() for name, value in network.network.state_dict().items()
    }
    write_atomic(path, [safetensors.torch.save(tensors, metadata)])


def load_embedder(path: Path) -> Embedder:
    """Read an embedder from a run's folder, a model.safetensors or a .pt / .pth checkpoint of InsightFace's networks.

    The latter takes crops as InsightFace aligns them. Raises FacewrightError when there is none, when the file is
    damaged and when another program wrote it.
    """
    if path.suffix in (".pt", ".pth") and not path.is_dir():
        network = load_backbone(path)
        return Embedder(path.stem, ARCFACE_112.name, ARCFACE_112.size_px, network.eval(), {})
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        unfinished = " (the run is not finished)" if (path / "checkpoint.pt").exists() else ""
        raise FacewrightError(f"{file}: not found{unfinished}, expected a trained model")
    try:
        with safetensors.safe_open(file, framework="pt") as opened:
            metadata = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise FacewrightError(f"{file}: {error}, expected a safetensors file") from None
    if metadata.get("format") != _FORMAT or metadata.get("crop") not in CROPS:
        found = f"format {metadata.get('format')}, crop {metadata.get('crop')}"
        raise FacewrightError(f"{file}: found {found}, expected {_FORMAT} and a known crop")
    try:
        config = cattrs.structure(json.loads(metadata["backbone"]), BackboneConfig)
        network = build_backbone(config)
        network.network.load_state_dict(tensors)
        name = file.parent.resolve().name if file.name == "model.safetensors" else file.stem
        training = json.loads(metadata["training"])
        stored_px = int(metadata["stored_px"])
    except (KeyError, ValueError, TypeError, RuntimeError, cattrs.BaseValidationError) as error:
        reason = first_line(error)
        raise FacewrightError(f"{file}: {reason}, expected a network of this version") from None
    return Embedder(name, metadata["crop"], stored_px, network.eval(), training)
