"""The client of ClickHouse: limits, rows, and what callers learn when it fails."""

from collections.abc import Awaitable
from pathlib import Path
from signal import SIGKILL

import pytest

from api.errors import DomainError, ErrorCode
from api.stores.clickhouse import ClickHouse, Profile
from tests.embedded.clickhouse_server import Server, free_port


async def refused(call: Awaitable[object]) -> None:
    """The call fails as ``unavailable``, with a sentence that gives nothing away."""
    with pytest.raises(DomainError) as failure:
        await call
    assert failure.value.code is ErrorCode.UNAVAILABLE
    assert failure.value.message == (
        "The search engine cannot answer right now. Try again shortly, or ask less broadly."
    )


async def test_rows_are_plain_and_exact(clickhouse: ClickHouse) -> None:
    sql = (
        "SELECT {text:String}, {many:Array(String)}, toUInt64(18446744073709551615), NULL,"
        " 'a\\0b', toInt64(-9007199254740993)"
    )
    values = {"text": "it's {x} %s \\ \n é", "many": ["a'b", "\\"]}
    answer = await clickhouse.answer(sql, values, Profile.INTERACTIVE)
    assert answer.rows == [
        [values["text"], values["many"], 2**64 - 1, None, "a\0b", -9007199254740993]
    ]
    assert answer.engine_s > 0
    assert await clickhouse.fetch("SELECT 1 WHERE 0", {}, Profile.INTERACTIVE) == []


async def test_a_request_cannot_write(clickhouse: ClickHouse) -> None:
    await refused(clickhouse.execute("TRUNCATE TABLE persons", Profile.INTERACTIVE))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(sipHash64(number)) FROM numbers(1000000000000) SETTINGS max_execution_time = 1",
        "SELECT groupArray(number) FROM numbers(1000000000) SETTINGS max_memory_usage = 10000000",
        "SELECT nothing FROM nowhere",
        "SELECT throwIf(number = 500000, 'late') FROM numbers(1000000)",
        "SELEC",
    ],
)
async def test_queries_that_fail(clickhouse: ClickHouse, sql: str) -> None:
    await refused(clickhouse.fetch(sql, {}, Profile.LOAD))
    assert await clickhouse.fetch("SELECT 1", {}, Profile.INTERACTIVE) == [[1]]


async def test_nobody_is_there() -> None:
    await refused(ClickHouse.connect(f"http://127.0.0.1:{free_port()}/market"))


async def test_a_server_that_dies_and_comes_back(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").started()
    clickhouse = await ClickHouse.connect(f"http://127.0.0.1:{server.port}")
    try:
        await clickhouse.ping()
        server.end(SIGKILL)
        await refused(clickhouse.ping())
        await refused(clickhouse.fetch("SELECT 1", {}, Profile.INTERACTIVE))
        server = Server(tmp_path / "data", port=server.port).started()
        assert await clickhouse.fetch("SELECT 1", {}, Profile.INTERACTIVE) == [[1]]
        await clickhouse.ping()
    finally:
        await clickhouse.close()
        server.end(SIGKILL)
