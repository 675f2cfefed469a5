"""Where files lie: in a folder of this machine, or at any address that fsspec knows (s3://, gs://, ...).

Local places are plain `pathlib.Path`s, all others `upath.UPath`s: the same operators and methods. What differs between
them, listing, reading parts, and errors of many libraries, is here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import fsspec
from upath import UPath

from facewright.errors import FacewrightError, first_line

__all__ = [
    "Place",
    "ReadRange",
    "file_system",
    "list_folders",
    "list_sizes",
    "opened",
    "place",
    "read_all",
    "read_each",
    "read_range",
    "storage_errors",
]

Place = Path | UPath

ReadRange = Callable[[int, int], bytes]
"""From an offset so many bytes, fewer at the end of the file."""

_LOCAL = ("file://", "local://")
_READ_AHEAD = 8 << 20


def place(address: str | PathLike[str] | UPath) -> Place:
    """A path from what a user types: `faces`, `/data/faces`, `file:///data/faces` or `s3://bucket/faces`.

    Raises FacewrightError for an address of an unknown kind and for one whose package is not installed.
    """
    if isinstance(address, UPath) and not isinstance(address, Path):
        return address
    text = os.fspath(address)
    if text.startswith(_LOCAL):
        return Path(text.partition("://")[2])
    if "://" not in text:
        return Path(text)
    try:
        remote = UPath(text, use_listings_cache=False)  # others may write there too
        file_system(remote)
    except ImportError as error:
        raise FacewrightError(f"{text}: needs another package: {first_line(error)}") from error
    except ValueError as error:
        raise FacewrightError(f"{text}: not an address: {first_line(error)}") from error
    return remote


def file_system(path: UPath) -> Any:
    """The fsspec file system of this process: after a fork the old one would hang."""
    return fsspec.filesystem(path.protocol, **path.storage_options)


@contextmanager
def storage_errors(path: Place, failed: str = "cannot be read") -> Iterator[None]:
    """Turn what goes wrong inside into one line about `path`. Remote stores raise errors of many libraries."""
    try:
        yield
    except FacewrightError:
        raise
    except Exception as error:
        if isinstance(path, Path) and not isinstance(error, OSError):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
        raise FacewrightError(f"{path}: {failed}: {reason}") from error


def list_sizes(root: Place) -> dict[str, int]:
    """Bytes of everything directly in a folder, by name; a folder counts the files in it. Empty without the folder."""
    with storage_errors(root):
        try:
            return _list_local(root) if isinstance(root, Path) else _list_remote(root)
        except (FileNotFoundError, NotADirectoryError):
            return {}


def list_folders(root: Place) -> dict[str, list[str]]:
    """Names of the files in each folder of a folder, in any order. Raises what the storage raises."""
    if isinstance(root, Path):
        with os.scandir(root) as entries:
            return {entry.name: os.listdir(entry.path) for entry in entries if entry.is_dir()}
    folders: dict[str, list[str]] = {}
    for name, _ in _found(root):
        folder, _, file = name.partition("/")
        if file and "/" not in file:
            folders.setdefault(folder, []).append(file)
    return folders


def _list_local(root: Path) -> dict[str, int]:
    with os.scandir(root) as entries:
        return {
            entry.name: sum(file.stat().st_size for file in os.scandir(entry.path))
            if entry.is_dir()
            else entry.stat().st_size
            for entry in entries
        }


def _list_remote(root: UPath) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for name, size in _found(root):
        first = name.partition("/")[0]
        sizes[first] = sizes.get(first, 0) + size
    return sizes


def _found(root: UPath) -> Iterator[tuple[str, int]]:
    """All files below a remote folder: names relative to it, and sizes."""
    above = root.path.rstrip("/") + "/"
    for path, details in file_system(root).find(root.path, detail=True).items():
        if path.startswith(above):
            yield path.removeprefix(above), int(details["size"] or 0)


def read_all(path: Place) -> bytes:
    """A whole file. Raises FacewrightError when it cannot be read."""
    with storage_errors(path):
        if isinstance(path, Path):
            return path.read_bytes()
        return bytes(file_system(path).cat_file(path.path))


def read_each(root: Place, names: Sequence[str]) -> dict[str, bytes]:
    """Whole small files of a folder; a remote store is asked for many at once."""
    if isinstance(root, Path):
        return {name: read_all(root / name) for name in names}
    with storage_errors(root):
        paths = {(root / name).path: name for name in names}
        found = file_system(root).cat(list(paths)) if paths else {}
        return {paths[path]: bytes(data) for path, data in found.items()}


def read_range(path: Place, offset: int, size: int) -> bytes:
    """Part of a file, in one request; fewer bytes at its end."""
    if isinstance(path, Path):
        with opened(path) as read:
            return read(offset, size)
    with storage_errors(path):
        return bytes(file_system(path).cat_file(path.path, start=offset, end=offset + size))


@contextmanager
def opened(path: Place) -> Iterator[ReadRange]:
    """Keep a file open to read many parts of it in order; remote files are read ahead."""
    with storage_errors(path):
        if isinstance(path, Path):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                yield lambda offset, size: os.pread(descriptor, size, offset)
            finally:
                os.close(descriptor)
            return
        with file_system(path).open(path.path, "rb", block_size=_READ_AHEAD) as file:

            def read(offset: int, size: int) -> bytes:
                file.seek(offset)
                return bytes(file.read(size))

            yield read
