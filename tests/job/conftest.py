"""A database of jobs beside the stack's, where no worker comes between."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from api.caller import AccountKind, Caller, CallerKind, Tier
from api.queue import TaskName
from api.settings import Settings
from api.stores.postgres_migrations import migrate
from api.work import Work, open_stores
from tests.stack import Stack

ACCOUNT = UUID("01890000-0000-7000-8000-000000000000")
NOWHERE = "http://127.0.0.1:9/none"
NO_REDIS = "redis://127.0.0.1:9/0"


@dataclass
class Handed:
    """A queue that remembers what it was handed."""

    rows: list[tuple[TaskName, UUID]] = field(default_factory=list)

    def jobs(self) -> list[UUID]:
        """The jobs among them, which are then forgotten with all the others."""
        ids = [row for task, row in self.rows if task is TaskName.RUN_PERSON_SEARCH_JOB]
        self.rows.clear()
        return ids

    def put(self, task: TaskName, row_id: UUID) -> None:
        """As the product's queue."""
        self.rows.append((task, row_id))


class Bench:
    """Stores without an engine and without workers, on an event loop of its own."""

    def __init__(self, url: str):
        self.queue = Handed()
        self.runner = asyncio.Runner()
        self.runner.run(self._open(url))

    async def _open(self, url: str) -> None:
        of = Settings(
            database_url=url, redis_url=NO_REDIS, clickhouse_url=NOWHERE, secret=SecretStr("s" * 32)
        )
        self._opened = AsyncExitStack()
        self.stores = await self._opened.enter_async_context(open_stores(of, self.queue))

    def run(self, coroutine: Any) -> Any:
        """The result of a coroutine."""
        return self.runner.run(coroutine)

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """The rows of a statement."""
        return list(self.run(self.stores.postgres.fetch(text(sql), values)))

    def new_work(self) -> Work:
        """The work of a new account, whose one endpoint subscribes to every event."""
        account, key = uuid4(), uuid4()
        self.rows(
            "insert into accounts (id, name, kind) values (:id, :name, 'standard')",
            id=account,
            name=str(account),
        )
        self.rows(
            "insert into api_keys (id, account_id, prefix, digest, tier)"
            " values (:id, :account, 'stib', :digest, 'tier_1')",
            id=key,
            account=account,
            digest=key.bytes,
        )
        self.rows(
            "insert into webhook_endpoints (id, account_id, url, events, status, secret)"
            " values (:id, :account, 'https://receiver.example/', :events, 'active', :secret)",
            id=uuid4(),
            account=account,
            events=["person_search.job.succeeded", "person_search.job.failed"],
            secret=b"secret",
        )
        caller = Caller(CallerKind.API_KEY, account, AccountKind.STANDARD, key, Tier.TIER_1)
        return Work(self.stores, caller)

    def close(self) -> None:
        """Closes connections and loop."""
        self.run(self._opened.aclose())
        self.runner.close()


@pytest.fixture(scope="module")
def bench(stack: Stack) -> Iterator[Bench]:
    """The stores of a new database."""
    name = f"jobs_{uuid4().hex}"
    admin = create_engine(stack.settings.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    migrate(url)
    made = Bench(url)
    yield made
    made.close()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name}"))
    admin.dispose()


def at(seconds: float) -> datetime:
    """A moment of the tests' own clock."""
    return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
