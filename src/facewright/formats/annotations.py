"""Annotations of an image's pixels as they are stored: `KEY.npz` beside `KEY.jpg`, arrays by name."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
from jaxtyping import Shaped

from facewright.errors import FacewrightError, first_line
from facewright.formats.base import AnnotatedReader, DatasetReader

__all__ = ["pack_annotations", "read_annotations", "unpack_annotations"]

_LEVEL = 1
"""Of deflate: the higher ones take longer and save a hundredth."""


def pack_annotations(arrays: Mapping[str, Shaped[np.ndarray, "H W *c"]]) -> bytes:
    """The arrays as an .npz that `numpy.load` reads: lossless, deflated, equal arrays in equal order to equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, values in arrays.items():
            array = io.BytesIO()
            np.save(array, np.ascontiguousarray(values), allow_pickle=False)
            archive.writestr(_member(f"{name}.npy"), array.getvalue(), compresslevel=_LEVEL)
    return out.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    """Without the time of writing."""
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def unpack_annotations(data: bytes) -> dict[str, Shaped[np.ndarray, "H W *c"]]:
    """What `pack_annotations` packed. Raises ValueError for anything else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(first_line(error)) from error


def read_annotations(reader: DatasetReader, index: int) -> dict[str, Shaped[np.ndarray, "H W *c"]]:
    """The annotations stored with image `index`, by the names of `facewright.render.annotations.BUFFERS`.

    Raises FacewrightError where there are none, or damaged ones.
    """
    data = reader.annotations(index) if isinstance(reader, AnnotatedReader) else None
    if data is None:
        raise FacewrightError(
            f"{reader.path}: image {reader.key(index)} has no annotations, expected those of "
            "`generate --annotations` in shards or folders"
        )
    try:
        return unpack_annotations(data)
    except ValueError as error:
        raise FacewrightError(f"{reader.path}: annotations of image {reader.key(index)}: {error}") from error
