"""Turns a shape into one Python function that projects rows to dictionaries ready for JSON.

The function holds the happy path alone. Whatever is irregular about a row (a null where none is
allowed, a value of another type, an awaitable, an exception) makes it raise; the caller then has
graphql-core complete the value, which reports it as GraphQL demands. So a projection never has to
word an error, and reading a row twice must be harmless: only rows whose attributes are stored, or
computed by a property, are taken.

Why running generated source is safe here: no text of a query is part of it. It consists of fixed
phrases, of names numbered by this module, of ``repr()`` of response keys and type names, and of
attribute names that come from the schema and were checked to be ASCII identifiers. All else
(row classes, serialisers) is passed by reference, and no builtin is within its reach but the types
that it compares with.
"""

from collections import _tuplegetter  # type: ignore[attr-defined]  # what a NamedTuple's fields are
from collections.abc import Callable
from enum import Enum, EnumType
from functools import cached_property, lru_cache
from inspect import iscoroutinefunction
from types import CodeType, MemberDescriptorType, NoneType
from typing import Any, cast

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from graphql.pyutils import Undefined
from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT
from strawberry.execution import optimized_is_awaitable

from graph.absence import Absent
from graph.selection import Field, Leaf, Many, Row, Shape, TypeName

type Projection = Callable[[Any], Any]
"""Gives the completed value, or raises any ``Exception`` where the value is irregular."""

# Values for which serialising is the identity, in source: {0} is the value. Exact types, since a
# subclass may be serialised otherwise (bool is an int), and since __class__ can be faked.
_AS_IS: dict[GraphQLLeafType, str] = {
    GraphQLString: "type({0}) is str",
    GraphQLID: "type({0}) is str",
    GraphQLBoolean: "type({0}) is bool",
    GraphQLInt: f"type({{0}}) is int and {GRAPHQL_MIN_INT} <= {{0}} <= {GRAPHQL_MAX_INT}",
    GraphQLFloat: "type({0}) is float and {0} - {0} == 0.0",  # false for infinities and NaN
}

# Attributes whose reading can be repeated; an unknown descriptor may do anything.
_REPEATABLE = (MemberDescriptorType, _tuplegetter, property, cached_property)
_PLAIN_GETATTRIBUTE = (object.__getattribute__, tuple.__getattribute__)

# Row classes remembered by one projection; more are possible, they are examined each time.
_MAX_CLASSES = 16

# Equal selections give equal source, also where a client's document is parsed anew each time.
_CACHED_SOURCES = 256


class Irregular(Exception):
    """A value that a projection does not take."""


def compile_projection(shape: Shape, *, omit_absent: bool) -> Projection:
    """The projection of one shape; with ``omit_absent`` as REST bodies want it (``Absent``)."""
    writer = _Writer(omit_absent)
    entry = writer.function(shape)
    namespace = writer.namespace
    exec(_compiled("\n".join(writer.lines)), namespace)  # noqa: S102 - see the module's docstring
    projection: Projection = namespace[entry]
    return projection


@lru_cache(maxsize=_CACHED_SOURCES)
def _compiled(source: str) -> CodeType:
    return compile(source, "<row projection>", "exec", dont_inherit=True)


class _RowClasses(set[type]):
    """The classes of rows that one object of a shape takes; grows as rows are met."""

    def __init__(self, attributes: tuple[str, ...]) -> None:
        super().__init__()
        self._attributes = attributes

    def admit(self, row: object) -> None:
        """Raises ``Irregular`` unless the row's attributes can be read as often as one likes."""
        row_class = type(row)
        if not _is_repeatable(row_class, self._attributes):
            raise Irregular
        if len(self) < _MAX_CLASSES:
            self.add(row_class)


def _is_repeatable(row_class: type, attributes: tuple[str, ...]) -> bool:
    """Whether rows of a class are values to GraphQL, and plain to read."""
    if row_class in (NoneType, type(Undefined)) or issubclass(row_class, Exception):
        return False
    members: dict[str, Any] = {}
    for each in reversed(row_class.__mro__):
        members.update(each.__dict__)
    if "__await__" in members or "__getattr__" in members:
        return False
    if row_class.__getattribute__ not in _PLAIN_GETATTRIBUTE:
        return False
    for name in attributes:
        member = members.get(name)
        if hasattr(type(member), "__get__") and not isinstance(member, _REPEATABLE):
            return False
        # Each read would make another coroutine, and one of them would never be awaited.
        if isinstance(member, property) and iscoroutinefunction(member.fget):
            return False
    return True


def _serialiser(leaf_type: GraphQLLeafType) -> Callable[[Any], Any]:
    """Completes one leaf that is not null, as ``Executor.complete_leaf_value`` does."""
    coerce = leaf_type.coerce_output_value

    def serialise(value: Any) -> Any:
        if value is None or value is Undefined or isinstance(value, Exception):
            raise Irregular
        if optimized_is_awaitable(value):
            raise Irregular
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Irregular
        return coerced

    wrapped = getattr(leaf_type, "wrapped_cls", None)
    if not (isinstance(leaf_type, GraphQLEnumType) and isinstance(wrapped, EnumType)):
        return serialise
    # Strawberry looks for an enum's name member by member; a table gives the same at once. Keyed by
    # the member's own name, since members need not be hashable.
    names = {each._name_: coerce(each) for each in cast(type[Enum], wrapped)}

    def serialise_member(value: Any) -> Any:
        if type(value) is wrapped and value._name_ in names:
            return names[value._name_]
        return serialise(value)

    return serialise_member


class _Writer:
    """Writes a function for each object and each list of a shape."""

    def __init__(self, omit_absent: bool) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {
            "__builtins__": {},
            "Irregular": Irregular,
            **{each.__name__: each for each in (type, str, int, float, bool, list, tuple)},
        }
        self._omit_absent = omit_absent
        self._leaves: dict[GraphQLLeafType, str] = {}

    def function(self, shape: Shape) -> str:
        """Writes the function of a row or a list, and gives its name."""
        if isinstance(shape, Row):
            return self._row_function(shape)
        if isinstance(shape, Many):
            return self._list_function(shape)
        raise TypeError(f"no function is written for {shape!r}")

    def _row_function(self, row: Row) -> str:
        attributes = {i: field.attribute for i, field in enumerate(row.fields) if field.attribute}
        items = [
            f"{field.key!r}: {self._field_source(f'v{i}', field)}"
            for i, field in enumerate(row.fields)
        ]
        classes = self._bind("classes", _RowClasses(tuple(attributes.values())))
        name = self._bind("row", None)
        self.lines += [
            f"def {name}(row):",
            f" if type(row) not in {classes}: {classes}.admit(row)",
            *(f" v{i} = row.{attribute}" for i, attribute in attributes.items()),
            f" out = {{{', '.join(items)}}}",
        ]
        # One display and few deletions are faster than one assignment for each field.
        if self._omit_absent:
            self.lines += [line for i, field in enumerate(row.fields) for line in _omit(i, field)]
        self.lines.append(" return out")
        return name

    def _list_function(self, many: Many) -> str:
        item = self._value_source("item", many.item, many.item_required)
        name = self._bind("list", None)
        self.lines += [
            f"def {name}(items):",
            " if type(items) is not list and type(items) is not tuple: raise Irregular",
            f" return [{item} for item in items]",
        ]
        return name

    def _field_source(self, value: str, field: Field) -> str:
        if isinstance(field.shape, TypeName):
            return repr(field.shape.name)
        return self._value_source(value, field.shape, field.required)

    def _value_source(self, value: str, shape: Shape, required: bool) -> str:
        """An expression that completes the variable named ``value``."""
        as_is = [] if required else [f"{value} is None"]
        if isinstance(shape, Leaf):
            call = self._leaf(shape.type)
            if shape.type in _AS_IS:
                as_is.insert(0, _AS_IS[shape.type].format(value))
        else:
            call = self.function(shape)
        unchanged = f"{value} if {' or '.join(as_is)} else " if as_is else ""
        return f"{unchanged}{call}({value})"

    def _leaf(self, leaf_type: GraphQLLeafType) -> str:
        if leaf_type not in self._leaves:
            self._leaves[leaf_type] = self._bind("leaf", _serialiser(leaf_type))
        return self._leaves[leaf_type]

    def _bind(self, prefix: str, value: Any) -> str:
        name = f"{prefix}{len(self.namespace)}"
        self.namespace[name] = value
        return name


def _omit(position: int, field: Field) -> list[str]:
    """Takes the field out of ``out`` where ``Absent.leaves_out`` says so."""
    key = repr(field.key)
    omit = f"del out[{key}]"
    lines = []
    if field.absent is not Absent.KEEP_NULL and not field.required:
        lines.append(f" if v{position} is None: {omit}")
    if field.absent is Absent.OMIT_EMPTY:
        keyword = "elif" if lines else "if"
        lines.append(f" {keyword} out[{key}] is False or out[{key}] == []: {omit}")
    return lines
