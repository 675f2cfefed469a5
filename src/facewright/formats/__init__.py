"""Containers of labelled images: one reader and one writer interface."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

from upath import UPath

from facewright.errors import FacewrightError
from facewright.formats.annotations import read_annotations
from facewright.formats.base import DatasetReader, Sample, ShardWriter
from facewright.formats.bin import BinReader
from facewright.formats.folder import FolderReader, FolderWriter, has_class_folders
from facewright.formats.insightface import InsightFaceReader, InsightFaceWriter
from facewright.formats.manifest import read_manifest
from facewright.formats.storage import Place, place, storage_errors
from facewright.formats.webdataset import WebDatasetReader, WebDatasetWriter

__all__ = [
    "READERS",
    "WHOLE",
    "WRITERS",
    "DatasetReader",
    "Place",
    "Sample",
    "ShardWriter",
    "open_dataset",
    "place",
    "read_annotations",
]

READERS: dict[str, Callable[[Place], DatasetReader]] = {
    "webdataset": WebDatasetReader,
    "folder": FolderReader,
    "insightface": InsightFaceReader,
    "bin": BinReader,
}
WRITERS: dict[str, type[ShardWriter]] = {
    "webdataset": WebDatasetWriter,
    "folder": FolderWriter,
    "insightface": InsightFaceWriter,
}
WHOLE = {"insightface"}
"""Formats that have one file for the whole data set: their only shard is called `train`."""

_FILES = {".tar": "webdataset", ".rec": "insightface", ".bin": "bin"}


def open_dataset(address: str | PathLike[str] | UPath) -> DatasetReader:
    """Open a labelled image set, recognised by what lies there.

    Accepts a finished facewright data set, a folder of tar shards, one .tar shard, `<class>/<image>` folders, also
    within .tar files, a folder with a .rec file, one .rec file, or a .bin file of pairs.
    Raises FacewrightError with one line for anything else.
    """
    path = place(address)
    with storage_errors(path):
        return READERS[_recognise(path)](path)


def _recognise(path: Place) -> str:
    if not path.exists():
        raise FacewrightError(f"{path}: not found, expected a data set")
    if path.suffix in _FILES and path.is_file():
        return _FILES[path.suffix]
    if path.is_dir():
        manifest = read_manifest(path)
        if manifest is not None:
            if manifest.format not in READERS:
                raise FacewrightError(
                    f"{path}: format is '{manifest.format}', expected {' or '.join(READERS)}"
                )
            return manifest.format
        suffixes = {child.suffix for child in path.iterdir()}
        for suffix in (".tar", ".rec"):
            if suffix in suffixes:
                return _FILES[suffix]
        if has_class_folders(path):
            return "folder"
    raise FacewrightError(
        f"{path}: not a data set: expected a .tar file, a folder of .tar files, <class>/*.jpg|jpeg|png folders, "
        "a .rec file or a .bin file"
    )
