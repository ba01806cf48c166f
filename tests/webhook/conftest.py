"""Accounts, and what sends their deliveries by a clock of its own."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from api.domain.account.queries import add_account
from api.domain.delivery.sender import Sender
from api.stores.postgres import Postgres
from tests.webhook.post_office import PostOffice

SHORT_S = 0.5
"""How long senders wait in these tests, in which receivers hang on purpose."""


@pytest.fixture
async def account(postgres: Postgres) -> UUID:
    """A fresh account."""
    account_id = uuid4()
    async with postgres.transaction() as connection:
        await add_account(connection, account_id, f"account {account_id}", "standard")
    return account_id


@pytest.fixture
async def office(postgres: Postgres) -> AsyncIterator[PostOffice]:
    """Sends what is due in an otherwise empty database, when told to, by a clock of its own."""
    async with postgres.transaction() as connection:
        await connection.execute(text("truncate webhook_events, webhook_endpoints cascade"))
    async with Sender(insecure=True, total=SHORT_S) as sender:
        yield PostOffice(postgres, sender)
