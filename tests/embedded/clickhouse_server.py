"""An embedded ClickHouse for tests: the process, its clients, and fixtures to take over by name."""

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import clickhouse_connect
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.client import Client

ROOT = Path(__file__).parents[2]
START_SECONDS_MAX = 60


class Server:
    """One process on a folder and a free port; its stderr goes to ``<folder>.log``."""

    def __init__(self, folder: Path, *options: str, port: int | None = None):
        self.port = port or free_port()
        self.log = folder.with_suffix(".log")
        command = [sys.executable, "-m", "api.embedded.clickhouse", "--path", str(folder)]
        self._command = [*command, "--port", str(self.port), *options]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(self._command, cwd=ROOT, stderr=log)

    def start_again(self) -> "Server":
        """Start anew on the same folder and port, and wait until it answers."""
        assert self.process.poll() is not None
        self.process = self._start()
        return self.started()

    def started(self) -> "Server":
        """Wait until the process answers."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/ping")
                assert connection.getresponse().read() == b"Ok.\n"
            except ConnectionRefusedError:
                time.sleep(0.02)
            else:
                return self
            finally:
                connection.close()
        self.process.kill()
        raise AssertionError(f"not started: {self.log.read_text()}")

    def client(self, **options: Any) -> Client:
        """A new synchronous client."""
        return clickhouse_connect.get_client(host="127.0.0.1", port=self.port, **options)

    async def async_client(self, **options: Any) -> AsyncClient:
        """A new asynchronous client."""
        return await clickhouse_connect.get_async_client(
            host="127.0.0.1", port=self.port, autogenerate_session_id=False, **options
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def ask(
    server: Server,
    sql: bytes = b"",
    method: str = "POST",
    headers: dict[str, str] | None = None,
    **parameters: Any,
) -> tuple[int, dict[str, str], bytes]:
    """One request without a client library: status, headers with lower-case names, body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, f"/?{urlencode(parameters)}", sql or None, headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One process for this file, with a database ``s``."""
    server = Server(tmp_path_factory.mktemp("clickhouse") / "data").started()
    with server.client() as client:
        client.command("CREATE DATABASE s")
    yield server
    assert server.end() == 0


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """A synchronous client in an empty database."""
    with server.client(database="s") as client:
        yield client
        tables = client.query("SELECT name FROM system.tables WHERE database = 's'").result_rows
        for (name,) in tables:
            client.command(f"DROP TABLE s.{name} SYNC")


@pytest.fixture
async def async_client(server: Server, client: Client) -> AsyncIterator[AsyncClient]:
    """An asynchronous client in the same database."""
    connected = await server.async_client(database="s", query_retries=0)
    yield connected
    await connected.close()
