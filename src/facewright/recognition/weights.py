"""Weights of other runs and other programs, loaded into a network by their parameters' names."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from facewright.errors import FacewrightError, first_line
from facewright.recognition.backbones import Backbone
from facewright.recognition.backbones.iresnet import SYNFACE_NAMES

__all__ = ["load_weights", "read_tensors"]

# Names under which training programs keep a network's tensors, and prefixes they put before each.
_CONTAINERS = ("state_dict", "state_dict_backbone", "model", "backbone")
_PREFIXES = ("module.", "backbone.", "network.", "model.")


def load_weights(network: Backbone, path: Path) -> None:
    """Load a run, a .safetensors or a .pt / .pth checkpoint into `network`; a classification head in it is ignored.

    IResNets take InsightFace's checkpoints, lresnet50e-ir SynFace's too. Raises FacewrightError when the file cannot be
    read or belongs to another architecture: nothing is loaded then.
    """
    found = _renamed(read_tensors(path))
    expected = network.network.state_dict()
    for name, value in expected.items():
        if name not in found and name.endswith("num_batches_tracked"):
            found[name] = value  # old checkpoints have none
        if name not in found:
            raise FacewrightError(f"{path}: has no {name}, expected weights of {network.config.name}")
        if found[name].shape != value.shape:
            shapes = f"{name} {list(found[name].shape)}, expected {list(value.shape)}"
            raise FacewrightError(
                f"{path}: found {shapes} as {network.config.name} has it for inputs of "
                f"{network.config.size[0]}x{network.config.size[1]}"
            )
    network.network.load_state_dict({name: found[name] for name in expected})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a run's folder, a .safetensors file or a PyTorch checkpoint (read without running its code)."""
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise FacewrightError(f"{file}: not found, expected a run, a .safetensors or a .pt checkpoint")
    try:
        if file.suffix == ".safetensors":
            return dict(safetensors.torch.load_file(file))
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (safetensors.SafetensorError, OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise FacewrightError(f"{file}: {first_line(error)}, expected a checkpoint") from None
    for name in _CONTAINERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(name), Mapping):
            loaded = loaded[name]
    if not isinstance(loaded, Mapping) or not loaded:
        raise FacewrightError(f"{file}: found a {type(loaded).__name__}, expected named tensors")
    return {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}


def _renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names without wrappers' prefixes, SynFace's names as ours."""
    out: dict[str, Tensor] = {}
    for name, value in tensors.items():
        while prefix := next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None):
            name = name.removeprefix(prefix)
        out[_translated(name)] = value
    return out


def _translated(name: str) -> str:
    # Blocks have a prelu1 too: SynFace's layer1.0.prelu1.weight is layer1.0.prelu.weight here.
    stem, _, last = name.rpartition(".")
    for theirs, ours in SYNFACE_NAMES.items():
        if stem == theirs:
            return f"{ours}.{last}"
    if stem.endswith(".prelu1"):
        return f"{stem.removesuffix('1')}.{last}"
    return name
