"""Clients' documents, parsed and validated once: both doors then run prepared documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Self

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)

from api.errors import DomainError, ErrorCode
from api.settings import settings
from graph.cost import OperationCost, cost_of
from graph.document_cache import BYTES_PER_TOKEN, DocumentCache
from graph.limits import LIMITS, refuse_beyond
from graph.schema import schema

# More than a person wants to read at once; each costs a walk through the schema's names.
MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document and what is wrong with it, if anything."""

    document: DocumentNode
    faults: tuple[GraphQLError, ...]
    operations: Mapping[str, OperationDefinitionNode]
    """Its operations by name; that of one without a name is empty."""
    costs: Mapping[str, OperationCost] = field(default_factory=dict)
    """What each costs; empty where there are faults."""
    kept: bool = False
    """Whether it will be found again, so that what is learnt of it is worth keeping."""

    @classmethod
    def of(cls, document: DocumentNode, faults: tuple[GraphQLError, ...] = ()) -> Self:
        """A document that was validated."""
        operations = {
            each.name.value if each.name else "": each
            for each in document.definitions
            if isinstance(each, OperationDefinitionNode)
        }
        costs = {}
        if not faults:
            costs = {
                name: cost_of(schema._schema, document, each) for name, each in operations.items()
            }
        return cls(document, faults, operations, costs)

    def kind_of(self, operation_name: str | None) -> OperationType:
        """What the operation to run is; raises as :meth:`name_of`."""
        return self.operations[self.name_of(operation_name)].operation

    def cost_of(self, operation_name: str | None) -> OperationCost:
        """What the operation to run costs; raises as :meth:`name_of`."""
        return self.costs[self.name_of(operation_name)]

    def name_of(self, operation_name: str | None) -> str:
        """The operation to run.

        Raises ``invalid_input`` where the request does not say which one that is.
        """
        if operation_name is None and len(self.operations) == 1:
            (name,) = self.operations
            return name
        if operation_name is None or operation_name not in self.operations:
            raise DomainError(
                ErrorCode.INVALID_INPUT,
                "Send one operation, or name the one to run by operationName.",
            )
        return operation_name


def _weight(text: str, prepared: PreparedDocument) -> int:
    return 4 * len(text) + BYTES_PER_TOKEN * (prepared.document.token_count or 0)


_documents: DocumentCache[PreparedDocument] = DocumentCache(_weight)


def prepare_document(text: str, *, keep: bool = True) -> PreparedDocument:
    """The document of a request; without ``keep``, it will not be found again.

    Raises ``malformed_request`` for text that is no GraphQL document, holds more than 2,000 tokens
    or is nested too deeply to be read, and ``query_too_complex`` beyond ``graph.limits``.
    """
    found = _documents.find(text)
    if found is not None:
        return found
    prepared = _prepared(text)
    if not keep or prepared.faults:
        return prepared
    kept = replace(prepared, kept=True)
    return kept if _documents.offer(text, kept) else prepared


def _prepared(text: str) -> PreparedDocument:
    try:
        document = parse(text, max_tokens=LIMITS.tokens, allow_empty_selection_sets=False)
        refuse_beyond(document)
        faults = validate(
            schema._schema,
            document,
            _rules(),
            max_errors=MAX_FAULTS,
            hide_suggestions=not settings().graphql_suggestions,
            allow_empty_selection_sets=False,
        )
    except GraphQLSyntaxError as error:
        message = error.message.encode("utf-8", "replace").decode()
        raise DomainError(ErrorCode.MALFORMED_REQUEST, message[:500]) from None
    except RecursionError:
        raise DomainError(ErrorCode.MALFORMED_REQUEST, "The query is nested too deeply.") from None
    return PreparedDocument.of(document, tuple(map(_of_the_document, faults)))


def _of_the_document(fault: GraphQLError) -> GraphQLError:
    """A fault in GraphQL's words: reading a literal may fail in Python's, as too long a number."""
    if fault.original_error is None or isinstance(fault.original_error, GraphQLError):
        return fault
    return GraphQLError("A value is not one that its type can have.", fault.nodes)


@cache
def _rules() -> tuple[type, ...]:
    if settings().graphql_introspection:
        return tuple(specified_rules)
    return (*specified_rules, NoSchemaIntrospectionCustomRule)
