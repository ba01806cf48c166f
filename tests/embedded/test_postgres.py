"""The embedded Postgres, run by a supervisor in this process."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import psycopg
import pytest
import pytest_asyncio
import structlog

from api.embedded.errors import StackError
from api.embedded.part import Part
from api.embedded.ports import choose_port
from api.embedded.postgres import PostgresFolder, buffers_mib, postgres_part
from tests.embedded.stacks import new_folder, stranger, supervised, until


class Server:
    """The server of this module's tests; a test may stop it and start it again."""

    def __init__(self, parent: Path):
        self.folder = PostgresFolder(parent / "postgres")
        self.port = choose_port("127.0.0.1", None, ())
        self.part = postgres_part(self.folder.root, self.port)
        self._running = AsyncExitStack()
        self._logs = parent

    async def start(self) -> None:
        supervisor = await self._running.enter_async_context(supervised(self.part, logs=self._logs))
        (self.keeper,) = supervisor.keepers

    async def stop(self) -> None:
        await self._running.aclose()

    @property
    def process(self) -> psutil.Process:
        assert self.keeper.child is not None
        return psutil.Process(self.keeper.child.pid)

    def connect(self, url: str = "", **changes: object) -> psycopg.Connection:
        parameters: dict[str, object] = {"connect_timeout": 5, "autocommit": True, **changes}
        return psycopg.connect(url or self.folder.url(self.port), **parameters)  # type: ignore[arg-type]


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Server]:
    with new_folder() as parent:
        made = Server(parent)
        await made.start()
        yield made
        await made.stop()


async def test_the_product_has_its_database_and_both_extensions(server: Server) -> None:
    with server.connect() as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
        assert row == ("stibnite", "stibnite")
        connection.execute("CREATE TABLE words (id int PRIMARY KEY, word text, place vector(2))")
        connection.execute("INSERT INTO words VALUES (1, 'antimony sulfide', '[1,2]')")
        connection.execute("CREATE INDEX ON words USING bm25 (id, word) WITH (key_field = 'id')")
        connection.execute("CREATE INDEX ON words USING hnsw (place vector_l2_ops)")
        found = connection.execute("SELECT id FROM words WHERE word @@@ 'antimony'").fetchall()
        assert found == [(1,)]


async def test_further_databases_of_the_role_have_the_extensions_too(server: Server) -> None:
    with server.connect() as connection:
        connection.execute("CREATE DATABASE another")
    with server.connect(dbname="another") as connection:
        names = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
    assert {"pg_search", "vector"} <= names
    with server.connect() as connection:
        connection.execute("DROP DATABASE another")


@pytest.mark.parametrize(
    ("memory_gib", "expected_mib"),
    [(0.5, 96), (1.5, 96), (4, 256), (15.5, 992), (16, 1024), (512, 1024)],
)
def test_it_keeps_pages_by_the_memory_of_the_machine(memory_gib: float, expected_mib: int) -> None:
    assert buffers_mib(int(memory_gib * 2**30)) == expected_mib


async def test_nobody_gets_in_without_the_password(server: Server) -> None:
    for user in ("stibnite", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            server.connect(user=user, password="guessed")
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            server.connect(f"postgresql://{user}@127.0.0.1:{server.port}/stibnite")


async def test_the_product_is_no_superuser(server: Server) -> None:
    with server.connect() as connection:
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")


async def test_it_listens_on_this_machine_only_and_never_runs_as_root(server: Server) -> None:
    listening = [each for each in server.process.net_connections() if each.status == "LISTEN"]
    assert [(each.laddr.ip, each.laddr.port) for each in listening] == [("127.0.0.1", server.port)]
    assert server.process.uids().effective != 0
    for path in (server.folder.cluster, server.folder.password, server.folder.superuser_password):
        assert path.stat().st_mode & 0o077 == 0, path


async def test_its_process_is_told_nothing_of_ours(server: Server) -> None:
    assert set(server.process.environ()) == {"PATH", "LC_ALL", "TZ"}


async def test_what_was_committed_survives_a_kill(server: Server) -> None:
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept (note text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    before = server.process
    before.kill()
    await until(
        lambda: server.keeper.child and server.process != before and server.keeper.healthy.is_set(),
        "a new server is healthy",
    )
    with server.connect() as connection:
        assert connection.execute("SELECT note FROM kept").fetchall() == [("committed",)]


async def test_a_full_house_is_not_ill(server: Server) -> None:
    connections: list[psycopg.Connection] = []
    try:
        with pytest.raises(psycopg.OperationalError, match="connection slots"):
            connections.extend(server.connect() for _ in range(101))
        assert await server.keeper.part.healthy()
    finally:
        for connection in connections:
            connection.close()


async def test_a_backend_that_dies_is_the_servers_own_affair(server: Server) -> None:
    before = server.process
    with server.connect() as connection:
        pid = connection.info.backend_pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    def answers() -> bool:
        with server.connect() as fresh:
            return fresh.execute("SELECT 1").fetchone() == (1,)

    await until(answers, "the server has recovered")
    assert server.process == before


async def test_a_pid_file_that_names_a_stranger_is_no_obstacle(server: Server) -> None:
    await server.stop()
    with stranger() as foreign, structlog.testing.capture_logs() as logs:
        leave_pid_file(server.folder.cluster, foreign.pid)
        await server.start()
        assert foreign.poll() is None
    events = [each["event"] for each in logs]
    assert "removing the pid file of a server that is gone" in events
    assert "failed" not in events


async def test_an_earlier_server_on_the_cluster_is_shut_down_first(server: Server) -> None:
    await server.stop()
    earlier = start_by_hand(server.part)
    await until((server.folder.cluster / "postmaster.pid").exists, "the earlier server is up")
    await server.start()
    assert await asyncio.to_thread(earlier.wait, 5) == 0, "it was not shut down in an orderly way"


def leave_pid_file(cluster: Path, pid: int) -> None:
    content = f"{pid}\n{cluster}\n1700000000\n20000\n\n127.0.0.1\n"
    (cluster / "postmaster.pid").write_text(content)


def start_by_hand(part: Part) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        part.argv,
        cwd=part.cwd,
        user=part.account.uid if part.account else None,
        group=part.account.gid if part.account else None,
        extra_groups=[] if part.account else None,
        stderr=subprocess.DEVNULL,
    )


def test_a_lost_superuser_password_is_explained(folder: Path) -> None:
    lost = PostgresFolder(folder / "postgres")
    lost.cluster.mkdir(parents=True)
    with pytest.raises(StackError, match="superuser-password is gone"):
        postgres_part(lost.root, 20_000)
