"""Bounds hold for arguments, for what is in lists, and for the fields of input objects."""

import math
from typing import Any

import pytest
import strawberry

from graph.bounds import faults
from graph.directives import Bounds
from graph.operation import member


@strawberry.input
class Inner:
    """An object with bounds."""

    text: str | None = member("Text.", default=None, min_length=1, max_length=3)
    numbers: list[int] | None = member("Numbers.", default=None, max_items=2, min=1, max=9)


@strawberry.input
class Outer:
    """An object in an object."""

    inner: list[Inner] | None = member("Objects.", default=None, max_items=2)


def messages(value: Any, bounds: Bounds | None = None) -> dict[str, str]:
    return {each.argument: each.message for each in faults(value, bounds, "value")}


@pytest.mark.parametrize(
    "value",
    [
        Outer(),
        Outer(inner=[]),
        Outer(inner=[Inner(text="abc", numbers=[1, 9])]),
        Outer(inner=[Inner(), Inner(numbers=[])]),
    ],
)
def test_what_keeps_to_its_bounds(value: Outer) -> None:
    assert messages(value) == {}


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        (Outer(inner=[Inner(), Inner(), Inner()]), "value.inner", "at most 2 entries"),
        (Outer(inner=[Inner(text="abcd")]), "value.inner.text", "at most 3 characters"),
        (Outer(inner=[Inner(text=" ")]), "value.inner.text", "not be empty"),
        (Outer(inner=[Inner(text="a\0")]), "value.inner.text", "control characters"),
        (Outer(inner=[Inner(text="\ud800")]), "value.inner.text", "surrogates"),
        (Outer(inner=[Inner(numbers=[10])]), "value.inner.numbers", "between 1 and 9"),
        (Outer(inner=[Inner(numbers=[0])]), "value.inner.numbers", "between 1 and 9"),
        (Outer(inner=[Inner(numbers=[1, 1, 1])]), "value.inner.numbers", "at most 2 entries"),
    ],
)
def test_what_does_not(value: Outer, place: str, words: str) -> None:
    assert words in messages(value)[place]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.01, 1.01])
def test_fractions_are_numbers_too(value: float) -> None:
    assert "between 0 and 1" in messages(value, Bounds(min=0, max=1))["value"]


@pytest.mark.parametrize("value", [0, 1, 0.5, True, None])
def test_fractions_within_their_bounds(value: float | None) -> None:
    assert messages(value, Bounds(min=0, max=1)) == {}
