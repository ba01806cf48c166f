"""Rows put straight into the tables, and read from them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table, select

from api.domain.webhook import queries
from api.domain.webhook.records import EndpointRow
from api.domain.webhook.rules import EndpointStatus, EventType
from api.stores.postgres import Postgres
from api.stores.tables import webhook_endpoints

NOON = datetime(2030, 3, 1, 12, tzinfo=UTC)
URL = "https://customer.example/webhooks"


async def add_endpoint(
    postgres: Postgres, account_id: UUID, *events: EventType, url: str = URL, secret: bytes = b"-"
) -> UUID:
    """An active endpoint of the account."""
    row = EndpointRow(uuid4(), url, None, list(events), EndpointStatus.ACTIVE, None, NOON)
    async with postgres.transaction() as connection:
        await queries.add_endpoint(connection, account_id, row, secret)
    return row.id


async def disable(postgres: Postgres, endpoint_id: UUID, reason: str = "failing") -> None:
    """Disables an endpoint."""
    table = webhook_endpoints
    await postgres.fetch(
        table.update()
        .where(table.c.id == endpoint_id)
        .values(status="disabled", disabled_reason=reason)
    )


async def rows_of(postgres: Postgres, table: Table, account_id: UUID) -> list[Any]:
    """The rows of an account, oldest first."""
    wanted = select(table).where(table.c.account_id == account_id).order_by(table.c.created_at)
    return list(await postgres.fetch(wanted))
