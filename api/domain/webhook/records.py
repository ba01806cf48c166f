"""Endpoints and deliveries as they are given out by every door."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.domain.webhook.rules import DeliveryStatus, DisabledReason, EndpointStatus
from api.paging import Pagination


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


class PageInfo(NamedTuple):
    """Relay's page information."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Edge[Row](NamedTuple):
    """A row with the cursor that continues after it."""

    node: Row
    cursor: str


@dataclass(frozen=True)
class Page[Row]:
    """One page of a list; ``cursor_at`` gives the cursor after a row of it."""

    nodes: list[Row]
    pagination: Pagination
    cursor_at: Callable[[int], str]
    has_previous_page: bool

    @property
    def edges(self) -> list[Edge[Row]]:
        """The rows, each with its cursor."""
        return [Edge(node, self.cursor_at(i)) for i, node in enumerate(self.nodes)]

    @property
    def page_info(self) -> PageInfo:
        """Relay's view of the page."""
        return PageInfo(
            has_next_page=self.pagination.next_cursor is not None,
            has_previous_page=self.has_previous_page,
            start_cursor=self.cursor_at(0) if self.nodes else None,
            end_cursor=self.cursor_at(len(self.nodes) - 1) if self.nodes else None,
        )
