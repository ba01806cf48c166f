"""Which columns a selection reads, so that no others are fetched."""

from collections.abc import Iterable, Iterator
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionNode,
)
from strawberry.utils.str_converters import to_snake_case

from api.domain.organisation.records import COLUMNS
from graph.context import Context

_KNOWN = frozenset(COLUMNS)


def selected_columns(info: strawberry.Info[Context, None], *paths: str) -> tuple[str, ...]:
    """The columns of organisations that are selected below the field that is being resolved.

    ``paths`` are where its organisations are: ``nodes``, ``edges.node``; none where the field gives
    organisations itself. ``domain`` is the first of the columns, selected or not.
    """
    raw = info._raw_info
    names: set[str] = set()
    for path in paths or ("",):
        fields: Iterable[FieldNode] = raw.field_nodes
        for step in path.split(".") if path else ():
            fields = [each for each in _below(raw, fields) if each.name.value == step]
        names |= {to_snake_case(each.name.value) for each in _below(raw, fields)}
    return ("domain", *sorted((names & _KNOWN) - {"domain"}))


def is_selected(info: strawberry.Info[Context, None], path: str) -> bool:
    """Whether a field at a path below the one that is being resolved is selected."""
    raw = info._raw_info
    fields: Iterable[FieldNode] = raw.field_nodes
    for step in path.split("."):
        fields = [each for each in _below(raw, fields) if each.name.value == step]
    return bool(fields)


def _below(raw: GraphQLResolveInfo[Any], fields: Iterable[FieldNode]) -> Iterator[FieldNode]:
    for field in fields:
        if field.selection_set is not None:
            yield from _fields(raw, field.selection_set.selections)


def _fields(
    raw: GraphQLResolveInfo[Any], selections: Iterable[SelectionNode]
) -> Iterator[FieldNode]:
    for each in selections:
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, InlineFragmentNode):
            yield from _fields(raw, each.selection_set.selections)
        elif isinstance(each, FragmentSpreadNode):
            yield from _fields(raw, raw.fragments[each.name.value].selection_set.selections)
