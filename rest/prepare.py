"""From a row of the table to a prepared document: looked up, validated, described."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Undefined,
    ast_from_value,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    print_ast,
    validate,
)
from strawberry.utils.str_converters import to_camel_case, to_snake_case

from api.caller import CallerKind, Role
from graph.bounds import bounds_of
from graph.directives import Bounds, Callers
from graph.documents import PreparedDocument
from graph.operation import is_own_key
from rest.route import Route
from rest.values import bare

METHODS = ("GET", "POST", "PATCH", "DELETE")
WITH_BODY = frozenset({"POST", "PATCH"})
RESULT = "result"
COLUMNS = "columns"
MAX_COLUMN_SETS = 64
"""Documents kept of one route, for as many sets of columns; others are made anew."""
_PATH_PARAMETER = re.compile(r"{([a-z_]+)}")


class WrongRoute(Exception):
    """A row of the table that does not fit the schema. Raised at start, never at a request."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One REST parameter and the GraphQL argument (``variable``) that it fills."""

    name: str
    variable: str
    place: Literal["path", "query", "body"]
    type: GraphQLInputType
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
    document: PreparedDocument
    parameters: tuple[Parameter, ...]
    members: tuple[Member, ...]
    field: GraphQLField
    callers: frozenset[CallerKind]
    """Who may ask; everybody, without credentials, where it is empty."""
    managed: bool
    """Whether it is for partners alone."""
    role: Role
    """The least role of a console user who may ask."""
    writes: bool
    """Whether it changes something: then it honours an ``Idempotency-Key``."""
    own_key: bool
    """Whether the operation itself keeps what it answered under such a key."""
    document_of: Callable[[tuple[str, ...]], PreparedDocument] | None = None
    """The document that gives these columns, where the request chooses some."""

    @property
    def public(self) -> bool:
        """Whether it asks for no credentials."""
        return not self.callers

    @property
    def in_body(self) -> tuple[Parameter, ...]:
        """The parameters that are members of the JSON body."""
        return tuple(each for each in self.parameters if each.place == "body")

    @property
    def in_url(self) -> tuple[Parameter, ...]:
        """The parameters of path and query string."""
        return tuple(each for each in self.parameters if each.place != "body")


def prepare(route: Route, schema: GraphQLSchema) -> PreparedRoute:
    """The prepared form of a row.

    Raises :class:`WrongRoute`, saying what is wrong and in which row.
    """
    if route.method not in METHODS:
        raise WrongRoute(f"{route.method} {route.path}: methods are {', '.join(METHODS)}.")
    kind, field = _found(route, schema)
    parameters = _parameters(route, field)
    members = _members(route, field)
    callers, managed, role = _callers(field)

    # Plans of execution are kept by document, so the same columns need the same document.
    @lru_cache(maxsize=MAX_COLUMN_SETS)
    def document_of(columns: tuple[str, ...]) -> PreparedDocument:
        text = _document_text(kind, route, field, parameters, members, columns)
        return _validated(route, text, schema)

    columns = () if route.chosen is None else (_columns_parameter(route, field, members),)
    return PreparedRoute(
        route,
        document_of(route.default_columns),
        (*parameters, *columns),
        members,
        field,
        callers=callers,
        managed=managed,
        role=role,
        writes=kind == "mutation",
        own_key=is_own_key(field),
        document_of=None if route.chosen is None else document_of,
    )


def _validated(route: Route, text: str, schema: GraphQLSchema) -> PreparedDocument:
    try:
        document = parse(text)
    except Exception as error:
        raise WrongRoute(f"{route.method} {route.path}: {error}") from error
    faults = validate(schema, document)
    if faults:
        raise WrongRoute(f"{route.method} {route.path}: {faults[0].message}")
    return PreparedDocument.of(document)


def _columns_parameter(route: Route, field: GraphQLField, members: tuple[Member, ...]) -> Parameter:
    result = get_named_type(field.type)
    assert isinstance(result, GraphQLObjectType)  # noqa: S101 - checked by _members
    fields = [result.fields[each.field] for each in members if each.name == route.chosen]
    rows = get_named_type(fields[0].type) if fields else None
    if not isinstance(rows, GraphQLObjectType) or not route.default_columns:
        raise WrongRoute(f"{route.method} {route.path}: {route.chosen} has no columns.")
    names = [to_snake_case(name) for name, _ in plain_fields(rows)]
    return Parameter(
        name=COLUMNS,
        variable=COLUMNS,
        place="body",
        type=GraphQLList(GraphQLNonNull(GraphQLEnumType("Column", {name: name for name in names}))),
        required=False,
        default=list(route.default_columns),
        description=f"Columns of each row; {route.default_columns[0]} is always one of them.",
        bounds=Bounds(max_items=len(names)),
    )


def _found(route: Route, schema: GraphQLSchema) -> tuple[str, GraphQLField]:
    """The field of a row: a mutation may not be run by GET, a read may be sent by POST."""
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        field = root.fields.get(route.operation) if root is not None else None
        if field is None:
            continue
        if kind == "mutation" and route.method == "GET":
            raise WrongRoute(f"{route.method} {route.path}: {route.operation} writes.")
        return kind, field
    raise WrongRoute(f"{route.method} {route.path}: there is no operation {route.operation}.")


def _callers(field: GraphQLField) -> tuple[frozenset[CallerKind], bool, Role]:
    definition = field.extensions["strawberry-definition"]
    declared = next((each for each in definition.directives if isinstance(each, Callers)), None)
    if declared is None:
        return frozenset(), False, Role.ADMIN
    role = declared.role or Role.ADMIN
    return frozenset(declared.kinds), declared.managed is True, role


def _parameters(route: Route, field: GraphQLField) -> tuple[Parameter, ...]:
    in_path = set(_PATH_PARAMETER.findall(route.path))
    named = {to_snake_case(variable): variable for variable in field.args}
    for name in route.leave_out:
        if name not in named or is_required_argument(field.args[named[name]]):
            raise WrongRoute(f"{route.method} {route.path}: {name} cannot be left out.")
    if not set(route.require) <= set(named) - set(route.leave_out):
        raise WrongRoute(f"{route.method} {route.path}: {route.require} cannot be required.")
    parameters = tuple(
        _parameter(route, variable, field.args[variable], in_path)
        for name, variable in named.items()
        if name not in route.leave_out
    )
    unused = (in_path - {each.name for each in parameters}) | (
        set(route.renames) - RENAMED_ELSEWHERE - set(named)
    )
    if unused:
        raise WrongRoute(f"{route.method} {route.path}: {route.operation} takes no {unused}.")
    return parameters


# The general renames apply to every row, whether or not its field has these arguments.
RENAMED_ELSEWHERE = {"first", "after"}


def _parameter(
    route: Route, variable: str, argument: GraphQLArgument, in_path: set[str]
) -> Parameter:
    snake = to_snake_case(variable)
    name = route.renames.get(snake, snake)
    place: Literal["path", "query", "body"] = "query"
    if name in in_path:
        place = "path"
    elif route.method in WITH_BODY:
        place = "body"
    plain = is_leaf_type(bare(argument.type))
    if place != "body" and not plain:
        raise WrongRoute(f"{route.path}: {variable} is no plain value and cannot be in a URL.")
    has_default = argument.default_value is not Undefined
    return Parameter(
        name=name,
        variable=variable,
        place=place,
        type=argument.type,
        required=is_required_argument(argument) or snake in route.require,
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


def _document_text(
    kind: str,
    route: Route,
    field: GraphQLField,
    parameters: tuple[Parameter, ...],
    members: tuple[Member, ...],
    columns: tuple[str, ...],
) -> str:
    result = get_named_type(field.type)
    assert isinstance(result, GraphQLObjectType)  # noqa: S101 - checked by _members
    names = [each.variable for each in parameters]
    declared = ", ".join(_declaration(name, field.args[name]) for name in names)
    passed = ", ".join(f"{name}: ${name}" for name in names)
    body = " ".join(
        f"{member.name}: {member.field}"
        + (
            _selection_of(columns)
            if member.name == route.chosen
            else selection(result.fields[member.field].type)
        )
        for member in members
    )
    head = f"{kind} ({declared})" if declared else kind
    arguments = f"({passed})" if passed else ""
    return f"{head} {{ {RESULT}: {route.operation}{arguments} {{ {body} }} }}"


def _declaration(name: str, argument: GraphQLArgument) -> str:
    text = f"${name}: {argument.type}"
    if argument.default_value is Undefined:
        return text
    node = ast_from_value(argument.default_value, argument.type)
    assert node is not None  # noqa: S101 - a default is a value of its own type
    return f"{text} = {print_ast(node)}"


def _selection_of(columns: tuple[str, ...]) -> str:
    return " { " + " ".join(f"{name}: {to_camel_case(name)}" for name in columns) + " }"


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
