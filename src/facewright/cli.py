"""The command line: the only place that parses arguments."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from facewright import FacewrightError, __version__
from facewright.dataset import DatasetConfig
from facewright.scenes.distributions import Distribution, format_distribution, parse_distribution
from facewright.scenes.sampler import SamplerConfig

__all__ = ["main"]

# The scene's options are typed without a prefix: --yaw-deg uniform:-90:90.
Scene = Annotated[SamplerConfig, tyro.conf.arg(name="")]
CropName = Literal["arcface112", "facenet96"]


def generate(
    out: tyro.conf.Positional[Path],
    people: int = 500,
    samples: int = 30,
    seed: int = 1,
    first_person: int = 0,
    crop: CropName = "arcface112",
    format: Literal["webdataset", "folder"] = "webdataset",
    workers: int | None = None,
    scene: Scene = SamplerConfig(),  # noqa: B008  (frozen)
) -> None:
    """Draw a labelled data set. Stopped at any moment, the same command goes on where it stopped.

    Args:
        out: Folder of the data set.
        people: How many people.
        samples: Images of each.
        seed: The same seed gives the same bytes, with any number of workers.
        first_person: Index of the first person: other indices are other people of the same seed.
        crop: Alignment template and size of the images.
        format: Tar shards, or one folder for each person.
        workers: Processes; by default one for each core.
        scene: Distributions, typed constant:V, uniform:LOW:HIGH, normal:MEAN:STD or truncated_normal:MEAN:STD:LOW:HIGH.
    """
    from facewright.dataset import generate as generate_dataset

    config = DatasetConfig(people, samples, seed, first_person, crop, sampler=scene)
    generate_dataset(out, config, format=format, workers=workers or available_cores())


def preview(
    sheet: tyro.conf.Positional[Path],
    people: int = 8,
    samples: int = 6,
    seed: int = 1,
    first_person: int = 0,
    crop: CropName = "arcface112",
    scene: Scene = SamplerConfig(),  # noqa: B008  (frozen)
) -> None:
    """Draw a contact sheet: a row for each person, a column for each variation.

    Args:
        sheet: PNG to write.
        people: Rows.
        samples: Columns.
        seed: As for generate: the same people.
        first_person: Index of the first person.
        crop: Alignment template and size of the images.
        scene: Distributions, as for generate.
    """
    from facewright.dataset import preview as draw_preview

    draw_preview(DatasetConfig(people, samples, seed, first_person, crop, sampler=scene), sheet)
    print(f"{sheet}: {people} people, {samples} images each")


COMMANDS = {"generate": generate, "preview": preview}


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, 2 for bad input (one line on standard error) or 130 for Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments == ["--version"]:
        print(f"facewright {__version__}")
        return 0
    try:
        tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="facewright",
            description="Faces of people who do not exist: generate a training set, train on it, measure the result.",
            args=arguments,
            registry=_REGISTRY,
        )
    except FacewrightError as error:
        print(f"facewright: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"facewright: {error or 'stopped'}", file=sys.stderr)
        return 130
    return 0


def _typed_distributions() -> tyro.constructors.ConstructorRegistry:
    """A registry that reads a distribution from one word such as `uniform:-90:90`."""
    registry = tyro.constructors.ConstructorRegistry()

    @registry.primitive_rule
    def _distribution(
        info: tyro.constructors.PrimitiveTypeInfo,
    ) -> tyro.constructors.PrimitiveConstructorSpec[Distribution] | None:
        if info.type != Distribution:
            return None
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs=1,
            metavar="DISTRIBUTION",
            instance_from_str=lambda words: parse_distribution(words[0]),
            is_instance=lambda value: isinstance(value, Distribution),
            str_from_instance=lambda value: [format_distribution(value)],
        )

    return registry


_REGISTRY = _typed_distributions()
