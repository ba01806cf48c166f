"""The SQL of deliveries that are due: claim them by a lease, record what came of them."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Row, bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.delivery.dispatch import Attempt, Room
from api.domain.webhook.health import Health
from api.domain.webhook.rules import DeliveryStatus, DisabledReason, EndpointStatus
from api.stores.postgres import Postgres
from api.stores.tables import webhook_endpoints

Execute = Callable[[Any, Any], Awaitable[Iterable[Any]]]
"""Runs a statement: ``Postgres.fetch``, or ``AsyncConnection.execute`` within a transaction."""

# `waiting` walks the index from one endpoint to the next, so that a million due deliveries of one
# endpoint cost no more than one. Nothing is locked while choosing; what another process has taken
# in the meantime is skipped. A delivery is pending exactly while `next_attempt_at` is set: where
# its id is known, that is asked alone, lest the planner read everything that is pending instead.
_CLAIM = text("""
    with recursive waiting as (
        (select endpoint_id from webhook_deliveries
         where status = 'pending' order by endpoint_id limit 1)
        union all
        select (select d.endpoint_id from webhook_deliveries d
                where d.status = 'pending' and d.endpoint_id > w.endpoint_id
                order by d.endpoint_id limit 1)
        from waiting w where w.endpoint_id is not null
    ), due as (
        select d.id, d.next_attempt_at, e.failing_since is not null as failing,
               coalesce(busy_account.count, 0) + row_number() over (
                   partition by e.account_id order by d.place, d.next_attempt_at) as turn
        from waiting w
        join webhook_endpoints e on e.id = w.endpoint_id
        left join unnest(cast(:endpoints as uuid[]), cast(:endpoint_counts as int[]))
            as busy_endpoint (id, count) on busy_endpoint.id = e.id
        left join unnest(cast(:accounts as uuid[]), cast(:account_counts as int[]))
            as busy_account (id, count) on busy_account.id = e.account_id
        cross join lateral (
            select id, next_attempt_at, row_number() over (order by next_attempt_at) as place
            from webhook_deliveries
            where endpoint_id = e.id and status = 'pending' and next_attempt_at <= :now
            order by next_attempt_at
            limit greatest(0, :per_endpoint - coalesce(busy_endpoint.count, 0))
        ) d
    ), ranked as (
        select id, failing,
               row_number() over (partition by failing order by turn, next_attempt_at) as place
        from due where turn <= :per_account
    ), free as (
        select d.id, r.failing from ranked r join webhook_deliveries d on d.id = r.id
        where r.place <= case when r.failing then :failing else :healthy end
            and d.next_attempt_at <= :now
        for update of d skip locked
    )
    update webhook_deliveries d set claims = d.claims + 1, next_attempt_at = :lease_until
    from free, webhook_endpoints e, webhook_events v
    where d.id = free.id and e.id = d.endpoint_id and v.id = d.event_id
    returning d.id, d.claims, d.step, d.account_id, d.endpoint_id,
        cast(d.event_id as text) as event_id, free.failing, v.type, v.payload,
        e.url, e.status, e.secret, e.previous_secret, e.previous_secret_until
""")

# Rows are locked in one order by everybody who locks several. The result of a claim that is not the
# latest one says nothing about the delivery any more, and is only logged.
_RECORD = text("""
    with given as (
        select * from json_to_recordset(cast(:given as json)) as g (
            id uuid, number int, attempted_at timestamptz, duration_ms int, code smallint,
            body text, error text, status text, step smallint, due_at timestamptz)
    ), locked as (
        select id from webhook_deliveries where id = any(cast(:ids as uuid[]))
        order by id for update
    ), logged as (
        insert into webhook_attempts
            (delivery_id, number, attempted_at, duration_ms, response_status, response_body, error)
        select g.id, g.number, g.attempted_at, g.duration_ms, g.code, g.body, g.error
        from given g join locked on locked.id = g.id
        on conflict do nothing
    ), settled as (
        update webhook_deliveries d
        set status = g.status, step = g.step, next_attempt_at = g.due_at
        from given g join locked on locked.id = g.id
        where d.id = g.id and d.claims = g.number and d.next_attempt_at is not null
    )
    select exists (
        select from webhook_endpoints
        where id = any(cast(:endpoints as uuid[])) and failing_since is not null
    ) as failing
""")

_CANCEL = text("""
    update webhook_deliveries d set status = 'cancelled', next_attempt_at = null
    from unnest(cast(:ids as uuid[]), cast(:numbers as int[])) as u (id, number)
    where d.id = u.id and d.claims = u.number and d.next_attempt_at is not null
""")


class ClaimedRow(NamedTuple):
    """A claimed delivery with its event and its endpoint."""

    delivery_id: UUID
    number: int
    step: int
    account_id: UUID
    endpoint_id: UUID
    event_id: str
    failing: bool
    event_type: str
    payload: str
    url: str
    endpoint_status: str
    secret: bytes | None
    previous_secret: bytes | None
    previous_secret_until: datetime | None


class Settled(NamedTuple):
    """What becomes of a delivery after an attempt."""

    status: DeliveryStatus
    step: int
    next_attempt_at: datetime | None


async def claim(
    postgres: Postgres, room: Room, *, now: datetime, lease_until: datetime
) -> list[ClaimedRow]:
    """Claims due deliveries as far as there is room, in turn among accounts and endpoints.

    One statement by itself. Should it be run twice for a lost connection, what the first run took
    is due again when its lease ends.
    """
    done = await postgres.fetch(
        _CLAIM,
        {
            "healthy": room.healthy,
            "failing": room.failing,
            "per_account": room.per_account,
            "per_endpoint": room.per_endpoint,
            "accounts": list(room.accounts),
            "account_counts": list(room.accounts.values()),
            "endpoints": list(room.endpoints),
            "endpoint_counts": list(room.endpoints.values()),
            "now": now,
            "lease_until": lease_until,
        },
    )
    return [ClaimedRow._make(row) for row in done]


async def cancel_claims(postgres: Postgres, rows: Sequence[ClaimedRow]) -> None:
    """Cancels deliveries that were claimed and are not to be sent."""
    await postgres.fetch(
        _CANCEL,
        {"ids": [row.delivery_id for row in rows], "numbers": [row.number for row in rows]},
    )


async def lock_endpoints(
    connection: AsyncConnection, endpoint_ids: set[UUID]
) -> dict[UUID, tuple[EndpointStatus | None, Health]]:
    """The status (``None``: deleted) and record of endpoints, locked in one order by everybody."""
    table = webhook_endpoints.c
    found = await connection.execute(
        select(table.id, table.status, table.failing_since, table.last_failure_at)
        .where(table.id.in_(endpoint_ids))
        .order_by(table.id)
        .with_for_update(key_share=True)
    )
    return {row.id: (_status(row), Health(row.failing_since, row.last_failure_at)) for row in found}


def _status(row: Row[*tuple[Any, ...]]) -> EndpointStatus | None:
    return None if row.status == "deleted" else EndpointStatus(row.status)


async def record(execute: Execute, attempts: Sequence[Attempt], settled: Sequence[Settled]) -> bool:
    """Logs attempts and moves on the deliveries whose latest claim they are of.

    Whether the record of one of their endpoints shows a failure. Doing it twice does no harm.
    """
    # One document: ten arrays take their time in the driver, value by value.
    given = [
        {
            "id": each.claim.delivery_id,
            "number": each.claim.number,
            "attempted_at": each.at,
            "duration_ms": each.outcome.duration_ms,
            "code": each.outcome.status,
            "body": each.outcome.body,
            "error": each.outcome.error,
            "status": after.status,
            "step": after.step,
            "due_at": after.next_attempt_at,
        }
        for each, after in zip(attempts, settled, strict=True)
    ]
    ((failing,),) = await execute(
        _RECORD,
        {
            "given": orjson.dumps(given).decode(),
            "ids": [each.claim.delivery_id for each in attempts],
            "endpoints": list({each.claim.endpoint_id for each in attempts}),
        },
    )
    return bool(failing)


async def update_health(
    connection: AsyncConnection, changed: dict[UUID, tuple[Health, DisabledReason | None]]
) -> None:
    """Writes the records of locked endpoints, and disables those that have a reason."""
    statement = (
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == bindparam("endpoint"))
        .values(
            failing_since=bindparam("since"),
            last_failure_at=bindparam("last"),
            status=bindparam("new_status"),
            disabled_reason=bindparam("reason"),
        )
    )
    rows = [
        {
            "endpoint": endpoint_id,
            "since": health.failing_since,
            "last": health.last_failure_at,
            "new_status": EndpointStatus.DISABLED if reason else EndpointStatus.ACTIVE,
            "reason": reason,
        }
        for endpoint_id, (health, reason) in changed.items()
    ]
    await connection.execute(statement, rows)
