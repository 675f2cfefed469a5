"""The command line: the only place that parses arguments."""

from __future__ import annotations

import functools
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from facewright import FacewrightError, __version__
from facewright.cli.datasets import convert, inspect, verify
from facewright.cli.training import embed, export, train, train_command
from facewright.dataset import DatasetConfig, Depth, parse_plan, with_plan
from facewright.distributions import Distribution, format_distribution, parse_distribution
from facewright.evaluation.embedders import SFACE_INPUT, SFACE_THRESHOLD, OnnxInput
from facewright.evaluation.faces import SelectionOptions
from facewright.formats.storage import Place, place
from facewright.machine import available_cores
from facewright.scenes.grid import Axis, format_axis, parse_axis

__all__ = ["main"]

# Options are typed without a prefix: --yaw-deg -90..90 --age 20..60.
Settings = Annotated[DatasetConfig, tyro.conf.arg(name=""), tyro.conf.OmitArgPrefixes]
PREVIEW = DatasetConfig(people=8, samples=6)


def generate(
    out: tyro.conf.Positional[Place],
    settings: Settings = DatasetConfig(),  # noqa: B008  (frozen)
    format: Literal["webdataset", "folder"] = "webdataset",
    workers: int | None = None,
    plan: str | None = None,
    config: Path | None = None,
) -> None:
    """Draw a labelled data set. Stopped at any moment, the same command goes on where it stopped.

    Args:
        out: Folder of the data set, or another place: s3://BUCKET/NAME, gs://BUCKET/NAME.
        settings: Which people, how often, and how everything varies.
        format: Tar shards, or one folder for each person.
        workers: Processes; by default one for each core.
        plan: People and images of each in one word, 4000x50+60000x5, instead of --people and --samples.
        config: Settings to begin with, a file that `facewright config` wrote; options typed beside it win.
    """
    from facewright.dataset import generate as generate_dataset

    cores = available_cores() if workers is None else workers
    generate_dataset(out, _planned(settings, plan), format=format, workers=cores)


def preview(
    sheet: tyro.conf.Positional[Path],
    settings: Settings = PREVIEW,
    config: Path | None = None,
) -> None:
    """Draw a contact sheet: a row for each person, a column for each variation.

    With --mixup: a row for each two people, eleven steps from one to the other.

    Args:
        sheet: PNG to write.
        settings: As for generate: the same people.
        config: As for generate.
    """
    from facewright.dataset import preview as draw_preview
    from facewright.dataset import preview_mixup

    if settings.mixup.mixup:
        preview_mixup(settings, sheet)
        print(f"{sheet}: {settings.people // 2} pairs of people, 11 steps each")
        return
    draw_preview(settings, sheet)
    print(f"{sheet}: {settings.people} people, {settings.samples} images each")


def config(
    settings: Settings = DatasetConfig(),  # noqa: B008  (frozen)
    plan: str | None = None,
    config: Path | None = None,
) -> None:
    """Print the settings that `generate` would use, complete, as JSON for --config.

    Args:
        settings: As for generate.
        plan: As for generate.
        config: As for generate.
    """
    from facewright.dataset import to_json

    print(to_json(_planned(settings, plan)), end="")


def evaluate(
    model: tyro.conf.Positional[Path],
    lfw: Path | None = None,
    pairs: Path | None = None,
    dev_pairs: Path | None = None,
    synthetic: Place | None = None,
    json: Path | None = None,
    flip: bool = True,
    workers: int | None = None,
) -> None:
    """Measure a model on LFW's protocol or on a held-out data set of other people.

    Args:
        model: Folder of a training run, a .safetensors checkpoint or an .onnx model.
        lfw: Folder of LFW's photos, one folder for each person.
        pairs: LFW's pairs.txt (ten folds) or pairsDevTest.txt.
        dev_pairs: Pairs that set the threshold where `pairs` has no folds; by default pairsDevTrain.txt beside it.
        synthetic: Data set of `generate` with people that the model has not seen: another --seed or --first-person.
        json: File for the figures.
        flip: Add the embedding of the mirrored crop.
        workers: Threads that detect faces; by default one for each core.
    """
    from facewright.evaluation.console import detection_progress, print_results
    from facewright.evaluation.embedders import open_embedder
    from facewright.evaluation.evaluate import EvaluationOptions, evaluate_lfw, evaluate_synthetic
    from facewright.evaluation.result import write_result
    from facewright.formats import open_dataset
    from facewright.machine import cache_folder

    cores = available_cores() if workers is None else workers
    options = EvaluationOptions(flip=flip, workers=cores, cache=cache_folder())
    if json is not None and not json.absolute().parent.is_dir():
        raise FacewrightError(f"{json}: cannot be written: folder {json.absolute().parent} does not exist")
    if lfw is not None and pairs is not None and synthetic is None:
        with detection_progress() as progress:
            result = evaluate_lfw(open_embedder(model), lfw, pairs, dev_pairs, options, progress)
    elif synthetic is not None and lfw is None and pairs is None:
        result = evaluate_synthetic(open_embedder(model), open_dataset(synthetic), options=options)
    else:
        raise FacewrightError(
            "evaluate: expected either --lfw FOLDER and --pairs FILE, or --synthetic DATASET"
        )
    print_results([result])
    if json is not None:
        write_result(json, result)


def analyze(
    what: tyro.conf.Positional[Literal["separability"]],
    dataset: tyro.conf.Positional[Path],
    judge: Path,
    threshold: float = SFACE_THRESHOLD,
    real: Path | None = None,
    out: Path | None = None,
    judge_input: Annotated[OnnxInput, tyro.conf.arg(name="")] = SFACE_INPUT,
    selection: Annotated[SelectionOptions, tyro.conf.arg(name="")] = SelectionOptions(),  # noqa: B008  (frozen)
) -> None:
    """Show how different the people of a data set are to a recogniser, and how alike each person's images.

    The judge's input is by default what OpenCV Zoo's SFace takes: RGB 0 .. 255, 112 x 112 px.

    Args:
        what: separability: similarities of all pairs of images.
        dataset: Shards or folders of generate, or one folder of images for each person.
        judge: The recogniser, an .onnx file.
        threshold: Cosine similarity from which the judge calls two faces one person; SFace's own by default.
        real: Photos or crops of real people, to show their figures beside.
        out: Folder for separability.json and the pictures; by default only the table is printed.
        judge_input: What the judge expects.
        selection: Which images are looked at.
    """
    from facewright.evaluation.analyze import analyze_set, open_judge, write_analysis
    from facewright.evaluation.console import detection_progress, print_separability

    opened = open_judge(judge, judge_input, threshold, available_cores())
    chosen = {dataset: selection} | ({} if real is None else {real: replace(selection, max_yaw=None)})
    reports = []
    for path, options in chosen.items():
        with detection_progress(str(path)) as progress:
            reports.append(analyze_set(opened, path, options, available_cores(), progress))
    print_separability(reports, opened)
    if out is not None:
        write_analysis(out, opened, reports, asdict(selection))
        print(f"{out}: separability.json, separability.png, closest.png, furthest.png")


def demo(
    out: Path,
    people: int = 500,
    samples: int = 30,
    minutes: float = 4.0,
    seed: int = 1,
    lfw: Path | None = None,
    pairs: Path | None = None,
) -> None:
    """Generate people, train on them, measure, and write one page about it: about ten minutes.

    Args:
        out: Folder for everything; a second call does only what is missing.
        people: People to train on.
        samples: Images of each.
        minutes: Training time.
        seed: Of everything.
        lfw: Also measure on LFW: the folder of its photos.
        pairs: The pairs file that goes with it.
    """
    from facewright.demo import DemoConfig
    from facewright.demo import demo as run_demo

    config = DemoConfig(people, samples, minutes, seed, lfw=lfw, pairs=pairs)
    report = run_demo(out, config, available_cores(), command=f"facewright {shlex.join(sys.argv[1:])}")
    print(f"report: {report}")


COMMANDS: dict[str, Callable[..., Any]] = {
    "generate": generate,
    "preview": preview,
    "config": config,
    "convert": convert,
    "inspect": inspect,
    "verify": verify,
    "train": train,
    "embed": embed,
    "export": export,
    "evaluate": evaluate,
    "analyze": analyze,
    "demo": demo,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, 2 for bad input (one line on standard error) or 130 for Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments == ["--version"]:
        print(f"facewright {__version__}")
        return 0
    try:
        tyro.extras.subcommand_cli_from_dict(
            _starting_from(_typed_config(arguments)) | {"train": train_command(arguments)},
            prog="facewright",
            description="Faces of people who do not exist: generate a training set, train on it, measure the result.",
            args=arguments,
            registry=_REGISTRY,
        )
    except FacewrightError as error:
        print(f"facewright: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt as error:
        print(f"facewright: {str(error) or 'stopped'}", file=sys.stderr)
        return 130
    return 0


def _typed_config(arguments: Sequence[str]) -> DatasetConfig | None:
    """The settings in the file that --config names: they are the defaults of all other options."""
    from facewright.dataset import from_json

    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--config" or word.startswith("--config="):
            file = Path(word.removeprefix("--config=") if "=" in word else following)
            try:
                return from_json(file.read_text(), str(file))
            except OSError as error:
                raise FacewrightError(f"{file}: cannot be read: {error.strerror}") from error
    return None


def _planned(settings: DatasetConfig, plan: str | None) -> DatasetConfig:
    return settings if plan is None else with_plan(settings, parse_plan(plan))


def _starting_from(base: DatasetConfig | None) -> dict[str, Callable[..., Any]]:
    """The commands, with the defaults of `settings` taken from `base`."""
    if base is None:
        return COMMANDS
    sheet = replace(base, people=min(base.people, PREVIEW.people), samples=min(base.samples, PREVIEW.samples))
    return COMMANDS | {
        "generate": functools.partial(generate, settings=base),
        "preview": functools.partial(preview, settings=sheet),
        "config": functools.partial(config, settings=base),
    }


def _typed_words() -> tyro.constructors.ConstructorRegistry:
    """A registry that reads from one word each: distributions, the axes of a grid, depths."""
    registry = tyro.constructors.ConstructorRegistry()
    kinds: list[tuple[Any, str, Callable[[str], Any], Callable[[Any], str]]] = [
        (Distribution, "DISTRIBUTION", parse_distribution, format_distribution),
        (Place, "ADDRESS", place, str),
        (Axis, "AXIS", parse_axis, format_axis),
        (
            Depth,
            "PEOPLExSAMPLES",
            lambda word: parse_plan(word)[0],
            lambda depth: f"{depth.people}x{depth.samples}",
        ),
    ]
    for kind, metavar, parse, format_word in kinds:
        _add_word(registry, kind, metavar, parse, format_word)
    return registry


def _add_word(
    registry: tyro.constructors.ConstructorRegistry,
    kind: Any,
    metavar: str,
    parse: Callable[[str], Any],
    format_word: Callable[[Any], str],
) -> None:
    @registry.primitive_rule
    def _word(
        info: tyro.constructors.PrimitiveTypeInfo,
    ) -> tyro.constructors.PrimitiveConstructorSpec[Any] | None:
        if info.type not in (kind, kind | None):
            return None
        optional = info.type != kind
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs=1,
            metavar=metavar,
            instance_from_str=lambda words: None if optional and words[0] == "None" else parse(words[0]),
            is_instance=lambda value: isinstance(value, kind) or (optional and value is None),
            str_from_instance=lambda value: ["None" if value is None else format_word(value)],
        )


_REGISTRY = _typed_words()
