"""Models by what a user types: bfm2017:FILE.h5, bfm2019:FILE.h5, bfm2009:FILE.mat, flame:FILE.pkl, ict:FOLDER."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from facewright.errors import FacewrightError
from facewright.models.ict import ict_files, read_ict
from facewright.models.morphable import MorphableModel

__all__ = ["KINDS", "ModelFiles", "model_digest", "open_model", "parse_model"]

KINDS = ("bfm2017", "bfm2019", "bfm2009", "flame", "ict")


@dataclass(frozen=True)
class ModelFiles:
    """A kind of model, its file or folder, and what goes with it: colours (.npz), a list of 68 landmarks (.txt)."""

    kind: str
    path: Path
    colours: tuple[Path, ...] = ()
    landmarks: Path | None = None

    @property
    def name(self) -> str:
        """The text that was typed, without folders: the same wherever the files lie."""
        extras = [*self.colours, *([] if self.landmarks is None else [self.landmarks])]
        return f"{self.kind}:" + ",".join(path.name for path in (self.path, *extras))


def parse_model(text: str) -> ModelFiles:
    """Read KIND:FILE[,COLOURS.npz][,LANDMARKS.txt]. Raises FacewrightError for another form; opens no file."""
    kind, colon, rest = text.partition(":")
    words = rest.split(",")
    if kind not in KINDS or not colon or not all(words):
        raise FacewrightError(
            f"model: found '{text}', expected one of {', '.join(f'{kind}:' for kind in KINDS)} and a file"
        )
    path, *extras = (Path(word).expanduser() for word in words)
    colours = tuple(extra for extra in extras if extra.suffix == ".npz")
    lists = [extra for extra in extras if extra.suffix == ".txt"]
    if len(colours) + len(lists) != len(extras) or len(lists) > 1 or (colours and kind != "flame"):
        allowed = (
            "colours (.npz) and a list of landmarks (.txt)"
            if kind == "flame"
            else "a list of landmarks (.txt)"
        )
        raise FacewrightError(f"model: found '{text}', expected at most {allowed} after the file of {kind}")
    return ModelFiles(kind, path, colours, lists[0] if lists else None)


@functools.lru_cache(maxsize=1)
def open_model(files: ModelFiles) -> MorphableModel:
    """Read and check a model; the last one is kept. Raises FacewrightError for anything that is not such a model."""
    if files.kind == "ict":
        return read_ict(files.path, files.landmarks)
    if files.kind == "flame":
        from facewright.models.flame import read_flame

        return read_flame(files.path, files.colours, files.landmarks)
    from facewright.models.bfm import read_bfm2009, read_statismo  # h5py and scipy load slowly

    if files.kind == "bfm2009":
        return read_bfm2009(files.path, files.landmarks)
    return read_statismo(files.path, files.kind, files.landmarks)


def model_digest(files: ModelFiles) -> str:
    """SHA-256 over the names and contents of all of a model's files."""
    paths = ict_files(files.path) if files.kind == "ict" else [files.path]
    total = hashlib.sha256(files.kind.encode())
    for path in [*paths, *files.colours, *([] if files.landmarks is None else [files.landmarks])]:
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise FacewrightError(f"{path}: found no such file, expected a {files.kind} model") from None
        except OSError as problem:
            raise FacewrightError(f"{path}: cannot be read: {problem.strerror}") from None
        total.update(f"{path.name} {content}\n".encode())
    return total.hexdigest()
