"""Holds given values against the bounds they were declared with; the same for both doors."""

import math
import re
from collections.abc import Iterator
from typing import Any

from strawberry.types import has_object_definition
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from api.errors import FieldProblem
from graph.directives import Bounds

# Control characters and lone surrogates are text in no language; Postgres refuses NUL, and UTF-8
# the surrogates.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def bounds_of(of: StrawberryArgument | StrawberryField) -> Bounds | None:
    """The bounds that an argument or the field of an input type was declared with."""
    return next((each for each in of.directives or () if isinstance(each, Bounds)), None)


def faults(value: Any, bounds: Bounds | None, name: str) -> Iterator[FieldProblem]:
    """What is wrong with a value and everything in it; never the value itself.

    ``name`` is that of the argument (snake_case); a member of it is ``name.member``, and an item of
    a list has the name of the list.
    """
    if has_object_definition(value):
        for each in value.__strawberry_definition__.fields:
            inner = getattr(value, each.python_name)
            yield from faults(inner, bounds_of(each), f"{name}.{each.python_name}")
        return
    message = None
    if isinstance(value, list):
        message = _list_fault(bounds, value)
        if message is None:
            for item in value:
                yield from faults(item, bounds, name)
    elif isinstance(value, str):
        message = _text_fault(bounds, value) if bounds else None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        message = _number_fault(bounds, value) if bounds else None
    if message is not None:
        yield FieldProblem(name, message)


def _number_fault(bounds: Bounds, value: float) -> str | None:
    low, high = bounds.min or 0, bounds.max
    if not math.isfinite(value) or value < low or (high is not None and value > high):
        return f"must be between {low} and {high}"
    return None


def _list_fault(bounds: Bounds | None, value: list[Any]) -> str | None:
    if bounds is None:
        return None
    if len(value) < (bounds.min_items or 0):
        return f"must have at least {bounds.min_items} entries"
    if bounds.max_items and len(value) > bounds.max_items:
        return f"must have at most {bounds.max_items} entries"
    return None


def _text_fault(bounds: Bounds, text: str) -> str | None:
    least, most = bounds.min_length or 0, bounds.max_length
    if len(text) < least or not text.strip():
        return "must not be empty"
    if most and len(text) > most:
        return f"must be at most {most} characters long"
    if _NOT_TEXT.search(text):
        return "must not hold control characters or lone surrogates"
    return None
