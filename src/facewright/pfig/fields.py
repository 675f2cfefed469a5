"""A parsed JSON object whose fields are asked for by name and type; what is wrong is said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from facewright.errors import FacewrightError

__all__ = ["Fields"]

_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
}


@dataclass(frozen=True)
class Fields:
    """An object at `where` in a file. Fields that nobody asked for are listed by `unused`; comments never are."""

    where: str
    values: dict[str, Any]
    asked: set[str] = field(default_factory=set)

    def get(self, name: str, kind: type, default: Any = None) -> Any:
        """A field's value; `default` where it is absent. Raises FacewrightError for another type or absence."""
        self.asked.add(name)
        if name not in self.values:
            if default is None:
                raise FacewrightError(f"{self.where}: found no '{name}', expected {_KINDS[kind]}")
            return default
        value = self.values[name]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise FacewrightError(f"{self.where}.{name}: found {value!r}, expected {_KINDS[kind]}")
        return value

    def numbers(self, name: str, count: int, default: list[float] | None = None) -> list[float]:
        """A field that is a list of so many numbers."""
        values: list[Any] = self.get(name, list, default)
        if len(values) != count or not all(isinstance(value, int | float) for value in values):
            raise FacewrightError(f"{self.where}.{name}: found {values!r}, expected {count} numbers")
        return [float(value) for value in values]

    def inner(self, name: str, optional: bool = False) -> Fields:
        """A field that is an object; with `optional`, an empty one where it is absent."""
        return Fields(f"{self.where}.{name}", self.get(name, dict, {} if optional else None))

    def unused(self) -> Iterator[str]:
        """Names that nobody asked for."""
        for name in self.values:
            if name not in self.asked and not name.lstrip("_").startswith("comment"):
                yield f"{self.where}.{name}"
