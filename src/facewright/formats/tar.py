"""Tar shards: a small ustar writer with fixed headers, and an index for random reading.

Format: POSIX.1-1988 "ustar", 512-byte blocks, two zero blocks at the end. Time, owner and mode are constants, so equal
samples give equal bytes.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64, Shaped

from facewright.errors import FacewrightError
from facewright.formats.storage import Place

__all__ = ["BLOCK", "END", "TarIndex", "checksum_is_right", "member", "scan"]

BLOCK = 512
END = bytes(2 * BLOCK)
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")

_BEFORE_SIZE = b"0000644\0" + b"0000000\0" * 2  # mode, user, group
_AFTER_SIZE = b"00000000000\0"  # modification time
_AFTER_CHECKSUM = (b"0" + bytes(100) + b"ustar\00000" + bytes(64) + b"0000000\0" * 2).ljust(
    BLOCK - 156, b"\0"
)
_FIXED_SUM = sum(_BEFORE_SIZE + _AFTER_SIZE + b" " * 8 + _AFTER_CHECKSUM)


class TarIndex(NamedTuple):
    """Where the n images of one shard are. Offsets and sizes are in bytes, of the image data without its header.

    labels: class numbers, or names of classes where images are told apart by their folders.
    """

    keys: list[str]
    offsets: Int64[np.ndarray, " n"]
    sizes: Int64[np.ndarray, " n"]
    labels: Shaped[np.ndarray, " n"]


def member(name: str, data: bytes) -> bytes:
    """One file of an archive: header block, data, zeros up to the next block. `name`: at most 100 ASCII characters."""
    encoded = name.encode("ascii")
    if len(encoded) > 100:
        raise ValueError(f"name in a tar file: found {len(encoded)} characters, expected at most 100")
    size = b"%011o\0" % len(data)
    checksum = b"%06o\0 " % (_FIXED_SUM + sum(encoded) + sum(size))
    header = (encoded.ljust(100, b"\0"), _BEFORE_SIZE, size, _AFTER_SIZE, checksum, _AFTER_CHECKSUM)
    return b"".join((*header, data, bytes(-len(data) % BLOCK)))


def checksum_is_right(header: bytes) -> bool:
    """Whether a 512-byte header block agrees with its own checksum."""
    field = header[148:156]
    digits = field.strip(b" \0")
    # The low half of Adler-32 is 1 + the sum of the bytes modulo 65521: ten times faster than sum().
    blanked = (zlib.adler32(header) & 0xFFFF) - 1 - sum(field) + 8 * 0x20
    return digits.isdigit() and (blanked - int(digits, 8)) % 65521 == 0


def scan(path: Place) -> TarIndex:
    """Build the index of any tar file of labelled images, whoever wrote it.

    Where it holds `.cls` files, as WebDataset's shards do, these are the labels of the images of the same key. Else
    an image belongs to the folder that it lies in, as in an archive of `<class>/<image>` folders. Hidden files are
    left out.
    Raises FacewrightError when the archive is truncated or damaged, or when an image has no label.
    """
    images: dict[str, tuple[int, int]] = {}
    labels: dict[str, int] = {}
    described: set[str] = set()
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for entry in archive:
                name = PurePosixPath(entry.name)
                if not entry.isfile() or name.name.startswith("."):
                    continue
                if name.suffix.lower() in IMAGE_SUFFIXES:
                    images[str(name)] = entry.offset_data, entry.size
                elif name.suffix == ".cls":
                    content = archive.extractfile(entry)
                    label = _parse_label(path, entry.name, content.read() if content else b"")
                    labels[str(name.with_suffix(""))] = label
                else:
                    described.add(str(name.with_suffix("")))
            _require_end(path, archive.offset)
    except (tarfile.TarError, OSError) as error:
        raise FacewrightError(f"{path}: not a whole tar file ({error})") from error
    if not images:
        raise FacewrightError(
            f"{path}: found no .jpg, .jpeg or .png images, expected some with .cls labels or in folders"
        )
    return _labelled(path, images, labels) if labels else _in_folders(path, images, described)


def _labelled(path: Place, images: Mapping[str, tuple[int, int]], labels: Mapping[str, int]) -> TarIndex:
    """The images `key.jpg` with the labels of their keys; `key.left.png` is another thing that belongs to a key."""
    places = {}
    for name, place in images.items():
        key = str(PurePosixPath(name).with_suffix(""))
        if "." not in PurePosixPath(key).name:
            places[key] = place
    unlabelled = next((key for key in places if key not in labels), None)
    if unlabelled is not None:
        raise FacewrightError(
            f"{path}: image '{unlabelled}' has no label: expected a file '{unlabelled}.cls'"
        )
    return _index(list(places), list(places.values()), np.array([labels[key] for key in places], np.int64))


def _in_folders(path: Place, images: Mapping[str, tuple[int, int]], described: Collection[str]) -> TarIndex:
    """The images of an archive without labels; the paths of their folders are their classes.

    Images beside which lie files of the same name, `key.json` and the like, are a shard whose labels are missing.
    """
    names = [PurePosixPath(name) for name in images]
    keys = [str(name.with_suffix("")) for name in names]
    for name, key in zip(names, keys, strict=True):
        if len(name.parts) < 2 or key in described:
            raise FacewrightError(
                f"{path}: image '{key}' has no label: expected a file '{key}.cls', or a folder for each class"
            )
    return _index(keys, list(images.values()), np.array([str(name.parent) for name in names]))


def _index(keys: list[str], places: list[tuple[int, int]], labels: Shaped[np.ndarray, " n"]) -> TarIndex:
    offsets, sizes = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return TarIndex(keys, offsets.copy(), sizes.copy(), labels)


def _parse_label(path: Place, name: str, content: bytes) -> int:
    text = content.decode("ascii", "replace").strip()
    if not text.isdigit():
        raise FacewrightError(f"{path}: label {name}: found '{text[:20]}', expected an integer of 0 or more")
    return int(text)


def _require_end(path: Place, offset: int) -> None:
    """tarfile stops at a damaged header as if it were the end: look whether it is."""
    with path.open("rb") as file:
        file.seek(offset)
        block = file.read(BLOCK)
        size = file.seek(0, 2)
    if len(block) < BLOCK or size % BLOCK:
        raise FacewrightError(
            f"{path}: truncated: found {size} bytes, expected whole blocks and an end mark after byte {offset}"
        )
    if any(block):
        raise FacewrightError(f"{path}: damaged: no valid header at byte {offset}")
