"""The ClickHouse migrations make exactly the tables that the code names."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from api.errors import DomainError
from api.load.incoming import COMPANIES, PERSONS
from api.load.serving import SERVED
from api.stores.clickhouse import ClickHouse, Profile
from api.stores.clickhouse_migrations import (
    ChangedMigrationError,
    Migration,
    migrate,
    migrations,
    revert,
)
from tests.embedded.clickhouse_server import Server

# What a row says itself, without columns that follow from others.
STORED = (
    "SELECT table, groupArray(name) FROM"
    " (SELECT table, name FROM system.columns WHERE database = currentDatabase()"
    " AND default_kind IN ('', 'DEFAULT') ORDER BY table, position) GROUP BY table"
)
DEFINITIONS = (
    "SELECT name, create_table_query FROM system.tables"
    " WHERE database = currentDatabase() ORDER BY name"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An empty server."""
    running = Server(tmp_path_factory.mktemp("clickhouse") / "data").started()
    yield running
    assert running.end() == 0


async def asked(url: str, sql: str) -> dict[str, object]:
    clickhouse = await ClickHouse.connect(url)
    try:
        return dict(map(tuple, await clickhouse.fetch(sql, {}, Profile.LOAD)))
    finally:
        await clickhouse.close()


async def test_up_down_up_and_nothing_left_to_generate(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/up down `up`"
    labels = [step.label for step in migrations()]
    assert await migrate(url) == labels
    first = await asked(url, DEFINITIONS)
    assert await migrate(url) == []
    assert await revert(url) == labels[::-1]
    assert set(await asked(url, DEFINITIONS)) == {"schema_migrations"}
    assert await migrate(url) == labels
    assert await asked(url, DEFINITIONS) == first
    assert await asked(url, STORED) == {
        "schema_migrations": ["version", "name", "sha256", "applied_at"],
        "companies": list(COMPANIES.inserted),
        "persons": list(PERSONS.inserted),
        **{table: list(columns) for table, columns in SERVED.items()},
    }


async def test_a_step_that_was_cut_short_is_run_again(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/cut"
    (step,) = migrations()
    made = "CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = Memory;\n"
    with pytest.raises(DomainError):
        await migrate(url, [replace(step, up=f"{made}SELEC;\n")])
    assert await migrate(url, [replace(step, up=f"{made}SELECT 1;\n")]) == [step.label]
    assert set(await asked(url, DEFINITIONS)) == {"a", "schema_migrations"}


async def test_a_shipped_step_cannot_change(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/changed"
    steps = migrations()
    await migrate(url, steps)
    changed = [replace(steps[0], up=steps[0].up + "\n"), Migration(2, "next", "SELECT 1;", "")]
    with pytest.raises(ChangedMigrationError, match=r"0001 companies and persons.*new migration"):
        await migrate(url, changed)
    assert await migrate(url, [steps[0], changed[1]]) == ["0002 next"]
    assert await migrate(url, [steps[0], changed[1]]) == []


def test_steps_are_numbered_without_gaps_and_can_be_undone() -> None:
    steps = migrations()
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.down.strip() for step in steps)
