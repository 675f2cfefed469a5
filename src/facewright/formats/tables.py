"""The tables of parameters: one Parquet file for each shard, one row for each image."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int64, Shaped

from facewright.errors import FacewrightError, first_line
from facewright.formats.atomic import FileRecord, write_atomic
from facewright.formats.base import DatasetReader
from facewright.formats.manifest import CONFIG, read_json, read_manifest
from facewright.formats.storage import Place, read_all

__all__ = [
    "Columns",
    "column_names",
    "read_columns",
    "stored_crop",
    "table_keys",
    "table_labels",
    "table_name",
    "table_places",
    "write_table",
]

Columns = Mapping[str, Shaped[np.ndarray, "n ..."]]
"""Equally long columns by name: one row per image."""

_SUFFIX = ".parquet"


def table_name(shard: str) -> str:
    """File of a shard's table."""
    return shard + _SUFFIX


def write_table(path: Place, keys: Sequence[str], parts: Sequence[Columns]) -> FileRecord:
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
    return write_atomic(path, [sink.getvalue().to_pybytes()])


def _column(values: Shaped[np.ndarray, "n ..."]) -> tuple[pa.Array, tuple[int, ...]]:
    shape = values.shape[1:]
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    if not shape:
        return flat, shape
    return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(shape))), shape


def stored_crop(path: Place) -> str | None:
    """The name in `geometry.CROPS` of what a data set of facewright shows; None for images from elsewhere."""
    config = path.parent / CONFIG if path.is_file() else path / CONFIG
    if not config.is_file():
        return None
    settings = read_json(config).get("config")
    crop = settings.get("crop") if isinstance(settings, dict) else None
    return crop if isinstance(crop, str) else None


def table_labels(path: Place) -> Int64[np.ndarray, " n"]:
    """The classes of a table's rows, as they are stored."""
    return np.asarray(_read(path, ["label"], path)["label"], np.int64)


def table_keys(path: Place) -> list[str]:
    """The keys of a table's images."""
    return [str(key) for key in _read(path, ["key"], path)["key"]]


def column_names(reader: DatasetReader) -> list[str]:
    """The columns that every image of a data set has; none when it has no tables."""
    tables = table_places(reader.path)
    if not tables:
        return []
    with _opened(tables[0]) as file:
        return [str(name) for name in file.schema_arrow.names]


def read_columns(reader: DatasetReader, names: Sequence[str]) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    """Columns of the parameter tables, one row for each image of `reader`, in its order.

    Fixed-size lists come back in the shape they were written with. Raises FacewrightError when the data set has no
    such tables or column, or they are not of these images.
    """
    wanted = list(dict.fromkeys(["label", *names]))
    tables = [_read(path, wanted, reader.path) for path in table_places(reader.path)]
    if not tables:
        raise FacewrightError(
            f"{reader.path}: has no parameter tables (*.parquet), expected one with {', '.join(names)}"
        )
    columns = {name: np.concatenate([table[name] for table in tables]) for name in wanted}
    labels = np.unique(columns["label"], return_inverse=True)[1]
    if not np.array_equal(labels, reader.labels):
        raise FacewrightError(
            f"{reader.path}: its parameter tables have {len(labels)} rows, expected those of its {len(reader)} images"
        )
    return {name: columns[name] for name in names}


def table_places(path: Place) -> list[Place]:
    """The tables of the data set at a place, in order."""
    if path.is_file():
        return [table for table in (path.with_suffix(_SUFFIX),) if table.is_file()]
    manifest = read_manifest(path)
    if manifest is None:
        return sorted(
            (child for child in path.iterdir() if child.suffix == _SUFFIX), key=lambda child: child.name
        )
    names = [name for shard in manifest.shards.values() for name in shard.files if name.endswith(_SUFFIX)]
    return [path / name for name in names]


def _read(path: Place, names: Sequence[str], dataset: Place) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    with _opened(path) as file:
        missing = [name for name in names if name not in file.schema_arrow.names]
        if missing:
            raise FacewrightError(f"{dataset}: has no column {missing[0]} ({path.name})")
        table = file.read(columns=list(names))
    return {name: _array(table, name) for name in names}


@contextmanager
def _opened(path: Place) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile`; a damaged one is one line, here and while it is read."""
    try:
        with pq.ParquetFile(path if isinstance(path, Path) else io.BytesIO(read_all(path))) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        raise FacewrightError(f"{path}: not a readable Parquet file: {first_line(error)}") from error


def _array(table: pa.Table, name: str) -> Shaped[np.ndarray, "n ..."]:
    column, field = table[name].combine_chunks(), table.schema.field(name)
    if not pa.types.is_fixed_size_list(field.type):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    shape = [int(size) for size in (field.metadata or {}).get(b"shape", b"-1").split()]
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(table), *shape)
