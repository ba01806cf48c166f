"""The outbox: an event is written by the very transaction that makes it happen."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.webhook import queries
from api.domain.webhook.rules import EventType, payload_of
from api.moments import written


async def emit(
    connection: AsyncConnection,
    account_id: UUID,
    event_type: EventType,
    data: dict[str, Any],
    *,
    now: datetime | None = None,
) -> int:
    """Writes an event and its pending deliveries within the caller's transaction.

    ``data`` (JSON values, ids rather than records, payload at most 20,000 bytes) goes to every
    active endpoint of the account that subscribes to the type; where none does, nothing is
    written. The number of deliveries is given back: where there are any, the caller hands its row
    to ``TaskName.DELIVER_WEBHOOKS`` after the commit, to have them sent at once.
    """
    event = written_event(account_id, event_type, data, now or datetime.now(UTC))
    return await queries.add_event(connection, event)


def written_event(
    account_id: UUID, event_type: EventType, data: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """What ``queries.event_where`` needs of an event, for statements that write it themselves."""
    return {
        "event_id": uuid4(),
        "account_id": account_id,
        "type": event_type,
        "payload": payload_of(event_type, written(now), data),
        "now": now,
    }
