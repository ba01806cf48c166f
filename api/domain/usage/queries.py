"""The SQL of the usage journal."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.stores.postgres import Postgres
from api.stores.tables import usage_entries

# The entry's id is chosen by the caller, so that writing it again after a lost connection, when
# nobody knows whether the first attempt arrived, still leaves one row.
_ADD = insert(usage_entries).on_conflict_do_nothing(index_elements=["id"])

ENTRY = """
    insert into usage_entries
        (id, account_id, api_key_id, console_user_id, operation, requests, billable_records)
    select :entry_id, :account_id, cast(:api_key_id as uuid), cast(:console_user_id as uuid),
        :operation, :requests, :billable_records
"""
"""The same as text, for statements that write more: with a ``from`` where it has a condition."""

_ADD_NEW = _ADD.returning(usage_entries.c.id)

_TOTALS = select(
    func.coalesce(func.sum(usage_entries.c.requests), 0).label("requests"),
    func.coalesce(func.sum(usage_entries.c.billable_records), 0).label("billable_records"),
).where(usage_entries.c.api_key_id == bindparam("api_key_id"))


async def add_entry(postgres: Postgres, **entry: Any) -> None:
    """Writes one row, given as ``Payer`` has it; a second time with the same id does nothing."""
    await postgres.fetch(_ADD, _row(**entry))


def entry_beside(**entry: Any) -> CTE:
    """Writes one row as a part of another statement; a second time it does nothing."""
    return _ADD.values(_row(**entry)).cte("usage_entry")


async def add_entry_in(connection: AsyncConnection, **entry: Any) -> bool:
    """Writes one row in a transaction; whether it is new: the same id again does nothing."""
    written = await connection.execute(_ADD_NEW, _row(**entry))
    return written.first() is not None


def _row(
    *,
    entry_id: UUID,
    account_id: UUID,
    api_key_id: UUID | None,
    operation: str,
    requests: int,
    billable_records: int,
    console_user_id: UUID | None = None,
) -> dict[str, Any]:
    return {
        "id": entry_id,
        "account_id": account_id,
        "api_key_id": api_key_id,
        "console_user_id": console_user_id,
        "operation": operation,
        "requests": requests,
        "billable_records": billable_records,
    }


async def totals_of_key(postgres: Postgres, api_key_id: UUID) -> tuple[int, int]:
    """``(requests, billable records)`` of a key."""
    (row,) = await postgres.fetch(_TOTALS, {"api_key_id": api_key_id})
    return int(row.requests), int(row.billable_records)
