"""Words of the command line: what is typed as one (distributions, axes, depths, addresses), and options read early."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_origin

import tyro

from facewright.dataset import Annotation, Depth, parse_annotations, parse_plan
from facewright.distributions import Distribution, format_distribution, parse_distribution
from facewright.formats.storage import Place, place
from facewright.scenes.grid import Axis, format_axis, parse_axis

__all__ = ["REGISTRY", "typed_option"]


def _typed_words() -> tyro.constructors.ConstructorRegistry:
    """A registry that reads from one word each: distributions, the axes of a grid, depths, annotations."""
    registry = tyro.constructors.ConstructorRegistry()
    kinds: list[tuple[Any, str, Callable[[str], Any], Callable[[Any], str]]] = [
        (Distribution, "DISTRIBUTION", parse_distribution, format_distribution),
        (Place, "ADDRESS", place, str),
        (Axis, "AXIS", parse_axis, format_axis),
        (
            Depth,
            "PEOPLExSAMPLES",
            lambda word: parse_plan(word)[0],
            lambda depth: f"{depth.people}x{depth.samples}",
        ),
        (tuple[Annotation, ...], "NAME,NAME", parse_annotations, ",".join),
    ]
    for kind, metavar, parse, format_word in kinds:
        _add_word(registry, kind, metavar, parse, format_word)
    return registry


def _add_word(
    registry: tyro.constructors.ConstructorRegistry,
    kind: Any,
    metavar: str,
    parse: Callable[[str], Any],
    format_word: Callable[[Any], str],
) -> None:
    @registry.primitive_rule
    def _word(
        info: tyro.constructors.PrimitiveTypeInfo,
    ) -> tyro.constructors.PrimitiveConstructorSpec[Any] | None:
        if info.type not in (kind, kind | None):
            return None
        optional, holds = info.type != kind, tuple if get_origin(kind) is tuple else kind
        return tyro.constructors.PrimitiveConstructorSpec(
            nargs=1,
            metavar=metavar,
            instance_from_str=lambda words: None if optional and words[0] == "None" else parse(words[0]),
            is_instance=lambda value: isinstance(value, holds) or (optional and value is None),
            str_from_instance=lambda value: ["None" if value is None else format_word(value)],
        )


REGISTRY = _typed_words()


def typed_option(arguments: Sequence[str], option: str) -> str | None:
    """What stands behind an option among words that are not parsed yet."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == option or word.startswith(option + "="):
            return following if word == option else word.removeprefix(option + "=")
    return None
