"""What an operation costs, in points: known before it runs, and set right by what it answered.

Every operation (a field of ``Query``, ``Mutation`` or ``Subscription``) costs 10 points and every
object of the answer 1; plain values are free. A list counts as many objects as its page may have:
``first`` or ``limit`` of the field or of the field around it, or the length of the list that the
field has to be given; 100 for ``nodes`` and ``edges``, and 10 for others, where nothing says so.
A field of the schema about itself costs a tenth of a point. An operation may name other points
(``graph.operation.operation``).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)

from graph.bounds import bounds_of

OPERATION_POINTS = 10
POINTS = "points"
"""The name of an operation's own points in its metadata."""

# Counted in tenths, as whole numbers add up exactly.
_POINT = 10
_SLICING = ("first", "limit")
_ROWS = frozenset({"nodes", "edges", "types"})
_ROWS_ASSUMED = 100
_ITEMS_ASSUMED = 10
# Most types have few of everything; with this, introspection costs about what its time does.
_ABOUT_ITEMS_ASSUMED = 4
_ABOUT_SCHEMA = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@dataclass(frozen=True, slots=True)
class _Size:
    """Where the number of items of a list is said: an argument's literal, variable or default."""

    literal: int | None
    variable: str | None
    otherwise: int
    """Where the variable has no value that counts."""
    most: int | None

    def of(self, variables: Mapping[str, Any]) -> int:
        size = self.literal
        if self.variable is not None:
            value = variables.get(self.variable)
            size = len(value) if isinstance(value, list) else value
        if type(size) is not int:
            size = self.otherwise
        # A number out of bounds is refused as such when it is its turn.
        return max(0, size if self.most is None else min(size, self.most))


@dataclass(frozen=True, slots=True)
class _Costed:
    """A response key: what one object costs (tenths of a point), how many there are, its fields."""

    key: str
    own: int
    listed: bool
    size: _Size | None
    assumed: int
    inner: tuple["_Costed", ...]


@dataclass(frozen=True, slots=True)
class OperationCost:
    """The cost of one operation of a document."""

    _fields: tuple[_Costed, ...]

    @property
    def has_lists(self) -> bool:
        """Whether there is a list of objects in the answer."""
        return _has_lists(self._fields)

    def requested(self, variables: Mapping[str, Any]) -> int:
        """The points to have before it runs: each page is taken to be full."""
        return math.ceil(_requested(self._fields, variables, None) / _POINT)

    def actual(self, data: Mapping[str, Any] | None) -> int:
        """The points of an answer; operations cost theirs whatever they answered."""
        operations = sum(each.own for each in self._fields)
        found = _actual(self._fields, data) if data else 0
        known = sum(each.own for each in self._fields if data and data.get(each.key) is not None)
        return math.ceil((operations + found - known) / _POINT)


def cost_of(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> OperationCost:
    """The cost of an operation of a valid document that is within the limits."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return OperationCost(())
    compiler = _Compiler(schema, document, operation)
    return OperationCost(compiler.fields(((root, operation.selection_set),), root))


class _Compiler:
    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ):
        self._schema = schema
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._defaults = {
            each.variable.name.value: each.default_value
            for each in operation.variable_definitions or ()
        }

    def fields(
        self,
        selections: tuple[tuple[GraphQLCompositeType, SelectionSetNode], ...],
        root: GraphQLObjectType | None = None,
    ) -> tuple[_Costed, ...]:
        """The response keys of selections that are answered as one, merged by key."""
        merged: dict[str, list[tuple[GraphQLCompositeType, FieldNode]]] = {}
        spread: set[tuple[str, str]] = set()
        for of, selection_set in selections:
            for parent, node in self._collected(of, selection_set, spread):
                key = node.alias.value if node.alias else node.name.value
                merged.setdefault(key, []).append((parent, node))
        costed = (self._costed(key, found, root) for key, found in merged.items())
        return tuple(each for each in costed if each.own or each.inner)

    def _collected(
        self, of: GraphQLCompositeType, selections: SelectionSetNode, spread: set[tuple[str, str]]
    ) -> Iterator[tuple[GraphQLCompositeType, FieldNode]]:
        for each in selections.selections:
            if isinstance(each, FieldNode):
                yield of, each
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(each, FragmentSpreadNode):
                name = each.name.value
                if (of.name, name) in spread:
                    continue
                spread.add((of.name, name))
                fragment = self._fragments[name]
            else:
                assert isinstance(each, InlineFragmentNode)  # noqa: S101 - there is no other kind
                fragment = each
            condition = fragment.type_condition
            inner = self._schema.get_type(condition.name.value) if condition else of
            assert is_composite_type(inner)  # noqa: S101 - the document is valid
            yield from self._collected(inner, fragment.selection_set, spread)

    def _costed(
        self,
        key: str,
        found: list[tuple[GraphQLCompositeType, FieldNode]],
        root: GraphQLObjectType | None,
    ) -> _Costed:
        parent, node = found[0]
        name = node.name.value
        field = _ABOUT_SCHEMA.get(name) or getattr(parent, "fields", {}).get(name)
        if field is None:  # __typename
            return _Costed(key, 0, listed=False, size=None, assumed=1, inner=())
        of = get_named_type(field.type)
        selections = tuple(
            (of, each.selection_set)
            for _, each in found
            if each.selection_set is not None and is_composite_type(of)
        )
        own = _own_points(field, of, parent, is_operation=parent is root)
        if parent is root and not own:
            # What is free is free with all that it answers.
            selections = ()
        assumed = _ABOUT_ITEMS_ASSUMED if parent.name.startswith("__") else _ITEMS_ASSUMED
        return _Costed(
            key,
            own,
            _is_list(field.type),
            self._size(field, node),
            _ROWS_ASSUMED if name in _ROWS else assumed,
            self.fields(selections),
        )

    def _size(self, field: GraphQLField, node: FieldNode) -> _Size | None:
        given = {each.name.value: each.value for each in node.arguments or ()}
        for name, argument in field.args.items():
            counted = isinstance(argument.type, GraphQLNonNull) and _is_list(argument.type)
            if name not in _SLICING and not counted:
                continue
            bounds = bounds_of(argument.extensions["strawberry-definition"])
            most = None if bounds is None else (bounds.max_items if counted else bounds.max)
            default = argument.default_value
            otherwise = default if type(default) is int else _ITEMS_ASSUMED
            value = given.get(name)
            if isinstance(value, VariableNode):
                default_node = self._defaults.get(value.name.value)
                stated = _length(default_node) if default_node else None
                return _Size(None, value.name.value, stated or otherwise, most or None)
            return _Size(_length(value) if value else None, None, otherwise, most or None)
        return None


def _own_points(
    field: GraphQLField, of: object, parent: GraphQLCompositeType, *, is_operation: bool
) -> int:
    if parent.name.startswith("__") or getattr(of, "name", "").startswith("__"):
        return 1
    if is_operation:
        definition = field.extensions.get("strawberry-definition")
        metadata = getattr(definition, "metadata", {})
        return int(metadata.get(POINTS, OPERATION_POINTS)) * _POINT
    return 0 if is_leaf_type(of) else _POINT


def _length(value: ValueNode) -> int | None:
    if isinstance(value, IntValueNode):
        # Longer ones are out of all bounds, and slow to read.
        return int(value.value) if len(value.value) < 12 else None
    return len(value.values) if isinstance(value, ListValueNode) else None


def _is_list(of: object) -> bool:
    return isinstance(of.of_type if isinstance(of, GraphQLNonNull) else of, GraphQLList)


def _requested(
    fields: tuple[_Costed, ...], variables: Mapping[str, Any], around: int | None
) -> int:
    total = 0
    for each in fields:
        size = None if each.size is None else each.size.of(variables)
        if not each.listed:
            total += each.own + _requested(each.inner, variables, size)
            continue
        items = size if size is not None else around
        one = each.own + _requested(each.inner, variables, None)
        total += one * (each.assumed if items is None else items)
    return total


def _has_lists(fields: tuple[_Costed, ...]) -> bool:
    return any(each.listed or _has_lists(each.inner) for each in fields)


def _actual(fields: tuple[_Costed, ...], data: Mapping[str, Any]) -> int:
    total = 0
    for each in fields:
        value = data.get(each.key)
        if value is None:
            continue
        if not isinstance(value, list):
            total += each.own + (_actual(each.inner, value) if each.inner else 0)
            continue
        total += each.own * len(value)
        if each.inner:
            total += sum(_actual(each.inner, row) for row in value if row)
    return total
