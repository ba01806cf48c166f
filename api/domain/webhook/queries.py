"""The SQL of endpoints, events and the log of deliveries; ``due.py`` has that of sending."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.webhook.records import AttemptRow, DeliveryRow, EndpointRow
from api.domain.webhook.rules import DeliveryStatus, DisabledReason, EndpointStatus
from api.stores.postgres import Postgres
from api.stores.tables import (
    accounts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_events,
)

_DELETED = "deleted"
MAX_ATTEMPTS = 20
"""Attempts of a delivery that its log shows, the latest ones."""

_SUBSCRIBED = """
    select id from webhook_endpoints
    where account_id = :account_id and status = 'active' and :type = any(events)
"""
_EVENT = """
    insert into webhook_events (id, account_id, type, payload, created_at)
    select :event_id, :account_id, :type, :payload, :now
    where exists (select from subscribed)
    returning id
"""
_DELIVERIES = """
    insert into webhook_deliveries
        (id, account_id, endpoint_id, event_id, status, next_attempt_at, created_at)
    select gen_random_uuid(), :account_id, subscribed.id, event.id, 'pending', :now, :now
    from subscribed, event
"""
_ADD_EVENT = text(f"with subscribed as ({_SUBSCRIBED}), event as ({_EVENT}) {_DELIVERIES}")


def event_where(condition: str) -> str:
    """The same as parts of a ``with``, for a statement that ends what the event tells of.

    Written where the condition holds; ``delivered`` has a row for each delivery.
    """
    return (
        f"subscribed as ({_SUBSCRIBED} and {condition}), event as ({_EVENT}),"
        f" delivered as ({_DELIVERIES} returning 1)"
    )


_SEEN = (
    webhook_endpoints.c.id,
    webhook_endpoints.c.url,
    webhook_endpoints.c.description,
    webhook_endpoints.c.events,
    webhook_endpoints.c.status,
    webhook_endpoints.c.disabled_reason,
    webhook_endpoints.c.created_at,
)


async def add_event(connection: AsyncConnection, event: dict[str, Any]) -> int:
    """Adds an event with a pending delivery to each subscribed endpoint; how many there are.

    Where there is none, the event is not added.
    """
    done = await connection.execute(_ADD_EVENT, event)
    return done.rowcount


async def lock_account(connection: AsyncConnection, account_id: UUID) -> None:
    """Has others who count or change the account's endpoints wait for this transaction's end."""
    await connection.execute(
        select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(key_share=True)
    )


async def count_endpoints(connection: AsyncConnection, account_id: UUID) -> int:
    """How many endpoints an account has, disabled ones included."""
    count = await connection.scalar(
        select(func.count()).where(
            webhook_endpoints.c.account_id == account_id, webhook_endpoints.c.status != _DELETED
        )
    )
    return int(count or 0)


async def add_endpoint(
    connection: AsyncConnection, account_id: UUID, row: EndpointRow, secret: bytes
) -> None:
    """Adds an endpoint; ``secret`` is encrypted."""
    await connection.execute(
        insert(webhook_endpoints).values(account_id=account_id, secret=secret, **row._asdict())
    )


async def endpoints(
    postgres: Postgres, account_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[EndpointRow]:
    """The endpoints of an account, oldest first."""
    table = webhook_endpoints.c
    wanted = (
        select(*_SEEN)
        .where(table.account_id == account_id, table.status != _DELETED)
        .order_by(table.created_at, table.id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(tuple_(table.created_at, table.id) > after)
    return [_endpoint(row) for row in await postgres.fetch(wanted)]


async def lock_endpoint(
    connection: AsyncConnection, account_id: UUID, endpoint_id: UUID
) -> EndpointRow | None:
    """An endpoint of the account, locked; ``None`` where there is none.

    Whoever changes an endpoint and its deliveries locks the endpoint first, so that nobody waits in
    a circle.
    """
    table = webhook_endpoints.c
    found = await connection.execute(
        select(*_SEEN)
        .where(table.id == endpoint_id, table.account_id == account_id, table.status != _DELETED)
        .with_for_update(key_share=True)
    )
    row = found.one_or_none()
    return None if row is None else _endpoint(row)


async def delete_endpoint(connection: AsyncConnection, endpoint_id: UUID) -> None:
    """Forgets the secrets of a locked endpoint and cancels what was to be sent to it."""
    await connection.execute(
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == endpoint_id)
        .values(
            status=_DELETED,
            disabled_reason=None,
            secret=None,
            previous_secret=None,
            previous_secret_until=None,
        )
    )
    await cancel_deliveries(connection, [endpoint_id])


async def rotate_secret(
    connection: AsyncConnection, endpoint_id: UUID, *, secret: bytes, until: datetime
) -> None:
    """Gives a locked endpoint a new secret; the one it had signs too, until then."""
    await connection.execute(
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == endpoint_id)
        .values(
            secret=secret,
            previous_secret=webhook_endpoints.c.secret,
            previous_secret_until=until,
        )
    )


async def enable_endpoint(connection: AsyncConnection, endpoint_id: UUID) -> None:
    """Makes a locked endpoint active, with no failure on its record."""
    await connection.execute(
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == endpoint_id)
        .values(
            status=EndpointStatus.ACTIVE,
            disabled_reason=None,
            failing_since=None,
            last_failure_at=None,
        )
    )


async def cancel_deliveries(connection: AsyncConnection, endpoint_ids: Sequence[UUID]) -> None:
    """Cancels the pending deliveries of locked endpoints."""
    table = webhook_deliveries.c
    # In the order in which everybody locks several of them.
    locked = (
        select(table.id)
        .where(table.endpoint_id.in_(endpoint_ids), table.status == DeliveryStatus.PENDING)
        .order_by(table.id)
        .with_for_update()
        .cte("locked")
    )
    await connection.execute(
        update(webhook_deliveries)
        .where(table.id == locked.c.id)
        .values(status=DeliveryStatus.CANCELLED, next_attempt_at=None)
    )


def _endpoint(row: Row[*tuple[Any, ...]]) -> EndpointRow:
    reason = row.disabled_reason
    return EndpointRow._make(row)._replace(
        status=EndpointStatus(row.status),
        disabled_reason=None if reason is None else DisabledReason(reason),
    )


_LOGGED = (
    select(
        webhook_deliveries.c.id,
        webhook_deliveries.c.event_id,
        webhook_events.c.type.label("event_type"),
        webhook_deliveries.c.endpoint_id,
        webhook_deliveries.c.status,
        webhook_deliveries.c.next_attempt_at,
        webhook_deliveries.c.created_at,
    )
    .join(webhook_events, webhook_events.c.id == webhook_deliveries.c.event_id)
    .order_by(webhook_deliveries.c.created_at.desc(), webhook_deliveries.c.id.desc())
)

_ATTEMPTS = text("""
    select d.id as delivery_id, a.number, a.attempted_at, a.duration_ms, a.response_status,
        a.response_body, a.error
    from unnest(cast(:ids as uuid[])) as d (id)
    cross join lateral (
        select * from webhook_attempts where delivery_id = d.id order by number desc limit :most
    ) a
    order by a.number desc
""")

# A pending delivery is under way where its latest claim has no result yet: it stays as it is.
_MAKE_DUE = text("""
    update webhook_deliveries d
    set status = 'pending', next_attempt_at = :now,
        step = case when d.status = 'pending' then d.step else 0 end
    where d.id = :delivery_id and (
        d.status <> 'pending' or d.claims = 0 or exists (
            select from webhook_attempts a where a.delivery_id = d.id and a.number = d.claims))
""")

_FORGET = text("""
    delete from webhook_events where id in (
        select v.id from webhook_events v
        where v.created_at < :before and not exists (
            select from webhook_deliveries d where d.event_id = v.id and d.status = 'pending')
        order by v.created_at limit :most)
""")


async def deliveries(
    postgres: Postgres,
    account_id: UUID,
    *,
    endpoint_id: UUID | None,
    status: DeliveryStatus | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[DeliveryRow]:
    """The deliveries of an account, newest first, each with its latest attempts."""
    table = webhook_deliveries.c
    wanted = _LOGGED.where(table.account_id == account_id).limit(limit)
    if endpoint_id is not None:
        wanted = wanted.where(table.endpoint_id == endpoint_id)
    if status is not None:
        wanted = wanted.where(table.status == status)
    if after is not None:
        wanted = wanted.where(tuple_(table.created_at, table.id) < after)
    return await _with_attempts(postgres, await postgres.fetch(wanted))


async def delivery(postgres: Postgres, account_id: UUID, delivery_id: UUID) -> DeliveryRow | None:
    """A delivery of the account, if there is one of that id."""
    table = webhook_deliveries.c
    wanted = _LOGGED.where(table.account_id == account_id, table.id == delivery_id)
    found = await _with_attempts(postgres, await postgres.fetch(wanted))
    return found[0] if found else None


async def make_due(connection: AsyncConnection, delivery_id: UUID, *, now: datetime) -> None:
    """Has a delivery sent now, with its whole schedule before it unless it was pending anyway.

    Its endpoint is locked. One that is under way at this moment is left to that.
    """
    await connection.execute(_MAKE_DUE, {"delivery_id": delivery_id, "now": now})


async def forget_events(postgres: Postgres, *, before: datetime, most: int) -> int:
    """Deletes events older than ``before`` of which nothing is pending, with their log; how many.

    At most ``most``, the oldest first.
    """
    async with postgres.transaction() as connection:
        done = await connection.execute(_FORGET, {"before": before, "most": most})
        return done.rowcount


async def _with_attempts(
    postgres: Postgres, rows: Sequence[Row[*tuple[Any, ...]]]
) -> list[DeliveryRow]:
    if not rows:
        return []
    attempts: dict[UUID, list[AttemptRow]] = {row.id: [] for row in rows}
    for each in await postgres.fetch(_ATTEMPTS, {"ids": list(attempts), "most": MAX_ATTEMPTS}):
        attempts[each.delivery_id].append(AttemptRow._make(each[1:]))
    return [
        DeliveryRow._make((*row, attempts[row.id]))._replace(status=DeliveryStatus(row.status))
        for row in rows
    ]
