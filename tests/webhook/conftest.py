"""A Postgres alone, without the worker that would compete for what is due."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from api.domain.account.queries import add_account
from api.domain.delivery.sender import Sender
from api.embedded.ports import choose_port
from api.embedded.postgres import PostgresFolder, postgres_part
from api.settings import Settings
from api.stores.postgres import Postgres
from api.stores.postgres_migrations import migrate
from tests.embedded.stacks import new_folder, supervised
from tests.webhook.post_office import PostOffice

SHORT_S = 0.5
"""How long senders wait in these tests, in which receivers hang on purpose."""


@pytest_asyncio.fixture(scope="session")
async def postgres_url() -> AsyncIterator[str]:
    """Where a migrated database of these tests' own is."""
    with new_folder() as parent:
        folder = PostgresFolder(parent / "postgres")
        part = postgres_part(folder.root, choose_port("127.0.0.1", None, ()))
        assert part.port is not None
        async with supervised(part, logs=parent):
            url = Settings(database_url=folder.url(part.port)).sqlalchemy_url
            migrate(url)
            yield url


@pytest_asyncio.fixture(scope="session")
async def postgres(postgres_url: str) -> AsyncIterator[Postgres]:
    """The way to it."""
    opened = Postgres(postgres_url)
    yield opened
    await opened.close()


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
