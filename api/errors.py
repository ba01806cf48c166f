"""The one vocabulary of failure: codes and messages, without HTTP or GraphQL in it.

Each door translates a code once (``rest/errors.py``, ``graph/errors.py``); a test proves that both
cover every member.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ErrorCode(StrEnum):
    """Every way in which a request can fail. Closed: a new member needs a row in both doors."""

    INVALID_INPUT = "invalid_input"
    INVALID_CURSOR = "invalid_cursor"
    MALFORMED_REQUEST = "malformed_request"
    QUERY_TOO_COMPLEX = "query_too_complex"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    TIER_REQUIRED = "tier_required"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    CONFLICT = "conflict"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one argument: its name in the domain and a sentence for the caller.

    ``argument`` is in snake_case (``max_records``); ``message`` never repeats the value.
    """

    argument: str
    message: str


DETAILS: Mapping[str, type] = MappingProxyType({"reason": str, "needed": int, "available": int})
"""The names of all details, and what they are."""


class DomainError(Exception):
    """A failure that a caller may see: a code, a sentence, and the arguments that are at fault.

    ``details`` are members that a program can act on, beside the code: why a wallet refuses, and
    what it lacks. Their names are those of ``DETAILS``. ``retry_after_s`` says when it is worth
    while to ask again, ``violated`` which limits are reached.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        problems: tuple[FieldProblem, ...] = (),
        details: Mapping[str, str | int] = MappingProxyType({}),
        *,
        retry_after_s: int | None = None,
        violated: tuple[str, ...] = (),
    ):
        super().__init__(message)
        self.code = code
        self.message = message
        self.problems = problems
        self.details = details
        self.retry_after_s = retry_after_s
        self.violated = violated

    def sentence(self, name_of: Callable[[str], str]) -> str:
        """What to tell the caller, with arguments named as the caller's door names them."""
        if not self.problems:
            return self.message
        return "; ".join(f"{name_of(each.argument)}: {each.message}" for each in self.problems)


def invalid(argument: str, message: str) -> DomainError:
    """An ``invalid_input`` failure of one argument."""
    return all_invalid((FieldProblem(argument, message),))


def all_invalid(problems: tuple[FieldProblem, ...]) -> DomainError:
    """An ``invalid_input`` failure of several arguments."""
    return DomainError(ErrorCode.INVALID_INPUT, "The request has invalid arguments.", problems)
