"""Clients' documents, parsed and validated once: both doors then run prepared documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from api.errors import DomainError, ErrorCode
from graph.schema import schema

# Documents that clients repeat cost nothing again; a bound, since documents are input.
CACHED_DOCUMENTS = 256
# The longest sensible document of this schema has a few hundred.
MAX_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document and what is wrong with it, if anything."""

    document: DocumentNode
    faults: tuple[GraphQLError, ...]
    operations: Mapping[str, OperationType]
    """Its operations by name; that of one without a name is empty."""

    def kind_of(self, operation_name: str | None) -> OperationType:
        """What the operation to run is.

        Raises ``invalid_input`` where the request does not say which one that is.
        """
        if operation_name is None and len(self.operations) == 1:
            (kind,) = self.operations.values()
            return kind
        if operation_name is None or operation_name not in self.operations:
            raise DomainError(
                ErrorCode.INVALID_INPUT,
                "Send one operation, or name the one to run by operationName.",
            )
        return self.operations[operation_name]


@lru_cache(maxsize=CACHED_DOCUMENTS)
def prepare_document(text: str) -> PreparedDocument:
    """The document of a request.

    Raises ``malformed_request`` for text that is no GraphQL document, holds more than 2,000 tokens
    or is nested too deeply to be read.
    """
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
        faults = tuple(validate(schema._schema, document))
    except GraphQLSyntaxError as error:
        message = error.message.encode("utf-8", "replace").decode()
        raise DomainError(ErrorCode.MALFORMED_REQUEST, message[:500]) from None
    except RecursionError:
        raise DomainError(ErrorCode.MALFORMED_REQUEST, "The query is nested too deeply.") from None
    kinds = {
        each.name.value if each.name else "": each.operation
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    }
    return PreparedDocument(document, faults, kinds)
