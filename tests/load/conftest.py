"""A real embedded ClickHouse for the tests of this folder, with a fresh database for each test."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
import pytest_asyncio

from api.stores.clickhouse import ClickHouse
from api.stores.clickhouse_migrations import migrate
from tests.embedded.clickhouse_server import Server

_numbers = count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of the session."""
    running = Server(tmp_path_factory.mktemp("clickhouse") / "data").started()
    yield running
    assert running.end() == 0


@pytest_asyncio.fixture
async def database(server: Server) -> str:
    """The url of a database of its own, up to date and empty."""
    url = f"http://127.0.0.1:{server.port}/market_{next(_numbers)}"
    await migrate(url)
    return url


@pytest_asyncio.fixture
async def clickhouse(database: str) -> AsyncIterator[ClickHouse]:
    """A client of that database."""
    client = await ClickHouse.connect(database)
    yield client
    await client.close()
