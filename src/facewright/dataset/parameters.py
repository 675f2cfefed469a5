"""The table of parameters: one Parquet file per shard, one row per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Shaped

from facewright.formats.atomic import write_atomic

__all__ = ["Columns", "write_parameters"]

Columns = Mapping[str, Shaped[np.ndarray, "n ..."]]
"""Equally long columns by name: one row per image."""


def write_parameters(path: Path, keys: Sequence[str], parts: Sequence[Columns]) -> None:
    """Stack the parts' columns and write them, atomically and always with the same bytes.

    Scalars become scalar columns; a column of shape (n, ...) becomes fixed-size lists in C order, its shape kept in the
    field's metadata ("landmarks_px" is x0, y0, x1, y1, ... and says "68 2"). Raises FacewrightError as `write_atomic`.
    """
    stacked = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    fields, arrays = [pa.field("key", pa.string())], [pa.array(keys, pa.string())]
    for name, values in stacked.items():
        array, shape = _column(values)
        metadata = {"shape": " ".join(map(str, shape))} if shape else None
        fields.append(pa.field(name, array.type, metadata=metadata))
        arrays.append(array)
    sink = pa.BufferOutputStream()
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    pq.write_table(table, sink, compression="zstd", use_dictionary=False, version="2.6")
    write_atomic(path, [sink.getvalue().to_pybytes()])


def _column(values: Shaped[np.ndarray, "n ..."]) -> tuple[pa.Array, tuple[int, ...]]:
    shape = values.shape[1:]
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    if not shape:
        return flat, shape
    return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(shape))), shape
