"""What a webhook endpoint may be, and what its deliveries look like."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import orjson

from api.errors import DomainError, ErrorCode, invalid

MAX_ENDPOINTS = 20
"""Endpoints of one account, disabled ones included."""
MAX_DESCRIPTION_CHARS = 200
MAX_PAYLOAD_BYTES = 20_000
"""Thin payloads: what happened and its id. Records are read from the API, where they are billed."""


class EventType(StrEnum):
    """What an endpoint can be told of."""

    PERSON_SEARCH_JOB_SUCCEEDED = "person_search.job.succeeded"
    PERSON_SEARCH_JOB_FAILED = "person_search.job.failed"


class EndpointStatus(StrEnum):
    """Disabled endpoints get no events until somebody enables them again."""

    ACTIVE = "active"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why an endpoint was disabled: it answered 410, or every attempt of five days failed."""

    GONE = "gone"
    FAILING = "failing"


class DeliveryStatus(StrEnum):
    """Cancelled: the endpoint was deleted or disabled before its receiver accepted the event."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"


_BLANK = re.compile(r"\s+")


def events_of(asked: Sequence[str] | None) -> list[str]:
    """The event types to subscribe to, each once and in the documented order; ``None`` is all.

    Raises ``invalid_input`` for an empty list and for a type that does not exist.
    """
    if asked is None:
        return [str(each) for each in EventType]
    known = ", ".join(EventType)
    if not asked or not set(asked) <= set(EventType):
        raise invalid("events", f"must be one or more of {known}")
    return [str(each) for each in EventType if each in asked]


def description_of(asked: str | None) -> str | None:
    """A label on one line, without blanks around it; an empty one is none."""
    return _BLANK.sub(" ", asked or "").strip() or None


def payload_of(event_type: EventType, timestamp: str, data: dict[str, Any]) -> str:
    """The body of every delivery of an event.

    Raises ``internal`` where it exceeds 20,000 bytes: ``data`` is to hold ids, not records.
    """
    payload = orjson.dumps({"type": event_type, "timestamp": timestamp, "data": data})
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise DomainError(ErrorCode.INTERNAL, "An event's payload is too large to be sent.")
    return payload.decode()
