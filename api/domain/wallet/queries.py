"""The SQL of wallets, grants and their journal."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Row, bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Uuid

from api.domain.partner_customer.rules import (
    CustomerStatus,
    Delivery,
    EnforcementMode,
    Limits,
    ResetPolicy,
)
from api.domain.wallet.model import (
    Counters,
    Entry,
    EntryKind,
    Grant,
    GrantState,
    Wallet,
)
from api.domain.wallet.records import CreditGrantRow, EntryRow
from api.stores.postgres import Postgres
from api.stores.tables import wallet_entries, wallet_grants

# The wallet's own row, which never moves; what hangs on it is read by the next statement, since a
# statement that has waited for a lock sees the other tables as they were before.
_LOCK = text("""
    select 1 from wallets join partner_customers on id = partner_customer_id
    where id = :id and account_id = :account_id
    for update of wallets
""")

_READ = text("""
    select
        customer.account_id, customer.status, customer.credit_enforcement_mode,
        customer.credit_reset_policy, customer.limits, customer.result_delivery_url,
        customer.result_delivery_cta, customer.csv_export_enabled, wallet.*, grants.*
    from partner_customers customer
    join wallets wallet on wallet.partner_customer_id = customer.id
    cross join lateral (
        select
            count(*) as granted,
            coalesce(jsonb_agg(each) filter (where each.state <> 'expired'), '[]') as open_grants
        from wallet_grants each where each.partner_customer_id = customer.id
    ) grants
    where customer.id = any(:ids) and customer.account_id = :account_id
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))

_ENTRIES = text("""
    select customer.id as customer_id, entry.seq, entry.kind, entry.source_id, entry.amount,
        entry.balance_after, entry.credit_units, entry.record_reveals, entry.user_id,
        entry.occurred_at
    from partner_customers customer
    cross join lateral (
        select * from wallet_entries
        where partner_customer_id = customer.id
            and seq < coalesce(cast(:before as bigint), 9223372036854775807)
        order by seq desc limit :limit
    ) entry
    where customer.id = any(:ids) and customer.account_id = :account_id
    order by customer.id, entry.seq desc
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))

_SPENT = select(wallet_entries.c.seq).where(
    wallet_entries.c.partner_customer_id == bindparam("id"),
    wallet_entries.c.kind == bindparam("kind"),
    wallet_entries.c.source_id == bindparam("source_id"),
)

_SAVE = text("""
    with journal as (
        insert into wallet_entries
            (partner_customer_id, seq, kind, source_id, amount, balance_after, credit_units,
             search_sessions, record_reveals, postings, user_id, occurred_at)
        select :id, seq, kind, source_id, amount, balance_after, credit_units,
            search_sessions, record_reveals, postings, user_id, occurred_at
        from jsonb_to_recordset(cast(:entries as jsonb)) as entry(
            seq bigint, kind text, source_id text, amount bigint, balance_after bigint,
            credit_units bigint, search_sessions smallint, record_reveals bigint, postings jsonb,
            user_id text, occurred_at timestamptz)
        order by seq
    ), grants as (
        update wallet_grants set state = changed.state, remaining = changed.remaining
        from jsonb_to_recordset(cast(:grants as jsonb)) as changed(
            id uuid, state text, remaining bigint)
        where wallet_grants.id = changed.id
            and wallet_grants.partner_customer_id = :id
            and (wallet_grants.state, wallet_grants.remaining)
                is distinct from (changed.state, changed.remaining)
    )
    update wallets set
        seq = :seq, balance = :balance, settled_at = :settled_at, counted_month = :counted_month,
        monthly_credit_units = :monthly_credit_units,
        monthly_search_sessions = :monthly_search_sessions,
        monthly_record_reveals = :monthly_record_reveals,
        lifetime_credit_units = :lifetime_credit_units,
        lifetime_search_sessions = :lifetime_search_sessions,
        lifetime_record_reveals = :lifetime_record_reveals
    where partner_customer_id = :id
""")


class Stored(NamedTuple):
    """A wallet as it is stored, and how its customer's results leave the iframe."""

    wallet: Wallet
    delivery: Delivery


async def lock(
    connection: AsyncConnection, account_id: UUID, partner_customer_id: UUID
) -> Stored | None:
    """The wallet, which others who lock it wait for until this transaction's end."""
    found = await connection.execute(_LOCK, {"id": partner_customer_id, "account_id": account_id})
    if found.first() is None:
        return None
    found = await connection.execute(_READ, _asked(account_id, [partner_customer_id]))
    return _stored(found.one())


async def read(
    postgres: Postgres, account_id: UUID, partner_customer_ids: Sequence[UUID]
) -> list[Stored]:
    """The account's wallets among these, in any order."""
    rows = await postgres.fetch(_READ, _asked(account_id, partner_customer_ids))
    return [_stored(row) for row in rows]


async def entries(
    postgres: Postgres,
    account_id: UUID,
    partner_customer_ids: Sequence[UUID],
    *,
    before: int | None,
    limit: int,
) -> dict[UUID, list[EntryRow]]:
    """The newest ``limit`` entries of each of the account's customers, those before a number."""
    found: dict[UUID, list[EntryRow]] = defaultdict(list)
    asked = _asked(account_id, partner_customer_ids)
    for row in await postgres.fetch(_ENTRIES, {**asked, "before": before, "limit": limit}):
        entry = EntryRow._make(row[1:])
        found[row.customer_id].append(entry._replace(kind=EntryKind(entry.kind)))
    return found


async def is_booked(
    connection: AsyncConnection, partner_customer_id: UUID, kind: EntryKind, source_id: str
) -> bool:
    """Whether the journal has an entry of that source already."""
    found = await connection.execute(
        _SPENT, {"id": partner_customer_id, "kind": kind, "source_id": source_id}
    )
    return found.first() is not None


async def save(connection: AsyncConnection, wallet: Wallet, entries: Sequence[Entry]) -> None:
    """Writes a locked wallet, its grants and the entries that led there."""
    await connection.execute(
        _SAVE,
        {
            "id": wallet.partner_customer_id,
            "entries": orjson.dumps([_written(each) for each in entries]).decode(),
            "grants": orjson.dumps(
                [
                    {"id": each.id, "state": each.state, "remaining": each.remaining}
                    for each in wallet.grants
                ]
            ).decode(),
            "seq": wallet.seq,
            "balance": wallet.balance,
            "settled_at": wallet.settled_at,
            "counted_month": wallet.counted_month,
            **{f"monthly_{name}": count for name, count in wallet.monthly._asdict().items()},
            **{f"lifetime_{name}": count for name, count in wallet.lifetime._asdict().items()},
        },
    )


async def add_grant(connection: AsyncConnection, grant: CreditGrantRow) -> None:
    """Adds a grant that has not started."""
    await connection.execute(
        insert(wallet_grants).values(
            id=grant.id,
            partner_customer_id=grant.partner_customer_id,
            credit_units=grant.credit_units_granted,
            credit_type=grant.credit_type,
            note=grant.note,
            starts_at=grant.starts_at,
            expires_at=grant.expires_at,
            created_at=grant.created_at,
            state=GrantState.PENDING,
            remaining=0,
        )
    )


def _asked(account_id: UUID, ids: Sequence[UUID]) -> dict[str, Any]:
    return {"account_id": account_id, "ids": list(ids)}


def _written(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "source_id": entry.source_id,
        "amount": entry.amount,
        "balance_after": entry.balance_after,
        "postings": {str(grant_id): units for grant_id, units in entry.postings.items()},
        "occurred_at": entry.occurred_at,
        "user_id": entry.user_id,
        **entry.used._asdict(),
    }


def _stored(row: Row[Any]) -> Stored:
    wallet = Wallet(
        account_id=row.account_id,
        partner_customer_id=row.partner_customer_id,
        status=CustomerStatus(row.status),
        mode=EnforcementMode(row.credit_enforcement_mode),
        policy=ResetPolicy(row.credit_reset_policy),
        limits=Limits.stored(row.limits),
        finite=row.granted > 0,
        seq=row.seq,
        balance=row.balance,
        settled_at=row.settled_at,
        counted_month=row.counted_month,
        monthly=_counters(row, "monthly"),
        lifetime=_counters(row, "lifetime"),
        grants=tuple(_grant(each) for each in row.open_grants),
    )
    delivery = Delivery(row.result_delivery_url, row.result_delivery_cta, row.csv_export_enabled)
    return Stored(wallet, delivery)


def _counters(row: Row[Any], period: str) -> Counters:
    return Counters(*(getattr(row, f"{period}_{name}") for name in Counters._fields))


def _grant(row: Mapping[str, Any]) -> Grant:
    ends = row["expires_at"]
    return Grant(
        id=UUID(row["id"]),
        credit_units=row["credit_units"],
        starts_at=datetime.fromisoformat(row["starts_at"]),
        expires_at=None if ends is None else datetime.fromisoformat(ends),
        state=GrantState(row["state"]),
        remaining=row["remaining"],
    )
