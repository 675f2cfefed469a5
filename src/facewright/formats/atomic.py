"""Files that are whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from facewright.errors import FacewrightError

__all__ = ["PARTIAL", "remove_partials", "write_atomic", "write_folder_atomic"]

PARTIAL = ".partial"
"""Suffix of what is still being written; whoever finds one may delete it when its writer is gone."""


def write_atomic(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file under a temporary name, flush it to the disk and rename it.

    Raises FacewrightError naming `path` when anything fails (full disk, missing folder); nothing is left then.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        _write(partial, chunks)
        os.replace(partial, path)
    except OSError as error:
        raise FacewrightError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        _remove(partial)


def write_folder_atomic(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write a folder of files under a temporary name and rename it, replacing a folder of that name.

    Raises FacewrightError like `write_atomic`.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        _remove(partial)
        partial.mkdir()
        for name, data in files:
            _write(partial / name, (data,), durably=False)  # flushing each of thousands takes minutes
        _remove(path)
        os.replace(partial, path)
    except OSError as error:
        raise FacewrightError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        _remove(partial)


def remove_partials(root: Path) -> None:
    """Delete what a killed run has left in `root`."""
    for leftover in sorted(root.glob("*" + PARTIAL)):
        _remove(leftover)


def _write(path: Path, chunks: Iterable[bytes], durably: bool = True) -> None:
    with path.open("wb") as file:
        file.writelines(chunks)
        if durably:
            file.flush()
            os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
