"""What a request asked of the stores ends with it: killed there, not only forgotten here."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from api.deadline import within
from api.errors import DomainError, ErrorCode
from api.stores.clickhouse import ClickHouse, Profile
from api.stores.postgres import STATEMENT_TIMEOUT_MS, Postgres
from tests.embedded.stacks import until
from tests.stack import Stack

ENDLESS = "SELECT count(sleepEachRow(0.2)) FROM numbers(20) SETTINGS max_block_size = 1"
RUNNING = """SELECT count() FROM system.processes
WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%system.processes%'"""


@pytest_asyncio.fixture
async def postgres(stack: Stack) -> AsyncIterator[Postgres]:
    store = Postgres(stack.settings.sqlalchemy_url)
    yield store
    await store.close()


async def test_clickhouse_gets_less_than_is_left(clickhouse: ClickHouse) -> None:
    asked = "SELECT getSetting('max_execution_time')"
    assert await clickhouse.fetch(asked, {}, Profile.INTERACTIVE) == [[5]]
    with within(3.5):
        assert await clickhouse.fetch(asked, {}, Profile.INTERACTIVE) == [[3]]
    with within(60):
        assert await clickhouse.fetch(asked, {}, Profile.INTERACTIVE) == [[5]]


async def test_a_query_of_a_client_that_has_gone_is_killed(clickhouse: ClickHouse) -> None:
    async def running() -> int:
        ((count,),) = await clickhouse.fetch(RUNNING, {}, Profile.INTERACTIVE)
        return int(count)

    async def is_running() -> bool:
        return await running() == 1

    async def is_over() -> bool:
        return await running() == 0

    asking = asyncio.create_task(clickhouse.fetch(ENDLESS, {}, Profile.INTERACTIVE))
    await until(is_running, "it runs")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(is_over, "it was ended")


async def test_postgres_gets_less_than_is_left(postgres: Postgres) -> None:
    show = text("select current_setting('statement_timeout')")

    async def timeout_ms() -> int:
        ((shown,),) = await postgres.fetch(show)
        return int(
            float(shown.removesuffix("ms").removesuffix("s")) * (1 if "ms" in shown else 1000)
        )

    assert await timeout_ms() == STATEMENT_TIMEOUT_MS
    with within(3):
        assert 2_000 < await timeout_ms() < 2_800
        async with postgres.transaction() as connection:
            shown = (await connection.execute(show)).scalar_one()
            assert shown.endswith("ms")
    # The connection goes back as it was.
    assert await timeout_ms() == STATEMENT_TIMEOUT_MS


async def test_postgres_ends_what_takes_longer(postgres: Postgres) -> None:
    with within(0.6), pytest.raises(DomainError) as failed:
        await postgres.fetch(text("select pg_sleep(20)"))
    assert failed.value.code is ErrorCode.UNAVAILABLE


async def test_a_statement_of_a_client_that_has_gone_is_killed(postgres: Postgres) -> None:
    mark = "select pg_sleep(4.321)"
    count = text(
        "select count(*) from pg_stat_activity where state = 'active' and query like :mark"
        " and pid <> pg_backend_pid()"
    )

    async def running() -> int:
        ((number,),) = await postgres.fetch(count, {"mark": f"{mark}%"})
        return int(number)

    async def is_running() -> bool:
        return await running() == 1

    async def is_over() -> bool:
        return await running() == 0

    for use in (_by_itself, _in_a_transaction):
        asking = asyncio.create_task(use(postgres, mark))
        await until(is_running, "it runs")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(is_over, "it was ended")
    # And the pool is as good as before.
    await asyncio.gather(*(postgres.fetch(text("select 1")) for _ in range(30)))


async def _by_itself(postgres: Postgres, statement: str) -> None:
    await postgres.fetch(text(statement))


async def _in_a_transaction(postgres: Postgres, statement: str) -> None:
    async with postgres.transaction() as connection:
        await connection.execute(text(statement))
