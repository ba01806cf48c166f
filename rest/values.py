"""Reads the texts of a URL and the members of a JSON body as values of GraphQL input types.

Strictly: a number in quotes is no number, an unknown member is a fault, and every fault names the
member it concerns, in REST's own names.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    is_required_input_field,
)
from strawberry.utils.str_converters import to_snake_case

from api.errors import FieldProblem
from graph.directives import shorthand_of

_INT = re.compile(r"-?(0|[1-9][0-9]{0,9})")
_MAX_INT = 2**31 - 1
MAX_NAME_CHARS = 100


def bare(of: Any) -> Any:
    """A type without its "not null"."""
    return of.of_type if isinstance(of, GraphQLNonNull) else of


def read_text(of: GraphQLInputType, text: str) -> Any:
    """The text of a URL as a value of a type; ``ValueError`` says what it must be."""
    named = bare(of)
    if named.name == "Int":
        if not _INT.fullmatch(text) or abs(int(text)) > _MAX_INT:
            raise ValueError("must be a whole number")
        return int(text)
    if named.name == "Boolean":
        if text not in ("true", "false"):
            raise ValueError("must be true or false")
        return text == "true"
    if named.name == "Float":
        raise ValueError("must be sent in a body")
    return _leaf(named, text)


def read_json_value(of: GraphQLInputType, value: Any, name: str) -> tuple[Any, list[FieldProblem]]:
    """A member of a JSON body as a value of a type, and what is wrong with it.

    ``name`` is the member's full name: ``keywords.must_any``.
    """
    if value is None:
        if isinstance(of, GraphQLNonNull):
            return None, [FieldProblem(name, "must not be null")]
        return None, []
    inner = bare(of)
    if isinstance(inner, GraphQLList):
        return _read_list(inner, value, name)
    if isinstance(inner, GraphQLInputObjectType):
        return _read_object(inner, value, name)
    try:
        return _leaf(inner, value), []
    except ValueError as error:
        return None, [FieldProblem(name, str(error))]


def _read_list(
    of: GraphQLList[Any], value: Any, name: str
) -> tuple[list[Any] | None, list[FieldProblem]]:
    if not isinstance(value, list):
        return None, [FieldProblem(name, "must be a list")]
    items, problems = [], []
    for number, each in enumerate(value):
        item, wrong = read_json_value(of.of_type, each, f"{name}[{number}]")
        items.append(item)
        problems += wrong
    return items, problems


def _read_object(
    of: GraphQLInputObjectType, value: Any, name: str
) -> tuple[dict[str, Any] | None, list[FieldProblem]]:
    short = shorthand_of(of)
    if short is not None and isinstance(value, str):
        value = {to_snake_case(short): value}
    if not isinstance(value, dict):
        must = "must be an object" if short is None else "must be text or an object"
        return None, [FieldProblem(name, must)]
    variables = {to_snake_case(variable): variable for variable in of.fields}
    problems = [
        FieldProblem(f"{name}.{member[:MAX_NAME_CHARS]}", "is no parameter of this operation")
        for member in value
        if member not in variables
    ]
    read: dict[str, Any] = {}
    for member, variable in variables.items():
        field = of.fields[variable]
        if member in value:
            read[variable], wrong = read_json_value(field.type, value[member], f"{name}.{member}")
            problems += wrong
        elif is_required_input_field(field):
            problems.append(FieldProblem(f"{name}.{member}", "is required"))
    return read, problems


def _leaf(of: Any, value: Any) -> Any:
    if isinstance(of, GraphQLEnumType):
        if not isinstance(value, str) or value not in of.values:
            raise ValueError("must be one of " + ", ".join(of.values))
        return value
    assert isinstance(of, GraphQLScalarType)  # noqa: S101 - rest.prepare lets nothing else through
    plain = _PLAIN.get(of.name)
    if plain is None:
        try:
            of.parse_value(value)
        except (GraphQLError, ValueError, TypeError) as error:
            raise ValueError(getattr(error, "message", None) or "has the wrong type") from None
        return value
    return plain(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _whole(value: Any) -> int:
    # JSON has one kind of number: 20.0 is a whole one.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or abs(value) > _MAX_INT:
        raise ValueError("must be a whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError("must be a number")
    return float(value)


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return value


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "String": _text,
    "ID": _text,
    "Int": _whole,
    "Float": _number,
    "Boolean": _truth,
}
