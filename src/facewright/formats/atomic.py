"""Files that are whole or not there.

On a disk: written under another name, flushed, renamed. On an object store (S3, GCS, Azure) an upload becomes visible
when it is complete, all at once. On other remote systems: uploaded under another name and renamed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from upath import UPath

from facewright.formats.storage import Place, file_system, storage_errors

__all__ = [
    "PARTIAL",
    "AtomicFile",
    "FileRecord",
    "Measure",
    "remove_partials",
    "write_atomic",
    "write_folder_atomic",
]

PARTIAL = ".partial"
"""Suffix of what is still being written; whoever finds one may delete it when its writer is gone."""

_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss"}
_FAILED = "cannot be written"


@dataclass(frozen=True)
class FileRecord:
    """Size and SHA-256 of a file, or of all files of a folder one after the other in name order."""

    bytes: int
    sha256: str


@dataclass
class Measure:
    """Counts and hashes what passes through."""

    size: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.size += len(chunk)
            self._digest.update(chunk)
            yield chunk

    @property
    def record(self) -> FileRecord:
        return FileRecord(self.size, self._digest.hexdigest())


def write_atomic(path: Place, chunks: Iterable[bytes]) -> FileRecord:
    """Write a file as a whole and say what was written.

    Raises FacewrightError naming `path` when anything fails (full disk, missing folder); nothing is left then.
    """
    measure = Measure()
    with storage_errors(path, _FAILED):
        if isinstance(path, Path):
            _replace(path, measure.through(chunks))
        else:
            _upload(path, b"".join(measure.through(chunks)))
    return measure.record


class AtomicFile:
    """A file that is written piece by piece and becomes visible when it is committed.

    What is dropped without a commit leaves nothing behind, but on a disk a `.partial` file if the process is killed.
    """

    def __init__(self, path: Place) -> None:
        self._path = path
        self.size = 0
        self._work = path.with_name(path.name + PARTIAL) if isinstance(path, Path) else _spool()
        with storage_errors(path, _FAILED):
            self._file = self._work.open("w+b")
        self._cleanup = weakref.finalize(self, _drop, self._file, self._work)

    def write(self, data: bytes) -> None:
        """Append."""
        with storage_errors(self._path, _FAILED):
            self._file.write(data)
        self.size += len(data)

    def overwrite(self, offset: int, data: bytes) -> None:
        """Replace bytes that were written before."""
        with storage_errors(self._path, _FAILED):
            self._file.seek(offset)
            self._file.write(data)
            self._file.seek(0, os.SEEK_END)

    def commit(self) -> FileRecord:
        """Make the file visible under its name."""
        with storage_errors(self._path, _FAILED):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.seek(0)
            measure = Measure()
            for _ in measure.through(iter(lambda: self._file.read(1 << 20), b"")):
                pass
            if isinstance(self._path, Path):
                os.replace(self._work, self._path)
            else:
                _upload_file(self._path, self._work)
        self._cleanup()
        return measure.record


def _spool() -> Path:
    descriptor, name = tempfile.mkstemp(prefix="facewright-")
    os.close(descriptor)
    return Path(name)


def _drop(file: BinaryIO, work: Path) -> None:
    with contextlib.suppress(OSError):
        file.close()
    work.unlink(missing_ok=True)


def write_folder_atomic(path: Place, files: Iterable[tuple[str, bytes]]) -> FileRecord:
    """Write a folder of files, replacing a folder of that name, and say what was written.

    On a disk the folder appears as a whole. Remote stores have no folders: there its files appear one by one.
    Raises FacewrightError like `write_atomic`.
    """
    files, measure = sorted(files), Measure()
    for _ in measure.through(data for _, data in files):
        pass
    with storage_errors(path, _FAILED):
        if isinstance(path, Path):
            _replace_folder(path, files)
        else:
            system = file_system(path)
            if system.exists(path.path):
                system.rm(path.path, recursive=True)
            _make_parent(path / "file")
            system.pipe({(path / name).path: data for name, data in files})
    return measure.record


def remove_partials(root: Place) -> None:
    """Delete what a killed run has left in `root`."""
    if isinstance(root, Path):
        for leftover in sorted(root.glob("*" + PARTIAL)):
            _remove(leftover)


def _replace(path: Path, chunks: Iterable[bytes]) -> None:
    partial = path.with_name(path.name + PARTIAL)
    try:
        _write(partial, chunks)
        os.replace(partial, path)
    finally:
        _remove(partial)


def _replace_folder(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    partial = path.with_name(path.name + PARTIAL)
    try:
        _remove(partial)
        partial.mkdir()
        for name, data in files:
            _write(partial / name, (data,), durably=False)  # flushing each of thousands takes minutes
        _remove(path)
        os.replace(partial, path)
    finally:
        _remove(partial)


def _write(path: Path, chunks: Iterable[bytes], durably: bool = True) -> None:
    with path.open("wb") as file:
        file.writelines(chunks)
        if durably:
            file.flush()
            os.fsync(file.fileno())


def _upload(path: UPath, data: bytes) -> None:
    system = file_system(path)
    if path.protocol in _OBJECT_STORES:
        system.pipe_file(path.path, data)
        return
    _make_parent(path)
    system.pipe_file(path.path + PARTIAL, data)
    system.mv(path.path + PARTIAL, path.path)


def _upload_file(path: UPath, local: Path) -> None:
    system = file_system(path)
    _make_parent(path)
    uploaded = path.path if path.protocol in _OBJECT_STORES else path.path + PARTIAL
    system.put_file(str(local), uploaded)
    if uploaded != path.path:
        system.mv(uploaded, path.path)


def _make_parent(path: UPath) -> None:
    if path.protocol not in _OBJECT_STORES:  # these have no folders, and to make one may make a bucket
        file_system(path).makedirs(path.parent.path, exist_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
