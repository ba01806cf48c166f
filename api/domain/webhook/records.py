"""Endpoints and deliveries as they are given out by every door."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.domain.webhook.rules import DeliveryStatus, DisabledReason, EndpointStatus


class EndpointRow(NamedTuple):
    """An endpoint as its account sees it."""

    id: UUID
    url: str
    description: str | None
    events: list[str]
    status: EndpointStatus
    disabled_reason: DisabledReason | None
    created_at: datetime


class CreatedEndpoint(NamedTuple):
    """A new endpoint with its signing secret, which is shown this once."""

    id: UUID
    url: str
    description: str | None
    events: list[str]
    status: EndpointStatus
    created_at: datetime
    signing_secret: str


class RotatedSecret(NamedTuple):
    """A new signing secret, and how long the one before it signs too."""

    endpoint: EndpointRow
    signing_secret: str
    previous_secret_expires_at: datetime


class Deleted(NamedTuple):
    """Documented as the answer of a deletion."""

    deleted: bool


class AttemptRow(NamedTuple):
    """One attempt: the response's status and beginning, or the reason why there was none."""

    number: int
    attempted_at: datetime
    duration_ms: int
    response_status: int | None
    response_body: str | None
    error: str | None


class DeliveryRow(NamedTuple):
    """One event on its way to one endpoint, with its latest attempts, the newest first."""

    id: UUID
    event_id: UUID
    event_type: str
    endpoint_id: UUID
    status: DeliveryStatus
    next_attempt_at: datetime | None
    created_at: datetime
    attempts: list[AttemptRow]
