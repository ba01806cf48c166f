"""The embedded ClickHouse takes rows, and never says so of rows it has not written."""

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator, Generator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.embedded import clickhouse_server
from tests.embedded.clickhouse_server import Server, ask

server = clickhouse_server.server
client = clickhouse_server.client
async_client = clickhouse_server.async_client


TABLE = "CREATE TABLE t (n UInt64, text Nullable(String)) ENGINE = MergeTree ORDER BY n"
ROWS = pa.table({"n": pa.array(range(1000), pa.uint64()), "text": [None, "é"] * 500})


def arrow_stream(table: pa.Table) -> bytes:
    """A table as an Arrow stream of several batches."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return sink.getvalue()


def parquet(table: pa.Table) -> bytes:
    """A table as a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def pieces(data: bytes) -> Generator[bytes, None, None]:
    """Data in small pieces, as a chunked upload sends them."""
    for start in range(0, len(data), 700):
        yield data[start : start + 700]


def check_rows(client: Client, times: int = 1) -> None:
    """Assert that the table holds :data:`ROWS`, so many times."""
    sql = "SELECT count(), sum(n), countIf(text IS NULL), uniqExact(text) FROM t"
    assert client.query(sql).result_rows == [(1000 * times, 499_500 * times, 500 * times, 1)]


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", False])
def test_rows_in_native_format(server: Server, client: Client, compression: str | bool) -> None:
    client.command(TABLE)
    with server.client(database="s", compress=compression) as inserter:
        inserter.insert("t", [list(row.values()) for row in ROWS.to_pylist()])
    check_rows(client)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ArrowStream", arrow_stream(ROWS)),
        ("Parquet", parquet(ROWS)),
        ("JSONEachRow", "\n".join(map(json.dumps, ROWS.to_pylist())).encode()),
    ],
)
def test_rows_in_other_formats(client: Client, name: str, data: bytes) -> None:
    client.command(TABLE)
    client.raw_insert("t", ["n", "text"], data, fmt=name)
    client.raw_insert("t", None, pieces(data), fmt=name)
    client.raw_insert("t", ["n", "text"], gzip.compress(data), fmt=name, compression="gzip")
    summary = client.raw_insert("s.t", ["n", "text"], io.BytesIO(data), fmt=name)
    assert summary.written_rows == 1000
    check_rows(client, times=4)


async def test_rows_from_the_asynchronous_client(client: Client, async_client: AsyncClient) -> None:
    client.command(TABLE)
    await async_client.insert("t", [list(row.values()) for row in ROWS.to_pylist()])
    await async_client.raw_insert("t", ["n", "text"], arrow_stream(ROWS), fmt="ArrowStream")
    check_rows(client, times=2)


def test_an_insert_with_settings_and_rows_on_the_same_line(server: Server, client: Client) -> None:
    client.command(TABLE)
    sql = b'INSERT INTO `t` ("n", text) SETTINGS max_threads=1 FORMAT JSONEachRow {"n": 1}'
    assert ask(server, sql, database="s")[0] == 200
    assert client.query("SELECT * FROM t").result_rows == [(1, None)]


def test_an_insert_that_fails_says_so(client: Client) -> None:
    client.command(
        "CREATE TABLE t (n UInt64, text Nullable(String), CONSTRAINT small CHECK n < 1000)"
        " ENGINE = MergeTree ORDER BY n"
    )
    good = arrow_stream(ROWS)
    bad = arrow_stream(ROWS.append_column("m", ROWS["n"]).set_column(0, "n", [[5000] * 1000]))
    for name, data, compression, code in (
        ("ArrowStream", bad, None, 469),
        ("ArrowStream", good[:5000], None, 33),
        ("ArrowStream", b"garbage" * 100_000, None, 117),
        ("JSONEachRow", b'{"n": 1, "text": ', None, 26),
        ("Missing", b"x", None, 73),
        ("ArrowStream", gzip.compress(good)[:-20], "gzip", 271),
        ("ArrowStream", good, "gzip", 271),
    ):
        with pytest.raises(DatabaseError) as refusal:
            client.raw_insert("t", ["n", "text"], pieces(data), fmt=name, compression=compression)
        assert refusal.value.code == code, name
    for sql in ("INSERT INTO t VALUES (5000, NULL)", "INSERT INTO t SELECT 5000, NULL"):
        with pytest.raises(DatabaseError) as refusal:
            client.command(sql)
        assert refusal.value.code == 469
    assert client.command("SELECT count() FROM t WHERE n >= 1000") == 0


async def test_reads_are_answered_while_an_insert_runs(
    client: Client, async_client: AsyncClient
) -> None:
    client.command(TABLE)
    read = asyncio.Event()

    async def rows() -> AsyncIterator[bytes]:
        yield b'{"n": 1}\n' * 100_000
        await read.wait()
        yield b'{"n": 2}\n'

    insert = asyncio.create_task(async_client.raw_insert("t", ["n"], rows(), fmt="JSONEachRow"))
    running = "SELECT count() FROM system.processes WHERE query_kind = 'Insert'"
    while await async_client.command(running) == 0:
        pass
    assert not insert.done()
    read.set()
    assert (await insert).written_rows == 100_001
    assert await async_client.command("SELECT max(n) FROM t") == 2
