"""Weights of other runs and other programs, loaded into a network by their parameters' names."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from facewright.errors import FacewrightError, first_line
from facewright.recognition.backbones import Backbone, build_backbone
from facewright.recognition.backbones.iresnet import SYNFACE_NAMES
from facewright.recognition.config import BackboneConfig, BackboneName

__all__ = ["load_backbone", "load_weights", "read_tensors"]

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


def load_backbone(path: Path) -> Backbone:
    """The network with inputs of 112x112 whose weights a .pt / .pth checkpoint holds, known by their names and shapes.

    Raises FacewrightError when the file cannot be read and when it belongs to no such network.
    """
    found = {name: value.shape for name, value in _renamed(read_tensors(path)).items()}
    configs = [config for config in map(BackboneConfig, get_args(BackboneName)) if config.size == (112, 112)]
    fitting = {}
    for config in configs:
        with torch.device("meta"):
            tensors = build_backbone(config).network.state_dict()
        needed = {n: t.shape for n, t in tensors.items() if not n.endswith("num_batches_tracked")}
        if needed.items() <= found.items():
            fitting[len(needed)] = config  # all tensors of IResNet-18 are in IResNet-34 too
    if not fitting:
        names = ", ".join(config.name for config in configs)
        raise FacewrightError(
            f"{path}: found tensors of no known network, expected weights of one of {names}"
        )
    network = build_backbone(fitting[max(fitting)])
    load_weights(network, path)
    return network


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a run's folder, a .safetensors file or a PyTorch checkpoint (read without running its code)."""
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise FacewrightError(f"{file}: not found, expected a run, a .safetensors or a .pt checkpoint")
    try:
        if file.suffix == ".safetensors":
            return dict(safetensors.torch.load_file(file))
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:  # its text advises to run the file's code
        raise FacewrightError(f"{file}: holds something else than tensors, expected a checkpoint") from None
    except (safetensors.SafetensorError, OSError, RuntimeError, EOFError) as error:
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
