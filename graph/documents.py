"""Clients' documents, parsed and validated once: both doors then run prepared documents."""

from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
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
    operations: frozenset[str]
    """The names of its operations; that of one without a name is empty."""


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
    names = frozenset(
        each.name.value if each.name else ""
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    )
    return PreparedDocument(document, faults, names)
