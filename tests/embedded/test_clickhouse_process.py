"""The embedded ClickHouse as a process: starting, being killed, ending, having too much to do."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.embedded.clickhouse_server import ROOT, Server, free_port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose name needs care in a connection string."""
    return tmp_path / "data ?&=%41+"


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """Servers put in here are gone after the test."""
    started: list[Server] = []
    yield started
    for server in started:
        server.process.kill()
        server.process.wait()


def test_what_was_acknowledged_survives_a_kill(folder: Path, servers: list[Server]) -> None:
    server = Server(folder)
    servers.append(server.started())
    with server.client() as client:
        client.command("CREATE DATABASE s ENGINE = Atomic")
        client.command("CREATE TABLE s.t (n UInt64) ENGINE = MergeTree ORDER BY n")
    acknowledged: list[int] = []
    several = threading.Event()

    def insert_until_killed() -> None:
        with server.client() as client:
            for start in range(0, 10**9, 1000):
                try:
                    client.insert("s.t", [[n] for n in range(start, start + 1000)], ["n"])
                except Exception:
                    return
                acknowledged.append(start)
                if len(acknowledged) == 5:
                    several.set()

    inserter = threading.Thread(target=insert_until_killed)
    inserter.start()
    assert several.wait(30)
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    inserter.join(30)

    servers.append(Server(folder, port=server.port).started())
    with server.client() as client:
        rows = client.query("SELECT intDiv(n, 1000) * 1000, uniqExact(n) FROM s.t GROUP BY 1")
        counts = {int(start): int(count) for start, count in rows.result_rows}
        client.insert("s.t", [[0]], ["n"])
    assert len(acknowledged) >= 5
    assert {start: counts.get(start) for start in acknowledged} == dict.fromkeys(acknowledged, 1000)


def test_a_second_process_on_the_folder_is_refused(folder: Path, servers: list[Server]) -> None:
    servers.append(Server(folder).started())
    refused = subprocess.run(
        [
            *(sys.executable, "-m", "api.embedded.clickhouse"),
            *("--path", str(folder), "--port", str(free_port())),
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        f"clickhouse: {folder} is in use by another process (PID: {servers[0].process.pid})"
    ]


def test_a_taken_port_is_refused(folder: Path, servers: list[Server]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server = Server(folder, port=other.getsockname()[1])
        servers.append(server)
        assert server.process.wait(30) == 1
    assert server.log.read_text() == (
        f"clickhouse: cannot listen on 127.0.0.1:{server.port}: Address already in use\n"
    )
    assert not folder.exists()


async def test_the_end_waits_for_a_running_request_and_stops_a_long_one(
    folder: Path, servers: list[Server]
) -> None:
    server = Server(folder, "--grace-seconds", "2")
    servers.append(server.started())
    # A read refused with status 503 would be tried again.
    client = await server.async_client(query_retries=0)
    short = asyncio.create_task(client.query("SELECT sum(sleepEachRow(0.1)) FROM numbers(10)"))
    long = asyncio.create_task(client.query("SELECT sum(cityHash64(number)) FROM numbers(1e12)"))
    while (await client.query("SELECT 1 FROM system.processes")).row_count < 3:
        pass
    server.process.send_signal(signal.SIGTERM)
    assert (await short).result_rows == [(0,)]
    with pytest.raises(DatabaseError, match="shutting down") as refusal:
        await long
    assert refusal.value.code == 236
    assert await asyncio.to_thread(server.process.wait, 30) == 0
    await client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_process_ends_cleanly(
    folder: Path, servers: list[Server], number: signal.Signals
) -> None:
    server = Server(folder)
    servers.append(server.started())
    with server.client() as client:
        assert client.command("SELECT 1") == 1
        assert server.end(number) == 0
    assert server.log.read_text() == ""


async def test_more_than_the_queue_holds_is_refused(folder: Path, servers: list[Server]) -> None:
    server = Server(folder, "--readers", "1", "--queue", "2")
    servers.append(server.started())
    client = await server.async_client(query_retries=0)
    answers = await asyncio.gather(
        *(client.query("SELECT sleep(0.3), {n:UInt8}", {"n": n}) for n in range(6)),
        return_exceptions=True,
    )
    rows = [answer.result_rows for answer in answers if not isinstance(answer, BaseException)]
    refusals = [answer for answer in answers if isinstance(answer, DatabaseError)]
    assert len(rows) == 3
    assert [refusal.code for refusal in refusals] == [202] * 3
    assert await client.command("SELECT 1") == 1
    await client.close()
