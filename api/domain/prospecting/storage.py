"""The SQL of sessions and owned records in Postgres."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row, bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from api.caller import EmbedCaller
from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.partner_customer.rules import CustomerStatus
from api.domain.prospecting.filters import checked_filters
from api.domain.prospecting.records import (
    Action,
    Chosen,
    ProspectRecord,
    Purchase,
    RecordCompany,
    Selection,
    SelectionMode,
    Session,
    document_of,
)
from api.stores.postgres import Postgres
from api.stores.tables import (
    owned_records,
    partner_customers,
    prospecting_purchases,
    prospecting_sessions,
)

_SESSION = (
    select(prospecting_sessions, partner_customers.c.status)
    .join(partner_customers, partner_customers.c.id == prospecting_sessions.c.partner_customer_id)
    .where(
        prospecting_sessions.c.id == bindparam("session_id"),
        prospecting_sessions.c.account_id == bindparam("account_id"),
        prospecting_sessions.c.partner_customer_id == bindparam("partner_customer_id"),
        prospecting_sessions.c.expires_at > bindparam("now"),
    )
)
_OWNED = select(owned_records.c.person_id, owned_records.c.record).where(
    owned_records.c.account_id == bindparam("account_id"),
    owned_records.c.partner_customer_id == bindparam("partner_customer_id"),
    owned_records.c.person_id == bindparam("ids", type_=ARRAY(Text)).any_(),
)

_OWNED_IDS = _OWNED.with_only_columns(owned_records.c.person_id)
_ADD_OWNED = text("""
    insert into owned_records (account_id, partner_customer_id, person_id, purchase_id, record)
    select :account_id, :partner_customer_id, bought.person_id, :purchase_id, bought.record
    from unnest(cast(:ids as text[]), cast(:records as text[])) as bought (person_id, record)
""")
_PURCHASED = select(prospecting_purchases.c.person_ids, prospecting_purchases.c.prospect_ids).where(
    prospecting_purchases.c.id == bindparam("purchase_id"),
    prospecting_purchases.c.account_id == bindparam("account_id"),
    prospecting_purchases.c.partner_customer_id == bindparam("partner_customer_id"),
)
_FORGET = text("""
    delete from prospecting_sessions where id in (
        select id from prospecting_sessions where expires_at <= :before
        order by expires_at limit :most)
""")
_WRITTEN_AT_ONCE = 1_000

Execute = Callable[[Any, Any], Awaitable[Iterable[Any]]]
"""Runs a statement: ``Postgres.fetch``, or ``AsyncConnection.execute`` within a transaction."""


# What is read back is what was stored, whatever becomes of the dictionaries.
@cache
def _interpretations() -> TypeAdapter[PersonInterpretation]:
    return TypeAdapter(PersonInterpretation)


def stored_record(record: ProspectRecord) -> str:
    """A full record for its column: the document that is delivered."""
    return orjson.dumps(document_of(record)).decode()


def _record(stored: str) -> ProspectRecord:
    document = orjson.loads(stored)
    return ProspectRecord(**{**document, "company": RecordCompany(**document["company"])})


async def add_session(connection: AsyncConnection, session: Session) -> None:
    """Adds a session in the caller's transaction."""
    await connection.execute(
        insert(prospecting_sessions),
        {
            "id": session.id,
            "account_id": session.account_id,
            "partner_customer_id": session.partner_customer_id,
            "user_id": session.user_id,
            "interpretation": _interpretations().dump_python(session.interpretation, mode="json"),
            "created_at": session.created_at,
            "expires_at": session.expires_at,
        },
    )


async def session(
    postgres: Postgres,
    account_id: UUID,
    partner_customer_id: UUID,
    session_id: UUID,
    *,
    now: datetime,
) -> tuple[Session, CustomerStatus] | None:
    """The session of this id, if the customer has it and it has not expired; and its status."""
    rows = await postgres.fetch(
        _SESSION,
        {
            "session_id": session_id,
            "account_id": account_id,
            "partner_customer_id": partner_customer_id,
            "now": now,
        },
    )
    return (session_of(rows[0]), CustomerStatus(rows[0].status)) if rows else None


def session_of(row: Row[Any]) -> Session:
    """The session that a row says."""
    return Session(
        id=row.id,
        account_id=row.account_id,
        partner_customer_id=row.partner_customer_id,
        user_id=row.user_id,
        interpretation=_interpretations().validate_python(row.interpretation),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


async def forget_sessions(postgres: Postgres, before: datetime, most: int) -> bool:
    """Deletes sessions that expired before a moment, as many as ``most``; whether there may be
    more."""
    async with postgres.transaction() as connection:
        done = await connection.execute(_FORGET, {"before": before, "most": most})
        return done.rowcount == most


async def owned_ids(
    execute: Execute, account_id: UUID, partner_customer_id: UUID, ids: Sequence[str]
) -> set[str]:
    """Which of these people's records the customer owns."""
    rows = await execute(
        _OWNED_IDS,
        {
            "account_id": account_id,
            "partner_customer_id": partner_customer_id,
            "ids": list(ids),
        },
    )
    return {row.person_id for row in rows}


async def add_purchase(connection: AsyncConnection, purchase: Purchase) -> None:
    """Writes a purchase in the caller's transaction."""
    await connection.execute(
        insert(prospecting_purchases),
        {
            "id": purchase.id,
            "account_id": purchase.account_id,
            "partner_customer_id": purchase.partner_customer_id,
            "session_id": purchase.session_id,
            "user_id": purchase.user_id,
            "action": purchase.action,
            "selection_mode": purchase.selection.mode,
            "filters": purchase.selection.filters.as_json(),
            "person_ids": purchase.person_ids,
            "prospect_ids": purchase.prospect_ids,
            "net_new_records": purchase.net_new,
            "created_at": purchase.created_at,
        },
    )


def purchase_of(row: Row[Any]) -> Purchase:
    """The purchase that a row says."""
    return Purchase(
        id=row.id,
        session_id=row.session_id,
        account_id=row.account_id,
        partner_customer_id=row.partner_customer_id,
        user_id=row.user_id,
        action=Action(row.action),
        selection=Selection(
            SelectionMode(row.selection_mode),
            tuple(row.prospect_ids),
            checked_filters(row.filters),
        ),
        person_ids=row.person_ids,
        prospect_ids=row.prospect_ids,
        net_new=row.net_new_records,
        created_at=row.created_at,
    )


async def add_owned(
    connection: AsyncConnection, purchase: Purchase, bought: Sequence[Chosen]
) -> None:
    """Gives the customer records; none of them may be owned already. In some statements."""
    for start in range(0, len(bought), _WRITTEN_AT_ONCE):
        some = bought[start : start + _WRITTEN_AT_ONCE]
        await connection.execute(
            _ADD_OWNED,
            {
                "account_id": purchase.account_id,
                "partner_customer_id": purchase.partner_customer_id,
                "purchase_id": purchase.id,
                "ids": [each.person_id for each in some],
                "records": [each.record for each in some],
            },
        )


async def purchased_names(
    postgres: Postgres, caller: EmbedCaller, purchase_id: UUID
) -> list[tuple[str, str]] | None:
    """Person and prospect ids of a purchase of the caller's customer, in order."""
    rows = await postgres.fetch(
        _PURCHASED,
        {
            "purchase_id": purchase_id,
            "account_id": caller.account_id,
            "partner_customer_id": caller.partner_customer_id,
        },
    )
    if not rows:
        return None
    return list(zip(rows[0].person_ids, rows[0].prospect_ids, strict=True))


async def owned(
    postgres: Postgres, account_id: UUID, partner_customer_id: UUID, ids: Sequence[str]
) -> dict[str, ProspectRecord]:
    """The records that the customer owns among people, as they were bought."""
    if not ids:
        return {}
    rows = await postgres.fetch(
        _OWNED,
        {
            "account_id": account_id,
            "partner_customer_id": partner_customer_id,
            "ids": list(ids),
        },
    )
    return {row.person_id: _record(row.record) for row in rows}
