"""The embedded Redis, run by a supervisor in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, OutOfMemoryError
from redis.retry import Retry

from api.embedded.ports import choose_port
from api.embedded.redis import RedisFolder, redis_part
from api.embedded.supervisor import Supervisor
from tests.embedded.stacks import aof_synced, new_folder, supervised, until


class Server:
    def __init__(self, folder: RedisFolder, port: int, supervisor: Supervisor):
        self.folder = folder
        self.port = port
        (self.keeper,) = supervisor.keepers

    @property
    def process(self) -> psutil.Process:
        assert self.keeper.child is not None
        return psutil.Process(self.keeper.child.pid)

    def connect(self) -> Redis:
        return Redis.from_url(self.folder.url(self.port))


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Server]:
    # A folder whose name has to be quoted in the configuration.
    with new_folder() as parent:
        root = parent / 'a "quoted" name'
        port = choose_port("127.0.0.1", None, ())
        async with supervised(redis_part(root, port), logs=parent) as supervisor:
            yield Server(RedisFolder(root), port, supervisor)


async def test_nobody_gets_in_without_the_password(server: Server) -> None:
    for password in (None, "guessed"):
        with (
            Redis(port=server.port, password=password, retry=Retry(NoBackoff(), 0)) as guest,
            pytest.raises(AuthenticationError),
        ):
            guest.ping()
    password = server.folder.password.read_text().strip()
    assert password not in " ".join(server.process.cmdline())
    for path in (server.folder.password, server.folder.configuration):
        assert path.stat().st_mode & 0o077 == 0, path


async def test_it_listens_on_this_machine_only(server: Server) -> None:
    listening = [each for each in server.process.net_connections() if each.status == "LISTEN"]
    assert [(each.laddr.ip, each.laddr.port) for each in listening] == [("127.0.0.1", server.port)]


async def test_it_refuses_writes_rather_than_forget(server: Server) -> None:
    with server.connect() as redis:
        redis.set("kept", "yes")
        limit = redis.config_get("maxmemory")["maxmemory"]
        try:
            redis.config_set("maxmemory", 1)
            with pytest.raises(OutOfMemoryError):
                redis.set("more", "x")
            assert redis.get("kept") == b"yes"
        finally:
            redis.config_set("maxmemory", limit)


async def test_what_was_synced_survives_a_kill(server: Server) -> None:
    with server.connect() as redis:
        redis.set("durable", "yes")
        await until(lambda: aof_synced(redis), "the append-only file is on disk")
    before = server.process
    before.kill()
    await until(
        lambda: server.keeper.child and server.process != before and server.keeper.healthy.is_set(),
        "a new server is healthy",
    )
    with server.connect() as redis:
        assert redis.get("durable") == b"yes"


async def test_half_a_command_at_the_end_of_its_file_does_not_stop_it(folder: Path) -> None:
    kept = RedisFolder(folder / "redis")
    part = redis_part(kept.root, choose_port("127.0.0.1", None, ()))
    assert part.port is not None
    async with supervised(part, logs=folder):
        with Redis.from_url(kept.url(part.port)) as redis:
            redis.set("whole", "yes")
    tear(kept.root / "appendonly.aof")
    async with supervised(part, logs=folder):
        with Redis.from_url(kept.url(part.port)) as redis:
            assert redis.get("whole") == b"yes"
            assert redis.dbsize() == 1


def tear(file: Path) -> None:
    with file.open("ab") as end:
        end.write(b"*3\r\n$3\r\nSET\r\n$4\r\nha")
