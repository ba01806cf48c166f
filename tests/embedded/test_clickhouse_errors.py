"""The embedded ClickHouse refuses, fails and stops as a server does."""

import socket
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import (
    DatabaseError,
    OperationalError,
    StreamFailureError,
)

from tests.embedded import clickhouse_server
from tests.embedded.clickhouse_server import Server, ask

server = clickhouse_server.server
client = clickhouse_server.client
async_client = clickhouse_server.async_client


@pytest.mark.parametrize(
    ("sql", "parameters", "code", "status"),
    [
        ("SELECT", {}, 62, 400),
        ("nonsense", {}, 62, 400),
        ("SELECT 1; SELECT 2", {}, 62, 400),
        ("SELECT * FROM s.missing", {}, 60, 404),
        ("SELECT * FROM missing.t", {}, 81, 404),
        ("SELECT missing FROM numbers(1)", {}, 47, 404),
        ("SELECT missing(1)", {}, 46, 404),
        ("SELECT 1", {"database": "missing"}, 81, 404),
        ("SELECT 1", {"database": "`; DROP DATABASE s"}, 81, 404),
        ("SELECT 1", {"no_such_setting": 1}, 115, 404),
        ("SELECT 1", {"max_threads = 1, readonly": 1}, 115, 404),
        ("SELECT 1 FORMAT Missing", {}, 73, 404),
        ("SELECT {x:UInt8}", {}, 456, 400),
        ("SELECT {x:UInt8}", {"param_x": "many"}, 457, 400),
        ("SELECT throwIf(1)", {}, 395, 500),
        ("SELECT throwIf(number = 500) FROM numbers(1000)", {"wait_end_of_query": 1}, 395, 500),
        ("CREATE DATABASE s", {}, 82, 500),
        ("INSERT INTO s.missing FORMAT JSONEachRow {}", {}, 60, 404),
        ("SELECT * FROM file('/etc/hostname', 'LineAsString')", {}, 497, 403),
        ("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", {}, 497, 403),
        ("SELECT * FROM remote('127.0.0.1', system.one)", {}, 497, 403),
        ("CREATE TABLE s.f (a String) ENGINE = File(CSV, '/etc/hostname')", {}, 497, 403),
        ("CREATE DATABASE f ENGINE = Filesystem('/etc')", {}, 497, 403),
        ("SELECT * FROM Python(sys)", {}, 446, 500),
        ("SYSTEM SHUTDOWN", {}, 497, 403),
        ("SELECT 1 INTO OUTFILE 'x'", {}, 344, 500),
        ("INSERT INTO s.missing FROM/**/INFILE '/etc/hostname' FORMAT CSV", {}, 344, 500),
    ],
)
def test_an_error_has_its_code_and_status(
    server: Server, sql: str, parameters: dict[str, Any], code: int, status: int
) -> None:
    got, headers, body = ask(server, sql.encode(), **parameters)
    assert (got, headers["x-clickhouse-exception-code"]) == (status, str(code))
    assert body.startswith(b"Code: %d. DB::Exception: " % code)


def test_a_faulty_text_changes_nothing(client: Client) -> None:
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    for text in ("DROP TABLE t; garbage", "DROP TABLE t; SELECT 1", "SELECT 1; DROP TABLE t"):
        with pytest.raises(DatabaseError):
            client.command(text)
    assert client.command("EXISTS TABLE t") == 1


def test_unreadable_requests(server: Server) -> None:
    assert ask(server, b"SELECT '\xff'")[0] == 400
    assert ask(server, b"SELECT 1", headers={"Content-Encoding": "br"})[0] == 415
    assert ask(server, b"not gzip", headers={"Content-Encoding": "gzip"})[0] == 500
    assert ask(server, b"x", headers={"Content-Type": "multipart/form-data"})[0] == 400
    assert ask(server, b"", "PUT")[0] == 405
    assert ask(server, b"SELECT 1 /*" + b"x" * 17_000_000 + b"*/")[0] == 413


def test_a_get_request_reads_only(server: Server) -> None:
    assert ask(server, method="GET", query="SELECT 1")[2] == b"1\n"
    assert ask(server, method="GET", query="CREATE DATABASE by_link")[1][
        "x-clickhouse-exception-code"
    ] == str(164)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.org"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "example.org:8123"},
    ],
)
def test_a_request_from_a_web_page_is_refused(server: Server, headers: dict[str, str]) -> None:
    assert ask(server, b"SELECT 1", headers=headers)[0] == 403
    assert ask(server, b"SELECT 1", headers={"Host": f"localhost:{server.port}"})[0] == 200


def test_a_result_that_fails_on_the_way_is_an_error(client: Client) -> None:
    sql = "SELECT number, throwIf(number = 2500000) FROM numbers(3000000)"
    seen: list[int] = []

    def read() -> None:
        with client.query_row_block_stream(sql) as stream:
            seen.extend(len(block) for block in stream)

    with pytest.raises(StreamFailureError, match="FUNCTION_THROW_IF"):
        read()
    assert 0 < sum(seen) < 3_000_000


def test_a_large_result_that_fails_late_is_not_taken_for_whole(client: Client) -> None:
    sql = "SELECT repeat('x', 200), throwIf(number = 1100000) FROM numbers(1200000) FORMAT Native"
    with pytest.raises(OperationalError):
        client.raw_query(sql, settings={"wait_end_of_query": 1, "max_threads": 1})


# --- clients that go away


def open_request(server: Server, head: str, body: bytes) -> socket.socket:
    """Send the start of a request and leave the connection open."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(f"POST {head} HTTP/1.1\r\nHost: localhost\r\n".encode() + body)
    return connection


@pytest.mark.parametrize("wait", ["0", "1"])
def test_a_query_stops_when_its_client_goes(server: Server, client: Client, wait: str) -> None:
    sql = b"SELECT sum(number) FROM system.numbers"
    running = "SELECT count() FROM system.processes WHERE query LIKE '% system.numbers'"
    connection = open_request(
        server, f"/?wait_end_of_query={wait}", b"Content-Length: %d\r\n\r\n%b" % (len(sql), sql)
    )
    while client.command(running) == 0:
        pass
    connection.close()
    while client.command(running) == 1:
        pass


def test_an_insert_ends_without_its_last_rows_when_its_client_goes(
    server: Server, client: Client
) -> None:
    client.command("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    chunk = b'{"n": 1}\n' * 1000
    sent = b"INSERT INTO s.t FORMAT JSONEachRow\n" + chunk
    connection = open_request(
        server, "/", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(sent), sent)
    )
    running = "SELECT count() FROM system.processes WHERE query_kind = 'Insert'"
    while client.command(running) == 0:
        pass
    connection.close()
    while client.command(running) == 1:
        pass
    assert client.command("SELECT count() FROM t") == 0
