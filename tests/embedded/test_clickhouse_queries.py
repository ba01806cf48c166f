"""The embedded ClickHouse answers queries of clickhouse-connect as a server does."""

import asyncio
import datetime
import json
from decimal import Decimal
from uuid import UUID

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.summary import QuerySummary

from tests.embedded import clickhouse_server
from tests.embedded.clickhouse_server import Server, ask

server = clickhouse_server.server
client = clickhouse_server.client
async_client = clickhouse_server.async_client


def test_values_come_back_as_they_went_in(client: Client) -> None:
    client.command(
        "CREATE TABLE t (id UInt64, text String, maybe Nullable(String),"
        " tag LowCardinality(String), tags Array(LowCardinality(String)), at DateTime, day Date,"
        " price Decimal(18, 4), share Float64, flag Bool, key UUID, small Nullable(Int8),"
        " pairs Map(String, UInt8)) ENGINE = MergeTree ORDER BY id"
    )
    at = datetime.datetime(2024, 2, 29, 23, 59, 59)
    rows = [
        (0, "", None, "", [], at, at.date(), Decimal("0"), 0.0, False, UUID(int=0), None, {}),
        (
            *(2**64 - 1, "Łódź 東京 🎉 \x00\n\t'\"\\", "", "cmo", ["a", "", "é"], at, at.date()),
            *(Decimal("-12345678901234.5678"), -1.5e300, True, UUID(int=2**128 - 1), -128),
            {"k": 255},
        ),
    ]
    summary = client.insert("t", rows)
    assert summary.written_rows == 2
    assert client.query("SELECT * FROM t ORDER BY id").result_rows == rows


def test_sparse_and_replaced_rows(client: Client) -> None:
    client.command(
        "CREATE TABLE t (id String, note String, version UInt64)"
        " ENGINE = ReplacingMergeTree(version) ORDER BY id"
    )
    client.command("INSERT INTO t SELECT toString(number), '', 1 FROM numbers(10000)")
    client.insert("t", [["7", "seven", 2]])
    client.command("OPTIMIZE TABLE t FINAL")
    assert client.query("SELECT note, count() FROM t GROUP BY 1 ORDER BY 1").result_rows == [
        ("", 9999),
        ("seven", 1),
    ]


def test_a_large_result_is_the_same_buffered_and_streamed(client: Client) -> None:
    sql = "SELECT number, toString(number) AS text FROM numbers(300000) WHERE number % 3 != 1"
    whole = client.query(sql)
    with client.query_row_block_stream(sql) as stream:
        blocks = list(stream)
    assert len(blocks) > 1
    assert [row for block in blocks for row in block] == whole.result_rows
    assert whole.row_count == 200_000


def test_an_empty_result_and_columns_alone(client: Client) -> None:
    assert client.query("SELECT 1 AS a WHERE 0").result_rows == []
    assert client.query("SELECT 1 AS a, 'x' AS b LIMIT 0").column_names == ("a", "b")
    assert client.command("SELECT 'x' WHERE 0") == ""


def test_commands_without_a_result_return_a_summary(client: Client) -> None:
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    summary = client.command("INSERT INTO t VALUES (1), (2)")
    assert isinstance(summary, QuerySummary)
    assert summary.written_rows == 2


def test_headers_describe_the_result(server: Server) -> None:
    status, headers, body = ask(
        server, b"SELECT number FROM system.numbers LIMIT 3", query_id="q-1", wait_end_of_query=1
    )
    assert (status, body) == (200, b"0\n1\n2\n")
    assert headers["x-clickhouse-query-id"] == "q-1"
    assert headers["x-clickhouse-format"] == "TabSeparated"
    assert headers["x-clickhouse-timezone"] == "UTC"
    summary = json.loads(headers["x-clickhouse-summary"])
    assert int(summary["result_rows"]) == 3
    assert int(summary["read_rows"]) >= 3
    assert int(summary["elapsed_ns"]) > 0


def test_the_format_is_the_one_asked_for(server: Server) -> None:
    row = b'{"a":1}\n'
    assert ask(server, b"SELECT 1 AS a FORMAT JSONEachRow")[2] == row
    assert ask(server, b"SELECT 1 AS a", default_format="JSONEachRow")[2] == row
    assert ask(server, b"SELECT 1 AS a", headers={"X-ClickHouse-Format": "JSONEachRow"})[2] == row
    many = b"SELECT number AS a FROM numbers(200000) FORMAT JSON"
    assert len(json.loads(ask(server, many)[2])["data"]) == 200_000


# --- parameters and settings


@pytest.mark.parametrize(
    "value",
    [
        *(
            "'",
            '"',
            "\\",
            "\\'",
            "a\tb\nc\rd",
            "'; DROP TABLE t; --",
            "{x:String}",
            "%s %% ?",
            "\\N",
        ),
        *("", "Ł🎉", "param_x=1&y=2", "\x01\x7f", "x" * 100_000),
    ],
)
def test_a_bound_value_arrives_unchanged(client: Client, value: str) -> None:
    sql = "SELECT {x:String} AS x, {y:Array(String)} AS y, {z:Nullable(String)} AS z"
    answer = client.query(sql, {"x": value, "y": [value, "b"], "z": None}).result_rows
    assert answer == [(value, [value, "b"], None)]


async def test_parallel_queries_each_get_their_own_answer(async_client: AsyncClient) -> None:
    async def ask_for(number: int) -> None:
        rows = await async_client.query(
            "SELECT {n:UInt64}, {text:String}, count() FROM numbers({n:UInt64})",
            {"n": number, "text": f"text {number}"},
            settings={"max_threads": 1 + number % 2},
        )
        assert rows.result_rows == [(number, f"text {number}", number)]

    async def fail_with(number: int) -> None:
        with pytest.raises(DatabaseError, match=f"failed {number}"):
            await async_client.query(
                "SELECT throwIf(number = 150000, {text:String}) FROM numbers(200000)",
                {"text": f"failed {number}"},
                settings={"max_threads": 1 + number % 2},
            )

    for start in (0, 1000, 2000):
        numbers = range(start, start + 32)
        await asyncio.gather(*map(ask_for, numbers), *map(fail_with, numbers[::8]))


def test_settings_hold_for_their_request_only(client: Client) -> None:
    sql = "SELECT getSetting('max_block_size'), getSetting('max_execution_time')"
    usual = client.query(sql).result_rows
    chosen = client.query(sql, settings={"max_block_size": 77, "max_execution_time": 3})
    assert chosen.result_rows == [(77, 3)]
    assert client.query(sql).result_rows == usual
    assert usual[0][1] == 60


def test_a_statement_leaves_nothing_in_its_session(client: Client) -> None:
    client.command("SET max_block_size = 77")
    client.command("USE system")
    client.command("CREATE TEMPORARY TABLE passing (n UInt8)")
    assert client.query(
        "SELECT currentDatabase(), getSetting('max_block_size') = 77"
    ).first_row == (
        "s",
        False,
    )
    with pytest.raises(DatabaseError) as missing:
        client.command("SELECT * FROM passing")
    assert missing.value.code == 60


@pytest.mark.parametrize("format_name", ["Native", "JSONCompact"])
def test_a_query_that_fails_half_way_leaves_nothing_in_its_session(
    client: Client, format_name: str
) -> None:
    sql = "SELECT number, throwIf(number = 500000) FROM numbers(1000000)"
    for _ in range(3):
        with pytest.raises(DatabaseError, match="FUNCTION_THROW_IF"):
            client.raw_query(f"{sql} FORMAT {format_name}")
        assert client.raw_query("SELECT 1 FORMAT TabSeparated") == b"1\n"
        assert client.raw_query("SELECT 1 AS n FORMAT JSONEachRow") == b'{"n":1}\n'


def test_time_memory_and_readonly_limits(client: Client) -> None:
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    for sql, settings, code in (
        ("SELECT sum(cityHash64(number)) FROM numbers(1e12)", {"max_execution_time": 0.2}, 159),
        ("SELECT groupArray(number) FROM numbers(1e7)", {"max_memory_usage": 10**7}, 241),
        ("INSERT INTO t SELECT 1", {"readonly": 1}, 164),
        ("SELECT 1", {"max_threads": "many"}, 27),
    ):
        with pytest.raises(DatabaseError) as refusal:
            client.query(sql, settings=settings)
        assert refusal.value.code == code, sql
    assert client.command("SELECT count() FROM t") == 0


# --- definitions


def test_definitions_and_maintenance(client: Client) -> None:
    client.command("CREATE DATABASE other ENGINE = Atomic")
    assert client.command("SELECT engine FROM system.databases WHERE name = 's'") == "Atomic"
    client.command("CREATE TABLE a (n UInt64) ENGINE = MergeTree ORDER BY n")
    client.command("CREATE TABLE b AS a")
    client.insert("a", [[1]])
    client.command("EXCHANGE TABLES a AND b")
    assert client.query("SELECT n FROM b").result_rows == [(1,)]
    client.command("ALTER TABLE b ADD COLUMN text String DEFAULT 'x'")
    client.command("ALTER TABLE b DELETE WHERE n = 2", settings={"mutations_sync": 1})
    client.command("OPTIMIZE TABLE b FINAL")
    client.command("RENAME TABLE b TO other.c")
    assert client.query("SELECT * FROM other.c").result_rows == [(1, "x")]
    assert client.query("DESCRIBE TABLE other.c").row_count == 2
    client.command("TRUNCATE TABLE other.c")
    client.command("DROP DATABASE other")
