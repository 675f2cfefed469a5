"""The command line: the only place that parses arguments."""

from __future__ import annotations

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
from facewright.cli.drawing import drawing_commands
from facewright.cli.training import embed, export, train, train_command
from facewright.cli.words import REGISTRY
from facewright.evaluation.embedders import SFACE_INPUT, SFACE_THRESHOLD, OnnxInput
from facewright.evaluation.faces import SelectionOptions
from facewright.formats.storage import Place
from facewright.machine import available_cores

__all__ = ["main"]


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
        model: Folder of a training run, a .safetensors checkpoint, a .pth of InsightFace's networks or an .onnx model.
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
            drawing_commands(arguments) | COMMANDS | {"train": train_command(arguments)},
            prog="facewright",
            description="Faces of people who do not exist: generate a training set, train on it, measure the result.",
            args=arguments,
            registry=REGISTRY,
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
