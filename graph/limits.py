"""What a client's document may look like: measured in one pass, before anything else is done.

Validating and running a document takes time that its text does not show: a fragment that spreads
another one twice doubles the work with each link of a chain. Here every node is visited once and
every fragment is summed up once, so that the measure is linear in the text whatever it says; only
what is within all limits is validated, costed (``graph.cost``) and run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.errors import DomainError, ErrorCode


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a document may have. All counts but ``tokens`` are with fragments filled in.

    Where a document has several operations, each count is that of all of them together: validation
    looks at them all, whichever is run.
    """

    tokens: int = 2_000
    """Words and signs of the text; more are not even read."""
    depth: int = 20
    """Fields within fields. The introspection of a full client has 14."""
    fields: int = 1_000
    aliases: int = 100
    directives: int = 100
    fragments: int = 100
    """Definitions of fragments, used or not."""
    operations: int = 20
    """Definitions of operations."""
    written_fields: int = 500
    """Fields as they stand in the text: each pair of one name is compared."""


LIMITS = Limits()
# Where fragments double with each link, sums have as many digits as there are links.
_UNCOUNTED = 1_000_000_000


@dataclass(slots=True)
class Measure:
    """What a document, or one definition of it, has. ``visits`` counts the nodes looked at."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    visits: int = 0
    spreads: list[tuple[str, int]] = field(default_factory=list)
    """Fragments spread directly, each with the depth at which it is."""


@dataclass(frozen=True, slots=True)
class DocumentMeasure:
    """The sums of a document."""

    total: Measure
    written_fields: int
    fragments: int
    operations: int


def measure(document: DocumentNode) -> DocumentMeasure:
    """Measures a document. Never raises: names without a fragment, and fragments that lead back to
    themselves, count once, as validation refuses both.
    """
    fragments: dict[str, Measure] = {}
    operations: list[Measure] = []
    definitions = 0
    for each in document.definitions:
        if isinstance(each, FragmentDefinitionNode):
            definitions += 1
            # Of several of one name, which validation refuses, none hides another.
            own = fragments.setdefault(each.name.value, Measure())
            _look_through(each, own)
        elif isinstance(each, OperationDefinitionNode):
            operations.append(_look_through(each, Measure()))
    owns = [*fragments.values(), *operations]
    written = sum(each.fields for each in owns)
    visits = sum(each.visits for each in owns)
    summed = _sum_up(fragments)
    total = Measure(visits=visits)
    for operation in operations:
        _add(total, _filled(operation, summed))
    # What no operation uses is validated like the rest.
    for unused in fragments.keys() - _used(operations, fragments):
        _add(total, summed[unused])
    return DocumentMeasure(total, written, definitions, len(operations))


def refuse_beyond(document: DocumentNode, limits: Limits = LIMITS) -> None:
    """Raises ``query_too_complex``, saying which limit a document is beyond."""
    found = measure(document)
    counts = {
        "levels of fields": (found.total.depth, limits.depth),
        "fields": (found.total.fields, limits.fields),
        "aliases": (found.total.aliases, limits.aliases),
        "directives": (found.total.directives, limits.directives),
        "fragments": (found.fragments, limits.fragments),
        "operations": (found.operations, limits.operations),
        "fields as written": (found.written_fields, limits.written_fields),
    }
    for what, (count, most) in counts.items():
        if count > most:
            raise DomainError(
                ErrorCode.QUERY_TOO_COMPLEX, f"A document may have at most {most:,} {what}."
            )


def _look_through(
    definition: FragmentDefinitionNode | OperationDefinitionNode, own: Measure
) -> Measure:
    """Adds what stands in a definition itself, its spreads listed and not filled in."""
    own.visits += 1
    own.directives += len(definition.directives or ())
    pending: list[tuple[SelectionSetNode, int]] = [(definition.selection_set, 1)]
    while pending:
        selections, depth = pending.pop()
        for selection in selections.selections:
            own.visits += 1
            own.directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                own.spreads.append((selection.name.value, depth - 1))
                continue
            inner = depth
            if isinstance(selection, FieldNode):
                own.fields += 1
                own.aliases += selection.alias is not None
                own.depth = max(own.depth, depth)
                inner = depth + 1
            nested = getattr(selection, "selection_set", None)
            if nested is not None:
                pending.append((nested, inner))
    return own


def _sum_up(owns: Mapping[str, Measure]) -> dict[str, Measure]:
    """Each fragment with those that it spreads filled in; each is summed up once."""
    summed: dict[str, Measure] = {}
    begun: set[str] = set()
    pending = list(owns)
    while pending:
        name = pending[-1]
        missing = [
            spread
            for spread, _ in owns[name].spreads
            if spread in owns and spread not in summed and spread not in begun
        ]
        if name not in begun:
            begun.add(name)
            if missing:
                pending.extend(dict.fromkeys(missing))
                continue
        pending.pop()
        if name not in summed:
            summed[name] = _filled(owns[name], summed)
    return summed


def _filled(own: Measure, summed: Mapping[str, Measure]) -> Measure:
    filled = Measure(own.depth, own.fields, own.aliases, own.directives)
    for name, depth in own.spreads:
        if name in summed:
            _add(filled, summed[name], depth)
    return filled


def _add(total: Measure, part: Measure, at_depth: int = 0) -> None:
    total.depth = min(_UNCOUNTED, max(total.depth, at_depth + part.depth))
    total.fields = min(_UNCOUNTED, total.fields + part.fields)
    total.aliases = min(_UNCOUNTED, total.aliases + part.aliases)
    total.directives = min(_UNCOUNTED, total.directives + part.directives)


def _used(operations: Iterable[Measure], fragments: Mapping[str, Measure]) -> set[str]:
    used: set[str] = set()
    pending = [name for each in operations for name, _ in each.spreads]
    while pending:
        name = pending.pop()
        if name in fragments and name not in used:
            used.add(name)
            pending += [spread for spread, _ in fragments[name].spreads]
    return used
