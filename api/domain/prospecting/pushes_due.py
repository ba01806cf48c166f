"""The SQL of pushes that are due: claim them by a lease, read them, record what came of them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.delivery.dispatch import Attempt, Room
from api.domain.idempotency.rules import still_running
from api.domain.prospecting.records import Purchase
from api.stores.postgres import Postgres

_READ_AT_ONCE = 1_000


class PushStatus(StrEnum):
    """Cancelled: there was no URL left to send it to."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"


class ClaimedPush(NamedTuple):
    """A push that this process may send until its lease ends.

    ``url`` is the customer's, as it is now; the secrets (encrypted) are those of the account's
    webhook endpoint at that very URL, where it has one.
    """

    purchase_id: UUID
    claims: int
    step: int
    account_id: UUID
    partner_customer_id: UUID
    session_id: UUID
    user_id: str | None
    selection_mode: str
    filters: dict[str, Any]
    person_ids: list[str]
    prospect_ids: list[str]
    net_new_records: int
    url: str | None
    secret: bytes | None
    previous_secret: bytes | None
    previous_secret_until: datetime | None


class Settled(NamedTuple):
    """What becomes of a push after an attempt."""

    status: PushStatus
    step: int
    next_attempt_at: datetime | None


# Pushes are few and large: what is due is taken in turns among accounts, those that failed before
# beside the others. Nothing is locked while choosing, and what another process took is skipped.
_CLAIM = text("""
    with due as (
        select p.purchase_id, p.step > 0 as failing, p.next_attempt_at,
               coalesce(busy.count, 0) + row_number() over (
                   partition by p.account_id order by p.next_attempt_at) as turn
        from prospecting_pushes p
        left join unnest(cast(:accounts as uuid[]), cast(:account_counts as int[]))
            as busy (id, count) on busy.id = p.account_id
        where p.status = 'pending' and p.next_attempt_at <= :now
    ), ranked as (
        select purchase_id, failing,
               row_number() over (partition by failing order by turn, next_attempt_at) as place
        from due where turn <= :per_account
    ), free as (
        select p.purchase_id from ranked r
        join prospecting_pushes p on p.purchase_id = r.purchase_id
        where r.place <= case when r.failing then :failing else :healthy end
            and p.next_attempt_at <= :now
        for update of p skip locked
    )
    update prospecting_pushes p set claims = p.claims + 1, next_attempt_at = :lease_until
    from free where p.purchase_id = free.purchase_id
    returning p.purchase_id, p.claims
""")
_CLAIMED = text("""
    select p.purchase_id, p.claims, p.step, p.account_id, p.partner_customer_id, b.session_id,
        b.user_id, b.selection_mode, b.filters, b.person_ids, b.prospect_ids, b.net_new_records,
        c.result_delivery_url as url, e.secret, e.previous_secret, e.previous_secret_until
    from prospecting_pushes p
    join prospecting_purchases b on b.id = p.purchase_id
    join partner_customers c on c.id = p.partner_customer_id
    left join lateral (
        select * from webhook_endpoints e
        where e.account_id = p.account_id and e.status = 'active'
            and e.url = c.result_delivery_url
        order by e.created_at, e.id limit 1
    ) e on true
    where p.purchase_id = any(cast(:ids as uuid[]))
""")
_CANCEL = text("""
    update prospecting_pushes set status = 'cancelled', next_attempt_at = null
    where purchase_id = any(cast(:ids as uuid[])) and status = 'pending'
""")
_RECORDS = text("""
    select person_id, record from owned_records
    where account_id = :account_id and partner_customer_id = :partner_customer_id
        and person_id = any(cast(:ids as text[]))
""")
# The result of a claim that is not the latest one says nothing about the push any more, unless it
# was delivered: then it was.
_RECORD = text("""
    update prospecting_pushes set status = :status, step = :step, next_attempt_at = :due_at,
        attempted_at = :attempted_at, response_status = :code, error = :error
    where purchase_id = :purchase_id and status = 'pending'
        and (claims = :number or :status = 'delivered')
""")
_ADD = text("""
    insert into prospecting_pushes
        (purchase_id, account_id, partner_customer_id, status, claims, next_attempt_at)
    values (:purchase_id, :account_id, :partner_customer_id, 'pending', :claims, :due_at)
""")

_ANSWER = text("""
    update prospecting_pushes set answered_at = now(), answered_status = :code
    where purchase_id = :purchase_id
""")
_ANSWERED = text("""
    select answered_at, answered_status, attempted_at, next_attempt_at, response_status
    from prospecting_pushes where purchase_id = :purchase_id
""")


async def add(
    connection: AsyncConnection, purchase: Purchase, *, claims: int, due_at: datetime
) -> None:
    """Adds a push in the transaction that bought its records.

    With one claim it is under way, until its lease ends at ``due_at``; with none it is due then.
    """
    await connection.execute(
        _ADD,
        {
            "purchase_id": purchase.id,
            "account_id": purchase.account_id,
            "partner_customer_id": purchase.partner_customer_id,
            "claims": claims,
            "due_at": due_at,
        },
    )


async def claim(
    postgres: Postgres, room: Room, *, now: datetime, lease_until: datetime
) -> list[ClaimedPush]:
    """Claims due pushes as far as there is room."""
    taken = await postgres.fetch(
        _CLAIM,
        {
            "healthy": room.healthy,
            "failing": room.failing,
            "per_account": room.per_account,
            "accounts": list(room.accounts),
            "account_counts": list(room.accounts.values()),
            "now": now,
            "lease_until": lease_until,
        },
    )
    return await claimed(postgres, [row.purchase_id for row in taken])


async def claimed(postgres: Postgres, ids: Sequence[UUID]) -> list[ClaimedPush]:
    """What is needed to send pushes that were claimed."""
    if not ids:
        return []
    return [ClaimedPush._make(row) for row in await postgres.fetch(_CLAIMED, {"ids": list(ids)})]


async def keep_answer(postgres: Postgres, purchase_id: UUID, code: int | None) -> None:
    """Notes what a request with an ``Idempotency-Key`` is answered: the receiver's status."""
    await postgres.fetch(_ANSWER, {"purchase_id": purchase_id, "code": code})


async def answered(postgres: Postgres, purchase_id: UUID, now: datetime) -> int | None:
    """What the request that made a push was answered.

    Raises ``conflict`` while it is still being answered. Where its process died before, it is what
    has become of the push meanwhile.
    """
    (row,) = await postgres.fetch(_ANSWERED, {"purchase_id": purchase_id})
    under_way = row.next_attempt_at is not None and row.next_attempt_at > now
    if row.answered_at is None and row.attempted_at is None and under_way:
        raise still_running()
    code: int | None = row.response_status if row.answered_at is None else row.answered_status
    return code


async def cancel(postgres: Postgres, rows: Sequence[ClaimedPush]) -> None:
    """Gives up claimed pushes that have nowhere to go."""
    await postgres.fetch(_CANCEL, {"ids": [row.purchase_id for row in rows]})


async def stored_records(postgres: Postgres, row: ClaimedPush) -> dict[str, str]:
    """The records of a push as they are stored, by person; each is a JSON object."""
    found: dict[str, str] = {}
    for start in range(0, len(row.person_ids), _READ_AT_ONCE):
        values = {
            "account_id": row.account_id,
            "partner_customer_id": row.partner_customer_id,
            "ids": row.person_ids[start : start + _READ_AT_ONCE],
        }
        found |= {each.person_id: each.record for each in await postgres.fetch(_RECORDS, values)}
    return found


async def record(postgres: Postgres, attempts: Sequence[tuple[Attempt, Settled]]) -> None:
    """Moves pushes on after attempts. Doing it twice does no harm."""
    async with postgres.transaction() as connection:
        for attempt, after in sorted(attempts, key=lambda each: each[0].claim.delivery_id):
            await connection.execute(
                _RECORD,
                {
                    "purchase_id": attempt.claim.delivery_id,
                    "number": attempt.claim.number,
                    "status": after.status,
                    "step": after.step,
                    "due_at": after.next_attempt_at,
                    "attempted_at": attempt.at,
                    "code": attempt.outcome.status,
                    "error": attempt.outcome.error,
                },
            )
