"""Remembers, per document, how each selected object and list is completed.

A plan depends on the schema, on the operation with its fragments, on the variables that steer
``@skip`` and ``@include``, on the door, and on the place in the document. All of it is in the key:

* Schema and door: each schema object carries one cache per door, which is dropped with it. Clients
  cannot evict the prepared documents of REST with documents of their own.
* Operation and fragments: by identity. Equality would share wrongly, since equal nodes may spread
  different fragments of one name, and would walk the whole document at each request. The parser
  cache of Strawberry gives repeated documents the same nodes. A cached key keeps its nodes alive,
  so an identity cannot come to mean another node. Documents are not to be changed once executed.
* Variables: the values of those named in directives of a selection. Where one is not a boolean,
  which graphql-core reports as an error, nothing is planned.
* Place: the type with the identities of the merged field nodes.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple, cast

from graphql import (
    FragmentDefinitionNode,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails

from graph.projection import Projection, compile_projection
from graph.selection import Collect, Field, Row, SelectionReader, is_streamed

MAX_DOCUMENTS = 256
"""Documents remembered per schema and door."""

MAX_VARIANTS = 16
"""Combinations of directive variables remembered per document; beyond them it starts afresh."""


_STEERING_DIRECTIVES = frozenset({"skip", "include", "defer"})


class Step(NamedTuple):
    """Response keys that are answered together: by a projection, or by graphql-core."""

    keys: tuple[str, ...]
    project: Projection | None


class Plan(NamedTuple):
    """How an object or a list is completed: by one projection, else in steps, else as inherited."""

    project: Projection | None = None
    steps: tuple[Step, ...] = ()


NO_PLAN = Plan()

type Plans = dict[tuple[object, ...], Plan]
"""Plans by place. Bounded by the document: each place is a type and nodes of it."""


class Document:
    """An operation with its fragments, compared by identity."""

    __slots__ = ("_identity", "nodes")

    def __init__(
        self, operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]
    ) -> None:
        self.nodes = (operation, *fragments)
        self._identity = tuple(map(id, self.nodes))

    def __hash__(self) -> int:
        return hash(self._identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Document) and self._identity == other._identity


class DocumentPlans:
    """The plans of one document, for each combination of the variables that steer it."""

    def __init__(self, document: Document) -> None:
        self._steering = _steering_variables(document)
        self._by_values: dict[tuple[object, ...], Plans] = {}

    def plans(self, variables: Mapping[str, Any]) -> Plans | None:
        """The plans made so far for these variables, to be added to; ``None``: plan nothing."""
        values = tuple(variables.get(name) for name in self._steering)
        if not all(type(value) is bool for value in values):
            return None
        plans = self._by_values.get(values)
        if plans is None:
            if len(self._by_values) >= MAX_VARIANTS:
                self._by_values.clear()
            plans = self._by_values.setdefault(values, {})
        return plans


class PlanCache:
    """The plans of one schema for one door; the least recently used documents go first."""

    def __init__(self) -> None:
        self.documents = lru_cache(maxsize=MAX_DOCUMENTS)(DocumentPlans)

    @staticmethod
    def of(schema: GraphQLSchema, *, omit_absent: bool) -> "PlanCache":
        """The cache that the schema carries for a door; made when first asked for."""
        key = "row-plans:rest" if omit_absent else "row-plans:graphql"
        cache = schema.extensions.get(key)
        if cache is None:
            cache = schema.extensions.setdefault(key, PlanCache())
        return cast(PlanCache, cache)

    def plans_for(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDetails],
        variables: Mapping[str, Any],
        *,
        remember: bool = True,
    ) -> Plans | None:
        """The plans for such an execution, to be added to; ``None``: plan nothing.

        Without ``remember`` they are this execution's alone.
        """
        if any(each.variable_signatures for each in fragments.values()):
            return None
        document = Document(operation, [each.definition for each in fragments.values()])
        found = self.documents(document) if remember else DocumentPlans(document)
        return found.plans(variables)


def make_plan(
    output_type: GraphQLObjectType | GraphQLList[GraphQLOutputType],
    details: FieldDetailsList,
    collect: Collect,
    *,
    omit_absent: bool,
) -> Plan:
    """The plan of one object or list. Raises what ``collect`` raises."""
    reader = SelectionReader(collect)
    if isinstance(output_type, GraphQLList):
        if is_streamed(details):
            return NO_PLAN
        shape, _ = reader.shape(output_type, details)
        return Plan(compile_projection(shape, omit_absent=omit_absent)) if shape else NO_PLAN
    fields = reader.row(output_type, details)
    if fields is None:
        return NO_PLAN
    plain = tuple(field for _, field in fields if field is not None)
    if len(plain) == len(fields):
        return Plan(compile_projection(Row(plain), omit_absent=omit_absent))
    return Plan(steps=tuple(_steps(fields, omit_absent))) if plain else NO_PLAN


def _steps(fields: list[tuple[str, Field | None]], omit_absent: bool) -> Iterator[Step]:
    """Neighbouring plain fields share a projection; the others stay where they are between them.

    So everything happens in the order of the selection, as resolvers may expect.
    """
    for is_plain, neighbours in groupby(fields, lambda each: each[1] is not None):
        if is_plain:
            row = Row(tuple(field for _, field in neighbours if field is not None))
            keys = tuple(field.key for field in row.fields)
            yield Step(keys, compile_projection(row, omit_absent=omit_absent))
        else:
            for key, _ in neighbours:
                yield Step((key,), None)


def _steering_variables(document: Document) -> tuple[str, ...]:
    """Names of the variables that decide what is selected, or when it is delivered; sorted."""
    names: set[str] = set()
    pending: list[SelectionSetNode] = [node.selection_set for node in document.nodes]
    while pending:
        for selection in pending.pop().selections:
            for directive in selection.directives or ():
                if directive.name.value not in _STEERING_DIRECTIVES:
                    continue
                for argument in directive.arguments or ():
                    if argument.name.value == "if" and isinstance(argument.value, VariableNode):
                        names.add(argument.value.name.value)
            nested = getattr(selection, "selection_set", None)
            if nested is not None:
                pending.append(nested)
    return tuple(sorted(names))
