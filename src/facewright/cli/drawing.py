"""Commands that draw: generate, preview, render, config, redraw, and pairs of what was drawn."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from facewright.cli.words import typed_option
from facewright.dataset import DatasetConfig, parse_plan, with_plan
from facewright.errors import FacewrightError
from facewright.formats.storage import Place
from facewright.machine import available_cores
from facewright.people.mixup import MixupConfig

__all__ = ["drawing_commands"]

# Options are typed without a prefix: --yaw-deg -90..90 --age 20..60.
Settings = Annotated[DatasetConfig, tyro.conf.arg(name=""), tyro.conf.OmitArgPrefixes]
DatasetName = Literal["syn-1m", "syn-front", "syn-2m", "syn-10k-50", "digiface", "multi-pie-like", "lfw-like"]
_PREVIEW = DatasetConfig(people=8, samples=6)


def generate(
    out: tyro.conf.Positional[Place],
    settings: Settings = DatasetConfig(),  # noqa: B008  (frozen)
    format: Literal["webdataset", "folder"] = "webdataset",
    workers: int | None = None,
    plan: str | None = None,
    preset: DatasetName | None = None,
    config: Path | None = None,
    pfig: Path | None = None,
    pfig_exact: bool = False,
) -> None:
    """Draw a labelled data set. Stopped at any moment, the same command goes on where it stopped.

    Args:
        out: Folder of the data set, or another place: s3://BUCKET/NAME, gs://BUCKET/NAME.
        settings: Which people, how often, and how everything varies.
        format: Tar shards, or one folder for each person.
        workers: Processes; by default one for each core.
        plan: People and images of each in one word, 4000x50+60000x5, instead of --people and --samples.
        preset: A paper's or a benchmark's data set to begin with (docs/controls.md); options typed beside it win.
        config: Settings to begin with, a file that `facewright config` wrote; options typed beside it win.
        pfig: Settings to begin with and files to write, a configuration of the parametric-face-image-generator, format
            V1.0 (docs/pfig.md); options typed beside it win. --format means nothing then.
        pfig_exact: Keep those of that software's defects that change images.
    """
    if pfig is not None:
        _generate_pfig(out, planned(settings, plan), pfig, pfig_exact, workers)
        return
    from facewright.dataset import generate as generate_dataset

    cores = available_cores() if workers is None else workers
    generate_dataset(out, planned(settings, plan), format=format, workers=cores)


def preview(
    sheet: tyro.conf.Positional[Path],
    settings: Settings = _PREVIEW,
    preset: DatasetName | None = None,
    config: Path | None = None,
    pfig: Path | None = None,
    pfig_exact: bool = False,
) -> None:
    """Draw a contact sheet: a row for each person, a column for each variation.

    With --mixup: a row for each two people, eleven steps from one to the other.

    Args:
        sheet: PNG to write.
        settings: As for generate: the same people.
        preset: As for generate.
        config: As for generate.
        pfig: As for generate.
        pfig_exact: As for generate.
    """
    from facewright.dataset import preview as draw_preview
    from facewright.dataset import preview_mixup

    if settings.mixup.mixup:
        preview_mixup(settings, sheet)
        print(f"{sheet}: {settings.people // 2} pairs of people, 11 steps each")
        return
    draw_preview(settings, sheet)
    print(f"{sheet}: {settings.people} people, {settings.samples} images each")


def render(
    figure: tyro.conf.Positional[Path],
    settings: Settings = DatasetConfig(people=1, samples=1, crop="frame224"),  # noqa: B008  (frozen)
    buffers: str = "depth,normals,albedo,irradiance,segmentation,reference",
    npz: Path | None = None,
    preset: DatasetName | None = None,
    config: Path | None = None,
) -> None:
    """Draw one scene with its ground truth: depth, normals, segmentation, landmarks and more, side by side.

    Args:
        figure: PNG to write, of the first person's first scene.
        settings: As for generate: the same people.
        buffers: Which of depth, normals, albedo, irradiance, segmentation, uv, reference, triangle, barycentric.
        npz: File for the arrays themselves, of all samples of the first person, with landmarks and cameras.
        preset: As for generate.
        config: As for generate.
    """
    from facewright.dataset.drawing import annotate_person
    from facewright.render.figure import draw_figure, save_arrays

    names = tuple(buffers.split(","))
    renderings = annotate_person(settings, settings.first_person)
    draw_figure(figure, renderings, names)
    print(f"{figure}: image, landmarks, {', '.join(names)}")
    if npz is not None:
        save_arrays(npz, renderings, names)
        print(f"{npz}: arrays of {len(renderings.images)} scenes")


def config(
    settings: Settings = DatasetConfig(),  # noqa: B008  (frozen)
    plan: str | None = None,
    preset: DatasetName | None = None,
    config: Path | None = None,
    pfig: Path | None = None,
    pfig_exact: bool = False,
) -> None:
    """Print the settings that `generate` would use, complete, as JSON for --config.

    Args:
        settings: As for generate.
        plan: As for generate.
        preset: As for generate.
        config: As for generate.
        pfig: As for generate.
        pfig_exact: As for generate.
    """
    from facewright.dataset import to_json

    print(to_json(planned(settings, plan)), end="")


def redraw(
    rps: tyro.conf.Positional[tuple[Path, ...]],
    out: Path,
    model: str | None = None,
    pfig_exact: bool = False,
) -> None:
    """Draw the images of .rps files of the parametric-face-image-generator again, as PNGs.

    Args:
        rps: Files of any version, 1.0 to 4.0.
        out: Folder for the images.
        model: Head model, as for generate; by default the one that a file names, or the embedded head.
        pfig_exact: Spherical harmonics on a Lambertian surface alone, as that software draws.
    """
    from facewright.pfig import redraw as redraw_file

    out.mkdir(parents=True, exist_ok=True)
    for file in rps:
        redraw_file(file, out / f"{file.stem}.png", model, pfig_exact)
    print(f"{out}: {len(rps)} images")


def pairs(
    dataset: tyro.conf.Positional[Place], out: Path, folds: int = 10, pairs: int = 300, seed: int = 0
) -> None:
    """Write a list of pairs of a data set's images in the format of LFW's pairs.txt.

    `facewright evaluate MODEL --lfw DATASET --pairs OUT` measures on a set that was drawn with --format folder.

    Args:
        dataset: Data set of `generate`.
        out: File to write.
        folds: How many folds; each has people of its own.
        pairs: Pairs of one person, and pairs of two people, in each fold.
        seed: Of the choice.
    """
    from facewright.dataset.config_io import from_fields
    from facewright.dataset.pairs import write_pairs
    from facewright.formats.manifest import CONFIG, read_json

    settings = from_fields(read_json(dataset / CONFIG)["config"], str(dataset / CONFIG))
    print(f"{out}: {write_pairs(settings, out, folds, pairs, seed)} pairs")


def _generate_pfig(out: Place, settings: DatasetConfig, file: Path, exact: bool, workers: int | None) -> None:
    from facewright.pfig import generate_pfig, read_pfig

    if settings.annotations:
        raise FacewrightError(
            f"annotations: found {','.join(settings.annotations)}, expected none with --pfig, "
            "whose file has rendering-methods"
        )
    if not isinstance(out, Path):
        raise FacewrightError(f"{out}: found an address, expected a folder of this machine for --pfig")
    job = replace(read_pfig(file, exact), dataset=settings)
    if job.ignored:
        print(f"{file}: passed over: {', '.join(job.ignored)}")
    generate_pfig(out, job, available_cores() if workers is None else workers)


def planned(settings: DatasetConfig, plan: str | None) -> DatasetConfig:
    return settings if plan is None else with_plan(settings, parse_plan(plan))


def drawing_commands(arguments: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """The commands, the defaults of their settings taken from what --preset or --config among `arguments` names.

    Raises FacewrightError for a file that cannot be read.
    """
    commands: dict[str, Callable[..., Any]] = {
        "generate": generate,
        "preview": preview,
        "render": render,
        "config": config,
        "pairs": pairs,
        "redraw": redraw,
    }
    chosen = arguments[0] if arguments else ""
    base = _beginning(arguments) if chosen in ("generate", "preview", "render", "config") else None
    if base is None:
        return commands
    return commands | {chosen: functools.partial(commands[chosen], settings=_as_usual(chosen, base))}


def _as_usual(command: str, base: DatasetConfig) -> DatasetConfig:
    """The settings with as few people and images as a command draws where nothing is typed."""
    if command == "preview":
        samples = base.samples if base.sampler.grid else _PREVIEW.samples
        return replace(base, people=min(base.people, _PREVIEW.people), samples=samples, deeper=())
    if command == "render":
        samples = base.samples if base.sampler.grid else 1
        return replace(base, people=1, samples=samples, deeper=(), mixup=MixupConfig())
    return base


def _beginning(arguments: Sequence[str]) -> DatasetConfig | None:
    from facewright.dataset import from_json
    from facewright.pfig import read_pfig
    from facewright.recipes import DATASETS

    file, preset, pfig = (typed_option(arguments, option) for option in ("--config", "--preset", "--pfig"))
    base = None
    if pfig is not None:
        base = read_pfig(Path(pfig), "--pfig-exact" in arguments).dataset
    if file is not None:
        try:
            base = from_json(Path(file).read_text(), file)
        except OSError as error:
            raise FacewrightError(f"{file}: cannot be read: {error.strerror}") from error
    if preset in DATASETS:
        base = DATASETS[preset](base or DatasetConfig())
    if base is not None and typed_option(arguments, "--samples") is not None:
        base = replace(base, deeper=())  # so many images of everybody
    return base
