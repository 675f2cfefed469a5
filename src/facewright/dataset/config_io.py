"""DatasetConfig as JSON. A distribution is tagged with its type: {"type": "Uniform", "low": 500, "high": 2000}."""

from __future__ import annotations

import functools
import json
import math
from typing import Any

import cattrs
from cattrs.strategies import configure_tagged_union

from facewright.dataset.config import DatasetConfig
from facewright.distributions import Distribution
from facewright.errors import FacewrightError

__all__ = ["from_fields", "from_json", "to_fields", "to_json"]


def to_fields(config: DatasetConfig) -> dict[str, Any]:
    """The configuration as nested dicts of plain values, in declared order."""
    fields: dict[str, Any] = _converter().unstructure(config, DatasetConfig)
    return fields


def to_json(config: DatasetConfig) -> str:
    """The configuration as JSON text, complete: every field and its value."""
    return json.dumps(to_fields(config), indent=1) + "\n"


def from_json(text: str, source: str = "config") -> DatasetConfig:
    """Read what `to_json` wrote; absent fields take their defaults.

    Raises FacewrightError, beginning with `source`, for invalid JSON, an unknown field or a wrong value.
    """
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise FacewrightError(f"{source}: not valid JSON: {error}") from error
    return from_fields(fields, source)


def from_fields(fields: object, source: str = "config") -> DatasetConfig:
    """Build the configuration from nested dicts; errors as in `from_json`."""
    if not isinstance(fields, dict):
        raise FacewrightError(f"{source}: found a {type(fields).__name__}, expected an object of fields")
    try:
        return _converter().structure(fields, DatasetConfig)
    except Exception as error:
        problems = cattrs.transform_error(error, path="", format_exception=_describe)
        raise FacewrightError(
            f"{source}: {'; '.join(_path_first(problem) for problem in problems)}"
        ) from error


@functools.cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(int, _strict_int)
    converter.register_structure_hook(bool, _strict_bool)
    converter.register_structure_hook(float, _strict_float)
    converter.register_unstructure_hook(float, float)
    configure_tagged_union(Distribution, converter, tag_name="type")
    structure: Any = converter.structure  # its type admits classes only, no unions
    converter.register_structure_hook(
        Distribution | None, lambda value, _: None if value is None else structure(value, Distribution)
    )
    converter.register_unstructure_hook(
        Distribution | None,
        lambda value: None if value is None else converter.unstructure(value, Distribution),
    )
    return converter


def _strict_int(value: object, _: type) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FacewrightError(f"found {value!r}, expected a whole number")
    return value


def _strict_bool(value: object, _: type) -> bool:
    if not isinstance(value, bool):
        raise FacewrightError(f"found {value!r}, expected true or false")
    return value


def _strict_float(value: object, _: type) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FacewrightError(f"found {value!r}, expected a number")
    return float(value)


def _describe(error: BaseException, expected: object) -> str:
    if isinstance(error, cattrs.ForbiddenExtraKeysError):
        return f"unknown field {', '.join(sorted(error.extra_fields))}"
    if isinstance(error, KeyError):
        return f"missing or unknown {error}"
    if isinstance(error, AttributeError | TypeError):
        return "found a single value, expected an object of fields"
    return " ".join(str(error).split())


def _path_first(problem: str) -> str:
    """cattrs writes "message @ .path"; the field belongs in front."""
    message, _, path = problem.rpartition(" @ ")
    return f"{path.lstrip('.')}: {message}" if path.strip(".") else message
