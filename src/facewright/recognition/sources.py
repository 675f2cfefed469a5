"""Which images to train on: data sets with what to take of each, their labels side by side.

A source is typed as its path, with options after commas: `photos,identities=1000,samples=10,seed=3`. The path of a
configuration, a .json file that `facewright config` printed, stands for the images that it describes: they are drawn.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int64

from facewright import formats
from facewright.dataset.drawn import DrawnReader
from facewright.errors import FacewrightError
from facewright.formats.base import DatasetReader
from facewright.formats.folder import FolderReader
from facewright.formats.storage import Place, place
from facewright.formats.tables import column_names, read_columns
from facewright.recognition.targets import Targets

__all__ = [
    "Selection",
    "Source",
    "class_names",
    "fingerprint",
    "join_targets",
    "open_sources",
    "read_exclusions",
]

_HASHED_IMAGES = 64


@dataclass(frozen=True)
class Source:
    """A data set and the part of it to take: some images, or some people with so many images of each, or all.

    Subsets of one seed are nested: 1,000 images are among the 5,000 of the same seed.
    """

    path: Place
    images: int | None = None
    """Random images of the whole set."""
    identities: int | None = None
    """People."""
    samples: int | None = None
    """Images of each person at most."""
    least: int = 1
    """Leave out people with fewer images than this."""
    seed: int = 1
    pick: Literal["random", "first"] = "random"
    """first: people and images in stored order, as SynFace takes its real ones."""

    @staticmethod
    def parse(text: str) -> Source:
        """Read `PATH[,images=N][,identities=N][,samples=N][,least=N][,seed=N][,pick=first]`."""
        names = "|".join(field.name for field in fields(Source)[1:])
        options: dict[str, str] = {}
        while match := re.fullmatch(rf"(.+),({names})=(\w+)", text):
            text, name, value = match.groups()
            options[name] = value
        try:
            numbers = {name: int(value) for name, value in options.items() if name != "pick"}
        except ValueError:
            raise FacewrightError(f"{text}: found options {options}, expected integers") from None
        pick = options.get("pick", "random")
        if pick not in ("random", "first"):
            raise FacewrightError(f"{text}: found pick={pick}, expected random or first")
        return Source(place(text), **numbers, pick="first" if pick == "first" else "random")

    def __post_init__(self) -> None:
        for name in ("images", "identities", "samples", "least"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise FacewrightError(f"{self.path}: found {name}={value}, expected 1 or more")
        if self.images is not None and (self.identities is not None or self.samples is not None):
            raise FacewrightError(f"{self.path}: expected images=N or identities=N,samples=N, not both")

    def choose(self, labels: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " rows"]:
        """Rows to take of a set with these labels, ascending. Raises FacewrightError when there are too few."""
        rng = np.random.default_rng(self.seed)
        counts = np.bincount(labels)
        people = np.flatnonzero(counts >= self.least)
        order = np.arange(len(labels)) if self.pick == "first" else rng.permutation(len(labels))
        if self.pick == "random":
            people = rng.permutation(people)
        if self.identities is not None:
            self._require("identities", self.identities, len(people), "people")
            people = people[: self.identities]
        order = order[np.isin(labels[order], people)]
        if self.samples is not None:
            order = order[_position_in_class(labels[order]) < self.samples]
        if self.images is not None:
            self._require("images", self.images, len(order), "images")
            order = order[: self.images]
        return np.sort(order)

    def _require(self, name: str, wanted: int, there: int, things: str) -> None:
        if wanted > there:
            raise FacewrightError(f"{self.path}: found {there} {things}, expected at least {name}={wanted}")


def _position_in_class(labels: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """How many entries with the same label come before each entry."""
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    positions = np.empty(len(labels), np.int64)
    positions[order] = np.arange(len(labels)) - starts[labels[order]]
    return positions


@dataclass(frozen=True)
class Selection:
    """The chosen images of one data set: `rows` of the reader and what they are labelled with, 0 .. classes - 1."""

    reader: DatasetReader
    rows: Int64[np.ndarray, " n"]
    targets: Targets
    classes: int

    def __len__(self) -> int:
        return len(self.rows)


def open_sources(sources: Sequence[Source], exclude: Collection[str] = ()) -> tuple[Selection, ...]:
    """Open each data set and choose its images, people named in `exclude` left out.

    Raises FacewrightError for missing, repeated and empty sets and labels out of range.
    """
    if not sources:
        raise FacewrightError("data: found no data sets, expected at least one")
    resolved = [source.path.resolve() for source in sources]
    for index, source in enumerate(sources):
        if resolved[index] in resolved[:index]:
            raise FacewrightError(f"{source.path}: given twice, expected different data sets")
    return tuple(_select(source, exclude) for source in sources)


def _select(source: Source, exclude: Collection[str]) -> Selection:
    drawn = source.path.suffix == ".json"
    reader: DatasetReader = DrawnReader(source.path) if drawn else formats.open_dataset(source.path)
    if len(reader) == 0:
        raise FacewrightError(f"{source.path}: found no images, expected at least one")
    if isinstance(reader, FolderReader) and reader.empty:
        found = f"class {reader.empty[0]} has no images"
        raise FacewrightError(f"{source.path}: {found}, expected at least one, or no such folder")
    targets = _stored_targets(reader)
    left = np.arange(len(reader))
    if exclude:
        unwanted = [label for label, name in enumerate(class_names(reader)) if name in exclude]
        left = np.flatnonzero(~np.isin(reader.labels, unwanted))
    rows = left[source.choose(np.asarray(reader.labels, np.int64)[left])]
    if not len(rows):
        raise FacewrightError(f"{source.path}: found no images of people that are wanted, expected some")
    chosen = targets[rows]
    people, labels = np.unique(chosen.labels, return_inverse=True)
    return Selection(reader, rows, Targets(labels.reshape(chosen.labels.shape), chosen.weights), len(people))


def _stored_targets(reader: DatasetReader) -> Targets:
    """A set's labels; of two people with weights where its tables say so (identity mixup)."""
    targets = Targets.of_people(np.asarray(reader.labels, np.int64))
    targets.check(reader.classes, str(reader.path))
    counts = np.bincount(targets.labels[:, 0], minlength=reader.classes)
    if not counts.all():
        raise FacewrightError(
            f"{reader.path}: class {int(np.argmin(counts))} has no images, expected at least one"
        )
    names = ("label", "label_b", "weight")
    if not {*names} <= {*column_names(reader)}:
        return targets
    columns = read_columns(reader, names)
    targets = Targets.of_pairs(*(columns[name] for name in names))
    targets.check(int(targets.labels.max()) + 1, str(reader.path))
    return targets


def class_names(reader: DatasetReader) -> list[str]:
    """The name of each class: its folder, also within a tar; its number where there is none."""
    names = [str(label) for label in range(reader.classes)]
    for label, row in zip(*np.unique(reader.labels, return_index=True), strict=True):
        folder, slash, _ = reader.key(int(row)).rpartition("/")
        if slash and label < len(names):
            names[label] = folder.rpartition("/")[2]
    return names


def read_exclusions(path: Path) -> frozenset[str]:
    """Names of people to leave out, one a line; empty lines and lines that begin with # are ignored."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FacewrightError(f"{path}: cannot be read ({error}), expected one name a line") from None
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def join_targets(selections: Sequence[Selection]) -> tuple[Targets, int]:
    """The targets of all sets one after the other, and the number of classes.

    Classes of different data sets are different people: each set's labels start where the last one's ended.
    """
    people = max(selection.targets.labels.shape[1] for selection in selections)
    labels: list[Int64[np.ndarray, "n k"]] = []
    weights: list[Float32[np.ndarray, "n k"]] = []
    classes = 0
    for selection in selections:
        targets = selection.targets.widened(people)
        labels.append(targets.labels + classes)
        weights.append(targets.weights)
        classes += selection.classes
    if classes < 2:
        raise FacewrightError(f"{selections[0].reader.path}: found {classes} class, expected at least 2")
    return Targets(np.concatenate(labels), np.concatenate(weights)), classes


def fingerprint(selections: Sequence[Selection]) -> str:
    """A hash of all labels and of some images spread over each data set: another data set has another one."""
    digest = hashlib.sha256()
    for selection in selections:
        digest.update(selection.targets.labels.tobytes() + selection.targets.weights.tobytes())
        for position in np.unique(np.linspace(0, len(selection) - 1, _HASHED_IMAGES).astype(int)):
            digest.update(selection.reader.read(int(selection.rows[position])))
    return digest.hexdigest()
