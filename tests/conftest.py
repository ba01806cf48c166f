"""The stack of a test session: real engines, API and worker, with a small market and known rows."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from api.embedded.ports import choose_port
from api.embedded.postgres import PostgresFolder, postgres_part
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.clickhouse_migrations import migrate
from api.stores.postgres import Postgres
from api.stores.postgres_migrations import migrate as migrate_postgres
from tests import documented
from tests.embedded.clickhouse_server import Server
from tests.embedded.stacks import new_folder, supervised
from tests.stack import Asker, Stack, scratch_folder, start, stibnite, stop

SAMPLE_PERSONS = 5_000


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One stack for all tests that only read, or that use keys of their own."""
    with scratch_folder() as folder:
        running = start(folder / "data", "--sample", str(SAMPLE_PERSONS))
        try:
            load_documented(running, folder)
            yield running
            # Whatever the tests did, the books of all wallets are right: it fails where not.
            stibnite("check", "ledger", "--data-dir", str(running.data_dir))
        finally:
            code = stop(running.process)
    assert code == 0, "the stack did not stop cleanly"


def load_documented(running: Stack, folder: Path) -> None:
    """Loads the documented rows and the crowd."""
    for kind, rows in (("companies", documented.COMPANIES), ("persons", documented.PERSONS)):
        running.load(kind, write_lines(folder / f"{kind}.jsonl", rows))


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    """Writes rows as JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture
def asker(stack: Stack) -> Iterator[Asker]:
    """A fresh account's key and its way to ask: its usage begins at zero."""
    key = stack.new_key()
    with stack.client(key) as client:
        yield Asker(client)


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Asker]:
    """The same for another account."""
    with stack.client(stack.new_key("strangers")) as client:
        yield Asker(client)


_databases = count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of the session."""
    running = Server(tmp_path_factory.mktemp("clickhouse") / "data").started()
    yield running
    assert running.end() == 0


@pytest_asyncio.fixture
async def database(server: Server) -> str:
    """The url of a database of its own, up to date and empty."""
    url = f"http://127.0.0.1:{server.port}/market_{next(_databases)}"
    await migrate(url)
    return url


@pytest_asyncio.fixture
async def clickhouse(database: str) -> AsyncIterator[ClickHouse]:
    """A client of that database."""
    client = await ClickHouse.connect(database)
    yield client
    await client.close()


@pytest_asyncio.fixture(scope="session")
async def postgres_url() -> AsyncIterator[str]:
    """A migrated database beside the stack, without a worker that competes for what is in it."""
    with new_folder() as parent:
        folder = PostgresFolder(parent / "postgres")
        part = postgres_part(folder.root, choose_port("127.0.0.1", None, ()))
        assert part.port is not None
        async with supervised(part, logs=parent):
            url = Settings(database_url=folder.url(part.port)).sqlalchemy_url
            migrate_postgres(url)
            yield url


@pytest_asyncio.fixture(scope="session")
async def postgres(postgres_url: str) -> AsyncIterator[Postgres]:
    """The way to it."""
    opened = Postgres(postgres_url)
    yield opened
    await opened.close()
