"""The GraphQL translation of failures: ``extensions.code``, and nothing internal in a message."""

import re

import structlog
from graphql import GraphQLError
from strawberry.utils.str_converters import to_camel_case

from api.errors import DomainError, ErrorCode
from api.settings import settings

_log = structlog.get_logger("graph")

# How long a caller should wait before it asks a part that is down again.
RETRY_AFTER_S = 2
MAX_MESSAGE_CHARS = 500
_SUGGESTION = re.compile(r"\s*Did you mean .*\Z", re.DOTALL)
_MASKED = "Something went wrong on our side. The request id identifies it in the log."

# The status of an answer without data, by the GraphQL-over-HTTP draft; errors beside data are 200.
STATUS: dict[ErrorCode, int] = {
    ErrorCode.INVALID_INPUT: 422,
    ErrorCode.INVALID_CURSOR: 400,
    ErrorCode.MALFORMED_REQUEST: 400,
    ErrorCode.QUERY_TOO_COMPLEX: 422,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.TIER_REQUIRED: 403,
    ErrorCode.INSUFFICIENT_CREDITS: 402,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.NOT_ACCEPTABLE: 406,
    ErrorCode.CONFLICT: 409,
    ErrorCode.PAYLOAD_TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL: 500,
}


def cause_of(error: GraphQLError) -> DomainError:
    """The failure behind a GraphQL error.

    What was not raised by the domain is a fault of the request when GraphQL itself found it, while
    parsing, validating or coercing, and otherwise ours: logged with its trace, and masked.
    """
    original = error.original_error
    if isinstance(original, DomainError):
        return original
    if error.path is None and (original is None or isinstance(original, GraphQLError)):
        return DomainError(ErrorCode.INVALID_INPUT, _printable(error.message))
    _log.error("unexpected", exc_info=original or error)
    return DomainError(ErrorCode.INTERNAL, _MASKED)


def later(failure: DomainError) -> dict[str, str]:
    """The header that says when to try again, for failures that pass."""
    seconds = failure.retry_after_s
    if seconds is None and failure.code is ErrorCode.UNAVAILABLE:
        seconds = RETRY_AFTER_S
    return {} if seconds is None else {"retry-after": str(seconds)}


def entry_of(cause: DomainError, request_id: str) -> dict[str, object]:
    """The entry of a failure in ``errors``, without the place in the document."""
    extensions: dict[str, object] = {"code": cause.code, "requestId": request_id, **cause.details}
    if cause.problems:
        extensions["errors"] = [
            {"argument": to_camel_case(each.argument), "message": each.message}
            for each in cause.problems
        ]
    if cause.retry_after_s is not None:
        extensions["retryAfter"] = cause.retry_after_s
    if cause.violated:
        extensions["violatedPolicies"] = list(cause.violated)
    return {"message": cause.sentence(to_camel_case), "extensions": extensions}


def located_entry(error: GraphQLError, cause: DomainError, request_id: str) -> dict[str, object]:
    """The entry of a failure in ``errors``, with the place in the document that it concerns."""
    entry = entry_of(cause, request_id)
    if error.locations:
        entry["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        entry["path"] = error.path
    return entry


def _printable(message: str) -> str:
    """GraphQL's own messages quote the request, which may hold what UTF-8 cannot."""
    if not settings().graphql_suggestions:
        message = _SUGGESTION.sub("", message)
    return message.encode("utf-8", "replace").decode()[:MAX_MESSAGE_CHARS]
