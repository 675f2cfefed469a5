"""The command line: the only place that parses arguments."""

from __future__ import annotations

from typing import Literal

import tyro

from facewright.scenes.distributions import Distribution, format_distribution, parse_distribution

__all__ = ["main"]

Format = Literal["webdataset", "folder"]

_registry = tyro.constructors.ConstructorRegistry()


@_registry.primitive_rule
def _distribution(
    info: tyro.constructors.PrimitiveTypeInfo,
) -> tyro.constructors.PrimitiveConstructorSpec | None:
    """A distribution is typed as `uniform:-90:90`."""
    if info.type != Distribution:
        return None
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="DISTRIBUTION",
        instance_from_str=lambda words: parse_distribution(words[0]),
        is_instance=lambda value: isinstance(value, Distribution),
        str_from_instance=lambda value: [format_distribution(value)],
    )
