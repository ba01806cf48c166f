"""Customers of a partner at the stores of a process of their own, with people of the tests' own."""

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from api.caller import CallerKind, EmbedCaller
from api.domain.partner_customer import service as customers
from api.domain.partner_customer.rules import (
    CustomerDefaults,
    Delivery,
    EnforcementMode,
    Limits,
    ResetPolicy,
)
from api.queue import TaskName
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.clickhouse_migrations import migrate as migrate_clickhouse
from api.stores.postgres_migrations import migrate
from api.work import Stores, Work, open_stores
from tests.embedded.clickhouse_server import Server
from tests.prospecting.market import Market, market
from tests.stack import Stack

NO_REDIS = "redis://127.0.0.1:9/0"
SECRET = "s" * 32
NO_LIMITS = Limits()


@dataclass
class Handed:
    """A queue that remembers what it was handed."""

    rows: list[tuple[TaskName, UUID]] = field(default_factory=list)

    def put(self, task: TaskName, row_id: UUID) -> None:
        """As the product's queue."""
        self.rows.append((task, row_id))


@dataclass(frozen=True, slots=True)
class Partner:
    """A fresh managed account at the stores."""

    stores: Stores
    account_id: UUID

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """The rows of a statement."""
        return list(await self.stores.postgres.fetch(text(sql), values))

    async def customer(
        self,
        *,
        url: str | None = None,
        csv: bool = True,
        mode: EnforcementMode = EnforcementMode.METERED,
        policy: ResetPolicy = ResetPolicy.MONTHLY_RESET,
        limits: Limits = NO_LIMITS,
    ) -> Work:
        """What somebody at a new customer of the partner asks with."""
        defaults = CustomerDefaults(
            mode, policy, limits, delivery=Delivery(url, None, csv_export_enabled=csv)
        )
        async with self.stores.postgres.transaction() as connection:
            made = await customers.ensure(
                connection, self.account_id, f"customer {uuid4()}", name=None, defaults=defaults
            )
        return Work(self.stores, caller(self.account_id, made.id))

    def at(self, clickhouse: ClickHouse) -> "Partner":
        """The same with other people."""
        return replace(self, stores=replace(self.stores, clickhouse=clickhouse))


def caller(account_id: UUID, customer_id: UUID, user_id: str | None = "user_123") -> EmbedCaller:
    """Somebody at a customer."""
    return EmbedCaller(
        kind=CallerKind.EMBED_TOKEN,
        account_id=account_id,
        embed_key_id=uuid4(),
        partner_customer_id=customer_id,
        external_customer_id="partner-customer-123",
        user_id=user_id,
        origin="https://partner.example",
        expires_at=datetime.now(UTC) + timedelta(minutes=5),
    )


@pytest.fixture(scope="module")
def books(stack: Stack) -> Iterator[str]:
    """A Postgres database of the module's own, where no worker comes between."""
    name = f"prospecting_{uuid4().hex}"
    admin = create_engine(stack.settings.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    migrate(url)
    yield url
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture(scope="session")
def people() -> Market:
    """Four hundred people at forty companies."""
    return market(random.Random(7), companies=40, persons=400)


@pytest_asyncio.fixture(scope="session")
async def people_url(
    server: Server, people: Market, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The database they are in."""
    url = f"http://127.0.0.1:{server.port}/prospects"
    await migrate_clickhouse(url)
    clickhouse = await ClickHouse.connect(url)
    try:
        await people.load(clickhouse, tmp_path_factory.mktemp("people"))
    finally:
        await clickhouse.close()
    return url


@pytest_asyncio.fixture
async def partner(books: str, people_url: str) -> AsyncIterator[Partner]:
    """A fresh partner, whose customers search the four hundred people."""
    settings = Settings(
        database_url=books,
        redis_url=NO_REDIS,
        clickhouse_url=people_url,
        secret=SecretStr(SECRET),
        allow_insecure_delivery=True,
    )
    account_id = uuid4()
    async with open_stores(settings, Handed()) as stores:
        await stores.postgres.fetch(
            text("insert into accounts (id, name, kind) values (:id, :name, 'managed')"),
            {"id": account_id, "name": str(account_id)},
        )
        yield Partner(stores, account_id)


async def loaded(partner: Partner, clickhouse: ClickHouse, rows: Market, folder: Path) -> Partner:
    """The partner with people of the test's own."""
    await rows.load(clickhouse, folder)
    return partner.at(clickhouse)
