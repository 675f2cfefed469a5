"""A trained network for other programs."""

from __future__ import annotations

import io
import logging
import tempfile
import warnings
from pathlib import Path

import safetensors.torch
import torch

import facewright
from facewright.errors import FacewrightError
from facewright.formats.atomic import write_atomic
from facewright.recognition.embed import load_embedder

__all__ = ["export_onnx", "export_weights"]


def export_onnx(run: Path, out: Path) -> None:
    """Write a run's network as ONNX: input "images", float32 (n, 3, height, width) RGB scaled to -1 .. 1, any n; output
    "embeddings", float32 (n, embedding), not normalised unless the network does it.

    That is the convention of InsightFace's models. Raises FacewrightError when there is no trained network.
    """
    import onnx

    embedder = load_embedder(run)
    config = embedder.network.config
    sample = torch.zeros(2, 3, *config.size)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        file = Path(folder) / "model.onnx"
        torch.onnx.export(
            embedder.network.network,
            (sample,),
            file,
            input_names=["images"],
            output_names=["embeddings"],
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        model = onnx.load(file)
    about = {
        "producer": f"facewright {facewright.__version__}",
        "backbone": config.name,
        "crop": embedder.crop,
        "input": "RGB, 0 .. 255 scaled to -1 .. 1",
    }
    onnx.helper.set_model_props(model, about)
    buffer = io.BytesIO()
    onnx.save_model(model, buffer)
    _write(out, buffer.getvalue())


def export_weights(run: Path, out: Path) -> None:
    """Write a run's bare weights as safetensors, under the network's own parameter names (InsightFace's for
    IResNets)."""
    network = load_embedder(run).network.network
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    _write(out, safetensors.torch.save(tensors))


def _write(out: Path, data: bytes) -> None:
    if not out.absolute().parent.is_dir():
        raise FacewrightError(f"{out}: cannot be written: folder {out.absolute().parent} does not exist")
    write_atomic(out, [data])
