"""The command line: the only place that parses arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from facewright.errors import FacewrightError
from facewright.scenes.distributions import Distribution, format_distribution, parse_distribution

__all__ = ["main"]

_DISTRIBUTION = tyro.constructors.PrimitiveConstructorSpec[Distribution](
    nargs=1,
    metavar="DISTRIBUTION",
    instance_from_str=lambda words: parse_distribution(words[0]),
    is_instance=lambda value: isinstance(value, Distribution),
    str_from_instance=lambda value: [format_distribution(value)],
)
