"""From a row of the table to a prepared document: looked up, validated, described."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from graphql import (
    DocumentNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Undefined,
    ast_from_value,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
    validate,
)
from strawberry.utils.str_converters import to_camel_case, to_snake_case

from graph.directives import Bounds
from graph.operation import bounds_of
from rest.routes import Route

RESULT = "result"
_PATH_PARAMETER = re.compile(r"{([a-z_]+)}")


class WrongRoute(Exception):
    """A row of the table that does not fit the schema. Raised at start, never at a request."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One REST parameter and the GraphQL argument (``variable``) that it fills."""

    name: str
    variable: str
    place: Literal["path", "query"]
    type_name: str
    required: bool
    default: Any
    description: str
    bounds: Bounds | None


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the body: its REST name and the GraphQL field it holds."""

    name: str
    field: str


@dataclass(frozen=True, slots=True)
class PreparedRoute:
    """A row with everything that a request or the OpenAPI document needs."""

    route: Route
    document: DocumentNode
    parameters: tuple[Parameter, ...]
    members: tuple[Member, ...]
    field: GraphQLField


def prepare(route: Route, schema: GraphQLSchema) -> PreparedRoute:
    """The prepared form of a row.

    Raises :class:`WrongRoute`, saying what is wrong and in which row.
    """
    if route.method != "GET" or schema.query_type is None:
        raise WrongRoute(f"{route.method} {route.path}: only GET rows over queries are known.")
    field = schema.query_type.fields.get(route.operation)
    if field is None:
        raise WrongRoute(f"{route.method} {route.path}: there is no query {route.operation}.")
    parameters = _parameters(route, field)
    members = _members(route, field)
    text = _document_text(route, field, members)
    try:
        document = parse(text)
    except Exception as error:
        raise WrongRoute(f"{route.method} {route.path}: {error}") from error
    faults = validate(schema, document)
    if faults:
        raise WrongRoute(f"{route.method} {route.path}: {faults[0].message}")
    return PreparedRoute(route, document, parameters, members, field)


def _parameters(route: Route, field: GraphQLField) -> tuple[Parameter, ...]:
    in_path = set(_PATH_PARAMETER.findall(route.path))
    parameters = tuple(
        _parameter(route, variable, argument, in_path) for variable, argument in field.args.items()
    )
    unused = (in_path - {each.name for each in parameters}) | (
        set(route.renames) - RENAMED_ELSEWHERE - {to_snake_case(name) for name in field.args}
    )
    if unused:
        raise WrongRoute(f"{route.method} {route.path}: {route.operation} takes no {unused}.")
    return parameters


# The general renames apply to every row, whether or not its field has these arguments.
RENAMED_ELSEWHERE = {"first", "after"}


def _parameter(
    route: Route, variable: str, argument: GraphQLArgument, in_path: set[str]
) -> Parameter:
    named = get_named_type(argument.type)
    inner = getattr(argument.type, "of_type", argument.type)
    if isinstance(inner, GraphQLList) or not is_leaf_type(named):
        raise WrongRoute(f"{route.path}: {variable} is no plain value and cannot be in a URL.")
    snake = to_snake_case(variable)
    name = route.renames.get(snake, snake)
    has_default = argument.default_value is not Undefined
    return Parameter(
        name=name,
        variable=variable,
        place="path" if name in in_path else "query",
        type_name=named.name,
        required=isinstance(argument.type, GraphQLNonNull) and not has_default,
        default=argument.default_value if has_default else None,
        description=argument.description or "",
        bounds=bounds_of(argument.extensions["strawberry-definition"]),
    )


def _members(route: Route, field: GraphQLField) -> tuple[Member, ...]:
    members = []
    for item in route.select:
        name, _, source = item.partition(":")
        members.append(Member(name.strip(), to_camel_case((source or name).strip())))
    result = get_named_type(field.type)
    if not isinstance(result, GraphQLObjectType):
        raise WrongRoute(f"{route.path}: {route.operation} gives no object.")
    for member in members:
        if member.field not in result.fields:
            raise WrongRoute(f"{route.path}: {result.name} has no field {member.field}.")
    return tuple(members)


def _document_text(route: Route, field: GraphQLField, members: tuple[Member, ...]) -> str:
    result = get_named_type(field.type)
    assert isinstance(result, GraphQLObjectType)  # noqa: S101 - checked by _members
    declared = ", ".join(_declaration(name, each) for name, each in field.args.items())
    passed = ", ".join(f"{name}: ${name}" for name in field.args)
    body = " ".join(
        f"{member.name}: {member.field}{selection(result.fields[member.field].type)}"
        for member in members
    )
    head = f"query ({declared})" if declared else "query"
    arguments = f"({passed})" if passed else ""
    return f"{head} {{ {RESULT}: {route.operation}{arguments} {{ {body} }} }}"


def _declaration(name: str, argument: GraphQLArgument) -> str:
    text = f"${name}: {argument.type}"
    if argument.default_value is Undefined:
        return text
    node = ast_from_value(argument.default_value, argument.type)
    assert node is not None  # noqa: S101 - a default is a value of its own type
    return f"{text} = {print_ast(node)}"


def selection(of: GraphQLOutputType, seen: tuple[str, ...] = ()) -> str:
    """The selection of all plain fields of a type, under their REST names; empty for a leaf."""
    named = get_named_type(of)
    if not isinstance(named, GraphQLObjectType):
        return ""
    parts = [
        f"{to_snake_case(name)}: {name}{selection(field.type, (*seen, named.name))}"
        for name, field in plain_fields(named, seen)
    ]
    return " { " + " ".join(parts) + " }"


def plain_fields(
    of: GraphQLObjectType, seen: tuple[str, ...] = ()
) -> list[tuple[str, GraphQLField]]:
    """The fields of a type that are part of its row: no resolver of their own, no way back."""
    return [
        (name, field)
        for name, field in of.fields.items()
        if field.extensions["strawberry-definition"].base_resolver is None
        and getattr(get_named_type(field.type), "name", "") not in (*seen, of.name)
    ]
