"""One folder of images per person, as most trainers and file managers expect."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64

from facewright.errors import FacewrightError
from facewright.formats.atomic import PARTIAL, FileRecord, write_folder_atomic
from facewright.formats.base import Sample, image_suffix
from facewright.formats.manifest import read_manifest
from facewright.formats.storage import Place, list_folders, read_all, storage_errors

__all__ = ["FolderReader", "FolderWriter", "has_class_folders"]

_SUFFIXES = (".jpg", ".jpeg", ".png")


class FolderWriter:
    """Writes the people of one shard: `<person>/<person>_<sample>.jpg`, each person's folder whole or not at all.

    Annotations lie beside their images as `<person>_<sample>.npz`.
    """

    def __init__(self, root: Place, shard: str) -> None:
        self._root = root
        self._people: dict[str, list[tuple[str, bytes]]] = {}

    def add(self, sample: Sample) -> None:
        person = sample.key.partition("_")[0]
        files = self._people.setdefault(person, [])
        files.append((f"{sample.key}.{image_suffix(sample.jpeg)}", sample.jpeg))
        if sample.annotations is not None:
            files.append((f"{sample.key}.npz", sample.annotations))

    def close(self) -> dict[str, FileRecord]:
        return {
            person: write_folder_atomic(self._root / person, files) for person, files in self._people.items()
        }


class FolderReader:
    """Reads any `<root>/<class>/*.jpg|jpeg|png`; classes are numbered by sorted folder name.

    Hidden folders and unfinished ones (`.partial`) are ignored, those without images too, but for a note in `empty`.
    Keys are `<class>/<file stem>` unless the data set was made by facewright, whose file names are unique already.
    """

    def __init__(self, path: Place) -> None:
        self.path = path
        manifest = read_manifest(path)
        self._files: list[tuple[str, str]] = []
        labels: list[int] = []
        self.classes = 0
        self.empty: list[str] = []
        """Folders without images, which in others' data sets are classes that something happened to."""
        for folder, images in _folders(path):
            if not images:
                self.empty += [folder] if manifest is None else []
                continue
            self._files += [(folder, name) for name in images]
            labels += [self.classes] * len(images)
            self.classes += 1
        if not labels:
            raise FacewrightError(f"{path}: found no images, expected {path}/<class>/*.jpg, .jpeg or .png")
        if manifest is not None and len(labels) != manifest.images:
            raise FacewrightError(
                f"{path}: found {len(labels)} images, expected {manifest.images} (manifest.json)"
            )
        self.labels: Int64[np.ndarray, " n"] = np.array(labels, dtype=np.int64)
        self._keys_have_folder = manifest is None

    def __len__(self) -> int:
        return len(self._files)

    def key(self, index: int) -> str:
        folder, name = self._files[index]
        stem = os.path.splitext(name)[0]
        return f"{folder}/{stem}" if self._keys_have_folder else stem

    def read(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(f"image {index}: expected 0 .. {len(self) - 1}")
        folder, name = self._files[index]
        path = self.path / folder / name
        data = read_all(path)
        if not data:
            raise FacewrightError(f"{path}: found an empty file, expected an image")
        return data

    def annotations(self, index: int) -> bytes | None:
        """The .npz beside the image."""
        folder, name = self._files[index]
        path = self.path / folder / (os.path.splitext(name)[0] + ".npz")
        return read_all(path) if path.exists() else None

    def __iter__(self) -> Iterator[Sample]:
        for index in range(len(self)):
            yield Sample(self.key(index), self.read(index), int(self.labels[index]))


def has_class_folders(path: Place) -> bool:
    """Whether `path` is a folder that contains at least one folder with images."""
    return path.is_dir() and any(images for _, images in _folders(path))


def _folders(path: Place) -> Iterator[tuple[str, list[str]]]:
    """Folders and their images, both sorted by name; hidden and unfinished ones left out."""
    with storage_errors(path):
        folders = list_folders(path)
    for folder in sorted(folders):
        images = sorted(
            name for name in folders[folder] if name.lower().endswith(_SUFFIXES) and not name.startswith(".")
        )
        if not folder.startswith(".") and not folder.endswith(PARTIAL):
            yield folder, images
