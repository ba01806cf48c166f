"""Reads a selection as a shape: which attributes of a row are wanted, under which response keys.

Only what is *plain* has a shape: fields that Strawberry reads with ``getattr`` alone, because they
have no resolver, arguments, permissions or extensions, down to their leaves. Everything else is
``None`` here, and is left to graphql-core.
"""

from collections.abc import Callable
from itertools import chain
from keyword import iskeyword
from typing import NamedTuple

from graphql import (
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from strawberry.types.field import StrawberryField

from graph.absence import Absent, absence_of, definition_of

MAX_FIELDS = 300
"""Fields of one shape, over all levels. Far above any sensible selection; a cap on input."""

type Collect = Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet | None]
"""Gives the fields selected of an object, or ``None`` where their delivery is not plain."""


class Leaf(NamedTuple):
    """A scalar or an enum."""

    type: GraphQLLeafType


class TypeName(NamedTuple):
    """``__typename``: known without a row."""

    name: str


class Row(NamedTuple):
    """An object, its fields in the order in which they are answered."""

    fields: tuple["Field", ...]


class Many(NamedTuple):
    """A list."""

    item: "Shape"
    item_required: bool


type Shape = Leaf | TypeName | Row | Many


class Field(NamedTuple):
    """One response key of an object.

    ``attribute`` is what is read of the row; an ASCII identifier, as the generated source needs it.
    """

    key: str
    attribute: str
    shape: Shape
    required: bool
    absent: Absent


class SelectionReader:
    """Reads one selection; ``collect`` resolves fragments, ``@skip`` and ``@include``."""

    def __init__(self, collect: Collect) -> None:
        self._collect = collect
        self._left = MAX_FIELDS

    def row(
        self, object_type: GraphQLObjectType, details: FieldDetailsList
    ) -> list[tuple[str, Field | None]] | None:
        """Each response key with its field, ``None`` for a field that is not plain.

        ``None`` as a whole where the object cannot be taken apart field by field.
        """
        grouped = self._collect(object_type, details)
        if grouped is None:
            return None
        self._left -= len(grouped)
        if self._left < 0:
            return None
        return [(key, self._field(object_type, key, nodes)) for key, nodes in grouped.items()]

    def shape(
        self, output_type: GraphQLOutputType, details: FieldDetailsList
    ) -> tuple[Shape | None, bool]:
        """The shape of a value of this type, and whether it may not be null."""
        required = isinstance(output_type, GraphQLNonNull)
        nullable = output_type.of_type if isinstance(output_type, GraphQLNonNull) else output_type
        return self._nullable_shape(nullable, details), required

    def _nullable_shape(
        self, output_type: GraphQLOutputType, details: FieldDetailsList
    ) -> Shape | None:
        if isinstance(output_type, GraphQLList):
            item, item_required = self.shape(output_type.of_type, details)
            return None if item is None else Many(item, item_required)
        if is_leaf_type(output_type):
            return Leaf(output_type)
        if isinstance(output_type, GraphQLObjectType) and output_type.is_type_of is None:
            fields = self.row(output_type, details)
            plain = [field for _, field in fields or () if field is not None]
            return Row(tuple(plain)) if fields is not None and len(plain) == len(fields) else None
        return None

    def _field(
        self, object_type: GraphQLObjectType, key: str, details: FieldDetailsList
    ) -> Field | None:
        node = details[0].node
        if node.arguments or is_streamed(details):
            return None
        if node.name.value == "__typename":
            return Field(key, "", TypeName(object_type.name), True, Absent.KEEP_NULL)
        field = object_type.fields.get(node.name.value)
        definition = definition_of(field)
        if field is None or definition is None or not _is_plain(field, definition):
            return None
        shape, required = self.shape(field.type, details)
        if shape is None:
            return None
        return Field(key, definition.python_name, shape, required, absence_of(definition))


def _is_plain(field: GraphQLField, definition: StrawberryField) -> bool:
    """Whether Strawberry would do no more for this field than ``getattr(row, python_name)``."""
    name = definition.python_name
    return (
        definition.is_basic_field
        and definition.default_resolver is getattr
        and type(definition).get_result is StrawberryField.get_result
        and getattr(field.resolve, "_is_default", False)
        and not field.args
        # A keyword cannot follow a dot in source, and Python would normalise a non-ASCII name.
        and name.isascii()
        and name.isidentifier()
        and not iskeyword(name)
    )


def is_streamed(details: FieldDetailsList) -> bool:
    """Whether a list may be delivered piece by piece."""
    directives = chain.from_iterable(each.node.directives or () for each in details)
    return any(directive.name.value == "stream" for directive in directives)
