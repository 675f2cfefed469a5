"""Tar shards: a small ustar writer with fixed headers, and an index for random reading.

Format: POSIX.1-1988 "ustar", 512-byte blocks, two zero blocks at the end. Time, owner and mode are constants, so equal
samples give equal bytes.
"""

from __future__ import annotations

import tarfile
import zlib
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from facewright.errors import FacewrightError
from facewright.formats.storage import Place

__all__ = ["BLOCK", "END", "TarIndex", "checksum_is_right", "member", "scan"]

BLOCK = 512
END = bytes(2 * BLOCK)
IMAGE_SUFFIXES = ("jpg", "jpeg", "png")

_BEFORE_SIZE = b"0000644\0" + b"0000000\0" * 2  # mode, user, group
_AFTER_SIZE = b"00000000000\0"  # modification time
_AFTER_CHECKSUM = (b"0" + bytes(100) + b"ustar\00000" + bytes(64) + b"0000000\0" * 2).ljust(
    BLOCK - 156, b"\0"
)
_FIXED_SUM = sum(_BEFORE_SIZE + _AFTER_SIZE + b" " * 8 + _AFTER_CHECKSUM)


class TarIndex(NamedTuple):
    """Where the n images of one shard are. Offsets and sizes are in bytes, of the image data without its header."""

    keys: list[str]
    offsets: Int64[np.ndarray, " n"]
    sizes: Int64[np.ndarray, " n"]
    labels: Int64[np.ndarray, " n"]


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
    """Build the index of any tar shard of `key.jpg|jpeg|png` and `key.cls` files, whoever wrote it.

    Raises FacewrightError when the archive is truncated or damaged, or when an image has no label.
    """
    images: dict[str, tuple[int, int]] = {}
    labels: dict[str, int] = {}
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for entry in archive:
                name = PurePosixPath(entry.name)
                stem, _, suffix = name.name.partition(".")
                key = str(name.with_name(stem)) if stem else ""
                if entry.isfile() and suffix.lower() in IMAGE_SUFFIXES:
                    images[key] = entry.offset_data, entry.size
                elif entry.isfile() and suffix == "cls":
                    content = archive.extractfile(entry)
                    labels[key] = _parse_label(path, entry.name, content.read() if content else b"")
            _require_end(path, archive.offset)
    except (tarfile.TarError, OSError) as error:
        raise FacewrightError(f"{path}: not a whole tar file ({error})") from error
    unlabelled = next((key for key in images if key not in labels), None)
    if unlabelled is not None:
        raise FacewrightError(
            f"{path}: image '{unlabelled}' has no label: expected a file '{unlabelled}.cls'"
        )
    if not images:
        raise FacewrightError(f"{path}: found no .jpg, .jpeg or .png images, expected some with .cls labels")
    places = np.array(list(images.values()), dtype=np.int64).reshape(-1, 2)
    ordered = np.array([labels[key] for key in images], dtype=np.int64)
    return TarIndex(list(images), places[:, 0].copy(), places[:, 1].copy(), ordered)


def _parse_label(path: Place, name: str, content: bytes) -> int:
    text = content.decode("ascii", "replace").strip()
    if not text.removeprefix("-").isdigit():
        raise FacewrightError(f"{path}: label {name}: found '{text[:20]}', expected an integer")
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
