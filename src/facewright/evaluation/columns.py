"""Reading back the parameters that `generate` writes beside its images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Shaped

from facewright.errors import FacewrightError, first_line
from facewright.formats.base import DatasetReader
from facewright.formats.manifest import CONFIG, read_json, read_manifest

__all__ = ["read_columns", "stored_crop"]


def stored_crop(path: Path) -> str | None:
    """The name in `geometry.CROPS` of what a data set of facewright shows; None for images from elsewhere."""
    config = path.parent / CONFIG if path.is_file() else path / CONFIG
    if not config.is_file():
        return None
    settings = read_json(config).get("config")
    crop = settings.get("crop") if isinstance(settings, dict) else None
    return crop if isinstance(crop, str) else None


def read_columns(reader: DatasetReader, names: Sequence[str]) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    """Columns of the parameter tables, one row for each image of `reader`, in its order.

    Fixed-size lists come back in the shape they were written with. Raises FacewrightError when the data set has no
    such tables or column, or they are not of these images.
    """
    wanted = ["label", *names]
    tables = [_read(path, wanted, reader.path) for path in _tables(reader.path)]
    if not tables:
        raise FacewrightError(
            f"{reader.path}: has no parameter tables (*.parquet), expected one with {', '.join(names)}"
        )
    columns = {name: np.concatenate([table[name] for table in tables]) for name in wanted}
    labels = np.unique(columns.pop("label"), return_inverse=True)[1]
    if not np.array_equal(labels, reader.labels):
        raise FacewrightError(
            f"{reader.path}: its parameter tables have {len(labels)} rows, expected those of its {len(reader)} images"
        )
    return columns


def _tables(path: Path) -> list[Path]:
    if path.is_file():
        return [table for table in (path.with_suffix(".parquet"),) if table.is_file()]
    manifest = read_manifest(path)
    if manifest is None:
        return sorted(path.glob("*.parquet"))
    return [path / f"{shard}.parquet" for shard in manifest.shards]


def _read(path: Path, names: Sequence[str], dataset: Path) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            missing = [name for name in names if name not in schema.names]
            if missing:
                raise FacewrightError(f"{dataset}: has no column {missing[0]} ({path.name})")
            table = file.read(columns=list(names))
    except (OSError, pa.ArrowException) as error:
        raise FacewrightError(f"{path}: not a readable Parquet file: {first_line(error)}") from error
    return {name: _array(table, name) for name in names}


def _array(table: pa.Table, name: str) -> Shaped[np.ndarray, "n ..."]:
    column, field = table[name].combine_chunks(), table.schema.field(name)
    if not pa.types.is_fixed_size_list(field.type):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    shape = [int(size) for size in (field.metadata or {}).get(b"shape", b"-1").split()]
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(table), *shape)
