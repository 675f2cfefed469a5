"""Reads numbers out of a pickle without running anything that it asks for.

FLAME's files were written by Python 2 with numpy, scipy.sparse and chumpy objects. Here every class and function that
such a file may name is a stand-in of this module; any other name ends the reading.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from facewright.errors import FacewrightError, first_line

__all__ = ["read_pickled_arrays"]

_Array = np.ndarray[Any, np.dtype[Any]]


def read_pickled_arrays(path: Path) -> dict[str, Any]:
    """The dictionary in a pickle: arrays of numpy, chumpy and scipy.sparse as plain arrays, other values as they are.

    Raises FacewrightError for a missing or damaged file and for one that names anything but arrays.
    """
    try:
        with path.open("rb") as file:
            content = _Reader(file, encoding="latin1").load()
    except FileNotFoundError:
        raise FacewrightError(f"{path}: found no such file, expected a pickle") from None
    except FacewrightError as problem:
        raise FacewrightError(f"{path}: {problem}") from None
    except Exception as problem:  # a damaged pickle can raise nearly anything
        reason = first_line(problem)
        raise FacewrightError(f"{path}: found an unreadable file ({reason}), expected a pickle") from None
    if not isinstance(content, dict):
        raise FacewrightError(f"{path}: found a {type(content).__name__}, expected a dictionary of arrays")
    try:
        return {str(key): _plain(value) for key, value in content.items()}
    except (KeyError, ValueError, TypeError, IndexError) as problem:
        raise FacewrightError(f"{path}: found a damaged array ({problem}), expected a pickle") from None


class _PickledType:
    """numpy.dtype: a code such as f8, and the byte order that follows as state."""

    def __init__(self, code: str, *_: object) -> None:
        self.code = str(code).lstrip("<>=|")
        if self.code[:1] not in ("f", "i", "u", "b") or not self.code[1:].isdigit():
            raise FacewrightError(f"found an array of type {code!r}, expected plain numbers")
        self.order = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"

    def read(self, content: bytes | bytearray | str, shape: tuple[int, ...], fortran: bool) -> _Array:
        raw = content.encode("latin1") if isinstance(content, str) else bytes(content)
        dtype = np.dtype(self.order + self.code)
        size = math.prod(shape) * dtype.itemsize
        if len(raw) != size:
            raise FacewrightError(f"found {len(raw)} bytes of an array, expected {size}")
        array = np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")
        return array.astype(dtype.newbyteorder("="))


class _PickledArray:
    """numpy.ndarray, empty until its state (version, shape, type, Fortran order, bytes) arrives."""

    array: _Array | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        shape, dtype, fortran, content = state[-4:]
        if not isinstance(dtype, _PickledType) or isinstance(content, list):
            raise FacewrightError("found an array of objects, expected plain numbers")
        self.array = dtype.read(content, tuple(shape), bool(fortran))


class _PickledObject:
    """chumpy.ch.Ch or a sparse matrix: attributes and nothing else. Often made without a call of __init__."""

    fields: Mapping[str, Any] = MappingProxyType({})

    def __setstate__(self, state: Any) -> None:
        parts = state if isinstance(state, tuple) else (state,)
        self.fields = {
            str(key): value for part in parts if isinstance(part, dict) for key, value in part.items()
        }


class _Chumpy(_PickledObject):
    pass


class _SparseColumns(_PickledObject):
    pass


class _SparseRows(_PickledObject):
    pass


class _Token:
    """Stands for a class that is only ever passed on."""


def _reconstruct_array(*_: object) -> _PickledArray:
    return _PickledArray()


def _reconstruct_object(kind: type, *_: object) -> object:
    if kind not in (_Chumpy, _SparseColumns, _SparseRows):
        raise FacewrightError("found an object of an unknown class, expected arrays")
    return kind()


def _from_buffer(
    content: bytes | bytearray, dtype: _PickledType, shape: tuple[int, ...], order: str
) -> _PickledArray:
    out = _PickledArray()
    out.array = dtype.read(content, tuple(shape), order == "F")
    return out


def _scalar(dtype: _PickledType, content: bytes | str) -> float | int:
    value: float | int = dtype.read(content, (1,), False)[0].item()
    return value


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise FacewrightError(f"found text in {encoding!r}, expected latin1")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


_ALLOWED: dict[tuple[str, str], Callable[..., Any] | type] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct_array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    ("numpy", "ndarray"): _Token,
    ("numpy", "dtype"): _PickledType,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
    ("copy_reg", "_reconstructor"): _reconstruct_object,
    ("copyreg", "_reconstructor"): _reconstruct_object,
    ("__builtin__", "object"): _Token,
    ("builtins", "object"): _Token,
    ("chumpy.ch", "Ch"): _Chumpy,
    **{(f"scipy.sparse.{module}", "csc_matrix"): _SparseColumns for module in ("csc", "_csc")},
    **{(f"scipy.sparse.{module}", "csr_matrix"): _SparseRows for module in ("csr", "_csr")},
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise FacewrightError(
                f"found {module}.{name} in the pickle, expected nothing but arrays"
            ) from None

    def persistent_load(self, pid: Any) -> Any:
        raise FacewrightError("found a reference out of the pickle, expected nothing but arrays")


def _plain(value: Any) -> Any:
    if isinstance(value, _PickledArray):
        if value.array is None:
            raise ValueError("one without content")
        return value.array
    if isinstance(value, _Chumpy):
        return _plain(value.fields["x"])
    if isinstance(value, _SparseColumns):
        return _dense(value, by_column=True)
    if isinstance(value, _SparseRows):
        return _dense(value, by_column=False)
    return value


def _dense(matrix: _PickledObject, by_column: bool) -> _Array:
    """A compressed sparse matrix written out (its entries are distinct)."""
    fields = matrix.fields
    rows, columns = fields["_shape"] if "_shape" in fields else fields["shape"]
    starts, inner, data = (_plain(fields[name]) for name in ("indptr", "indices", "data"))
    outer_count, inner_count = (columns, rows) if by_column else (rows, columns)
    lengths = np.diff(starts)
    if len(lengths) != outer_count or (lengths < 0).any() or not starts[-1] == len(inner) == len(data):
        raise ValueError("a sparse matrix whose parts do not fit")
    if len(inner) and (inner.min() < 0 or inner.max() >= inner_count):
        raise ValueError("a sparse matrix with entries outside")
    outer = np.repeat(np.arange(outer_count), lengths)
    out = np.zeros((rows, columns))
    out[(inner, outer) if by_column else (outer, inner)] = data
    return out
