"""Sessions and purchases by the ``Idempotency-Key`` of the request that made them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.idempotency.rules import KEPT, used_for_another
from api.domain.prospecting.storage import Execute
from api.work import RequestKey


async def made_under(
    execute: Execute, table: Table, key: RequestKey | None, now: datetime
) -> Row[Any] | None:
    """The row that was made under a request's key in the last 24 hours; the key then says so.

    Raises ``invalid_input`` where that was another request.
    """
    if key is None:
        return None
    wanted = select(table).where(
        table.c.request_scope == key.scope, table.c.created_at > now - KEPT
    )
    row: Row[Any] | None = next(iter(await execute(wanted, None)), None)
    if row is None:
        return None
    if row.request_digest != key.request:
        raise used_for_another()
    key.replayed = True
    return row


async def keep(
    connection: AsyncConnection, table: Table, row_id: UUID, key: RequestKey | None
) -> None:
    """Notes the key of the request that made a row; an older row lets go of it."""
    if key is None:
        return
    await connection.execute(
        update(table)
        .where(table.c.request_scope == key.scope)
        .values(request_scope=None, request_digest=None)
    )
    await connection.execute(
        update(table)
        .where(table.c.id == row_id)
        .values(request_scope=key.scope, request_digest=key.request)
    )
