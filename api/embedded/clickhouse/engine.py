"""chDB itself: one engine on one folder, used through sessions. Everything here blocks.

A session is one chDB connection with a fixed database and fixed settings. chDB keeps bound
parameters, ``SET`` and ``USE`` on the connection, so a session belongs to one request at a time;
sessions of different requests run in parallel, without the interpreter lock. Opening one costs
about 0.7 ms, so the pool keeps them by their key.
"""

import fcntl
import itertools
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chdb.state.sqlitelike import Connection, StreamingResult

from api.embedded.clickhouse.configuration import CONFIGURATION_FILE, write_configuration
from api.embedded.clickhouse.errors import UNKNOWN_SETTING, QueryError, engine_error, query_error
from api.embedded.clickhouse.statement import Admission

# Rows and results are handed on in pieces of about this size: small enough to hold many of them,
# large enough that the change of threads does not count.
PIECE_BYTES = 1024 * 1024

_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class FolderInUseError(Exception):
    """Another process holds the data folder."""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What a session is opened for: the current database and the settings, sorted by name."""

    database: str
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a query did. ``elapsed_ns`` is the time inside the engine, without HTTP and waiting."""

    elapsed_ns: int
    read_rows: int = 0
    read_bytes: int = 0
    result_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0


class Output:
    """A complete result, held once, in the engine's memory."""

    def __init__(self, result: Any):
        self._result = result
        self.size: int = result.size()
        self.statistics = _statistics(result)

    def pieces(self) -> Iterator[bytes]:
        """The result in copies of at most 1 MiB."""
        if self.size <= PIECE_BYTES:
            yield self._result.bytes()
            return
        # The view does not keep the memory alive; this object does.
        view = self._result.get_memview().view()
        for start in range(0, self.size, PIECE_BYTES):
            yield bytes(view[start : start + PIECE_BYTES])


class Session:
    """One chDB connection; used by one thread at a time.

    ``reusable`` turns false once a statement may have left something behind in it.
    """

    def __init__(self, name: str, key: SessionKey, admission: Admission):
        self.name = name
        self.key = key
        self.reusable = True
        self._admission = admission
        self._connection: Connection | None = None

    def _open(self) -> Connection:
        if self._connection is None:
            with self.engine_errors():
                self._connection = _connect()
                for statement in _preparation(self.name, self.key):
                    self._connection.query(statement, "Null")
        return self._connection

    @contextmanager
    def engine_errors(self) -> Iterator[None]:
        """Turn what the engine raises into :class:`QueryError`.

        The session is spent then: chDB puts the output of a query that failed half-way in front of
        the next one's.
        """
        try:
            yield
        except Exception as error:
            self.reusable = False
            if isinstance(error, QueryError):
                raise
            raise engine_error(error) from error

    def query(self, sql: str, output_format: str, parameters: Mapping[str, str]) -> Output:
        """Run one statement and return its whole result; raises :class:`QueryError`."""
        connection = self._open()
        self._admit(connection, sql)
        with self.engine_errors():
            return Output(connection.query(sql, output_format, params=dict(parameters)))

    def stream(self, sql: str, output_format: str, parameters: Mapping[str, str]) -> "OutputStream":
        """Start a SELECT in a format whose blocks can be joined; raises :class:`QueryError`."""
        connection = self._open()
        self._admit(connection, sql)
        started_ns = time.perf_counter_ns()
        with self.engine_errors():
            blocks = connection.send_query(sql, output_format, params=dict(parameters))
        return OutputStream(self, blocks, started_ns)

    def insert(self, target: str, source: int, clauses: str) -> Statistics:
        """Run ``INSERT INTO table (columns)`` on the rows that come out of a pipe, until its end.

        ``source`` is the pipe's reading end, closed here in every case; ``clauses`` are the
        statement's SETTINGS and FORMAT. Returns when all rows are in parts on disk. chDB's own
        ``send_insert`` is not used: it reports success when a part cannot be written, when the
        query runs out of time and when it is stopped.
        """
        try:
            connection = self._open()
            sql = f"{target} FROM INFILE '/dev/fd/{source}' {clauses}"
            with self.engine_errors():
                return _statistics(connection.query(sql, "Null"))
        finally:
            os.close(source)

    def _admit(self, connection: Connection, sql: str) -> None:
        verdict = self._admission.verdict(sql, connection)
        if verdict.refusal is not None:
            raise query_error(*verdict.refusal)
        if verdict.changes_session:
            self.reusable = False
        if not verdict.parses:
            # The engine would still run the statements before the faulty one. Its message is what
            # we want, so let it, but change nothing.
            with self.engine_errors():
                connection.query("SET readonly = 1", "Null")

    def close(self) -> None:
        """Close the connection, ending what still runs in it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class OutputStream:
    """A result that is fetched block by block, so that the engine holds a few blocks at a time.

    Until ``finished``, the session can do nothing else.
    """

    def __init__(self, session: Session, blocks: StreamingResult, started_ns: int):
        """``started_ns`` is the ``perf_counter_ns`` at which the engine got the query."""
        self._session = session
        self._blocks = blocks
        self._started_ns = started_ns
        self._rows = [0, 0, 0]
        self.finished = False

    def pieces(self, enough_bytes: int) -> list[bytes]:
        """The next blocks, ``enough_bytes`` of them or more; sets ``finished`` with the last."""
        pieces: list[bytes] = []
        size = 0
        with self._session.engine_errors():
            while size < enough_bytes:
                block = self._blocks.fetch()  # type: ignore[no-untyped-call]
                if block is None:
                    self.finished = True
                    break
                pieces.append(block.bytes())
                size += len(pieces[-1])
                self._rows[0] += block.storage_rows_read()
                self._rows[1] += block.storage_bytes_read()
                self._rows[2] += block.rows_read()
        return pieces

    @property
    def statistics(self) -> Statistics:
        """What was done so far."""
        return Statistics(time.perf_counter_ns() - self._started_ns, *self._rows)


class Engine:
    """The engine of this process, open on ``folder``, which becomes the working directory.

    Raises :class:`FolderInUseError`, or the engine's exception when the folder cannot be read.
    """

    def __init__(self, folder: Path, memory_mib: int):
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_if_locked(folder)
        write_configuration(folder, memory_mib)
        # chDB takes its path and configuration from a connection string that has no quoting.
        os.chdir(folder)
        self._names = itertools.count(1)
        self._admission = Admission()
        self._control = _connect()
        self._control_lock = threading.Lock()
        self.timezone: str = (
            self._control.query("SELECT timezone()", "TSVRaw").bytes().decode().strip()
        )

    def session(self, key: SessionKey) -> Session:
        """A new session, opened by its first use."""
        return Session(f"session-{next(self._names)}", key, self._admission)

    def stop(self, session: Session) -> None:
        """Ask the engine to stop what runs in ``session``, if anything does."""
        with self._control_lock:
            self._control.query(
                "KILL QUERY WHERE Settings['log_comment'] = {name:String} ASYNC",
                "Null",
                params={"name": session.name},
            )

    def close(self) -> None:
        """Close the engine; all sessions must have been closed."""
        self._control.close()


def _connect() -> Connection:
    return Connection(f".?config-file={CONFIGURATION_FILE}")


def _refuse_if_locked(folder: Path) -> None:
    """The engine's own message would be two lines on stderr, one of them empty of content."""
    status = folder / "status"
    if not status.exists():
        return
    with status.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.readline().strip() or "PID unknown"
            raise FolderInUseError(f"{folder} is in use by another process ({holder})") from None


def _preparation(name: str, key: SessionKey) -> Iterator[str]:
    """The statements that make a fresh connection the session of ``key``."""
    if key.database:
        yield "USE `" + key.database.replace("\\", "\\\\").replace("`", "\\`") + "`"
    # log_comment is how a running query is found again; nothing else reads it here.
    settings = {**dict(key.settings), "log_comment": name}
    # The last one, since it may forbid to change the others.
    readonly = settings.pop("readonly", None)
    for setting in settings:
        if not _SETTING_NAME.match(setting):
            raise query_error(UNKNOWN_SETTING, "UNKNOWN_SETTING", "Unknown setting")
    yield "SET " + ", ".join(f"{setting} = {_quoted(value)}" for setting, value in settings.items())
    if readonly is not None:
        yield f"SET readonly = {_quoted(readonly)}"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _statistics(result: Any) -> Statistics:
    return Statistics(
        elapsed_ns=int(result.elapsed() * 1e9),
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        result_rows=result.rows_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
    )
