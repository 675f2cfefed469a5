"""Commands of the recognition room: train, embed, export."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tyro

from facewright.cli.words import typed_option
from facewright.errors import FacewrightError
from facewright.recognition.augment import RECIPES, RecipeName
from facewright.recognition.config import TrainConfig
from facewright.recognition.presets import PRESETS, PresetName

__all__ = ["embed", "export", "train", "train_command"]

T = TypeVar("T")


def train(
    data: tyro.conf.Positional[tuple[str, ...]],
    out: Path,
    preset: PresetName = "fast-cpu",
    recipe: RecipeName | None = None,
    domain_mixup: str | None = None,
    validate: str | None = None,
    exclude: Path | None = None,
    config: Annotated[TrainConfig, tyro.conf.arg(name="")] = TrainConfig(),  # noqa: B008  (frozen)
) -> None:
    """Train an embedding network on one or more data sets. Stopped at any moment, the same command goes on.

    A data set is typed as its path, with what to take of it after commas: PHOTOS,images=5000 or
    PHOTOS,identities=1000,samples=10 (also least=N, seed=N, pick=first).

    Args:
        data: Data sets: shards of `generate`, or folders with one folder of images for each person.
        out: Folder of the run.
        preset: Settings to begin with; options typed beside it win.
        recipe: Augmentation to begin with, instead of the preset's.
        domain_mixup: Photographs to blend into the images of `data` (SynFace's domain mixup), typed as a data set.
        validate: Development set of other people, measured after each epoch, typed as a data set.
        exclude: Names of people to leave out of all data sets, e.g. those of a benchmark: one a line.
        config: How to train, and for how long.
    """
    from facewright.recognition.train import TrainingData
    from facewright.recognition.train import train as train_network

    print(train_network(config, TrainingData(data, domain_mixup, exclude, validate), out))


def embed(
    folder: tyro.conf.Positional[Path],
    model: Path,
    out: Path,
    photos: bool = False,
    workers: int | None = None,
) -> None:
    """Write the embedding of every image of a folder, with its path, to a Parquet file.

    Args:
        folder: Folder of images, searched to any depth.
        model: Folder of a training run, a .safetensors checkpoint, a .pth of InsightFace's networks or an .onnx model.
        out: Parquet file to write: path, face_found, embedding (float32, of length 1).
        photos: Images are photographs, to find a face in and align; otherwise they are square crops already.
        workers: Threads; by default one for each core.
    """
    from facewright.evaluation.embed_folder import embed_folder
    from facewright.machine import available_cores

    count = embed_folder(folder, model, out, photos, available_cores() if workers is None else workers)
    print(f"{out}: {count} embeddings")


def export(
    run: tyro.conf.Positional[Path],
    out: tyro.conf.Positional[Path],
    format: Literal["onnx", "safetensors"] | None = None,
) -> None:
    """Write a trained network for other programs: ONNX, or safetensors of the bare weights.

    Args:
        run: Folder of a training run, or its model.safetensors.
        out: File to write.
        format: By default what the file's suffix says.
    """
    from facewright.recognition.export import export_onnx, export_weights

    kind = format or out.suffix.removeprefix(".")
    if kind not in ("onnx", "safetensors"):
        raise FacewrightError(f"{out}: found no format, expected a .onnx or .safetensors file or --format")
    (export_onnx if kind == "onnx" else export_weights)(run, out)
    print(out)


def train_command(arguments: Sequence[str]) -> Callable[..., Any]:
    """`train`, with the defaults of the preset and the recipe that are typed."""
    config = PRESETS.get(typed_option(arguments, "--preset") or "fast-cpu", TrainConfig())  # type: ignore[call-overload]
    recipe = RECIPES.get(typed_option(arguments, "--recipe"))  # type: ignore[call-overload]
    if typed_option(arguments, "--minutes") is not None:
        config = replace(config, epochs=None)
    return functools.partial(train, config=config if recipe is None else replace(config, augment=recipe))
