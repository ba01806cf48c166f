"""The way to ClickHouse: one client, named limits, rows as plain lists.

The server may be a cluster or the embedded one; the client is the same, over HTTP.
"""

from asyncio import Lock, timeout
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Self

import aiohttp
import clickhouse_connect
import orjson
import structlog
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError, Error

from api.deadline import store_seconds
from api.errors import DomainError, ErrorCode

CONNECT_TIMEOUT_S = 2
# To open a client is a few small queries.
_OPEN_TIMEOUT_S = CONNECT_TIMEOUT_S * 5
# The server stops a query at its limit and says so; one that cannot even do that is left alone.
_GRACE_S = 2
# Sixteen pages at once keep two cores busy many times over; what is more waits here, not there.
_CONNECTIONS_MAX = 64
_MIB = 1024 * 1024

# What a working server answers that has too much to do, is stopping, or is not set up yet. Any
# other code is a fault of ours.
_TRANSIENT_CODES = frozenset(
    {
        60,  # UNKNOWN_TABLE: not migrated yet
        81,  # UNKNOWN_DATABASE: the same
        159,  # TIMEOUT_EXCEEDED
        160,  # TOO_SLOW
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        236,  # ABORTED
        241,  # MEMORY_LIMIT_EXCEEDED
        243,  # NOT_ENOUGH_SPACE
        252,  # TOO_MANY_PARTS
        394,  # QUERY_WAS_CANCELLED
        516,  # AUTHENTICATION_FAILED
    }
)

_log = structlog.get_logger("clickhouse")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a query may take, and ClickHouse's settings for it."""

    seconds_max: int
    settings: Mapping[str, int | str]


def _limits(seconds_max: int, **settings: int | str) -> Limits:
    return Limits(seconds_max, MappingProxyType({"max_execution_time": seconds_max, **settings}))


class Profile(Enum):
    """Limits of one kind of query. Every query has one."""

    # A request has about ten seconds; what is not found in five is asked too broadly. A page of
    # people needs 20 to 50 MiB: half a GiB is a query gone wrong. One thread a query: pages are
    # read in order and stop early, and a second thread would be taken from another request.
    # A query whose caller has gone is stopped.
    INTERACTIVE = _limits(
        5,
        max_memory_usage=512 * _MIB,
        max_threads=1,
        cancel_http_readonly_queries_on_client_close=1,
        readonly=2,
    )
    # Statements of a load: one batch, or one look over a whole column (seconds at a hundred million
    # rows). What groups or joins goes to disk rather than past the memory of a laptop.
    LOAD = _limits(
        600,
        max_memory_usage=768 * _MIB,
        max_bytes_before_external_group_by=256 * _MIB,
        max_bytes_before_external_sort=256 * _MIB,
        join_algorithm="grace_hash",
        # Merging equal ids while inserting costs three times the insert itself, and every reader of
        # these tables says FINAL anyway.
        optimize_on_insert=0,
        # A batch is one part, whatever the server's own block size is.
        max_insert_threads=1,
        min_insert_block_size_rows=2_000_000,
        min_insert_block_size_bytes=0,
    )
    # One slice of a serving table (api/load/publish.py): read, joined, and written as one sorted
    # part. The companies of a slice fit into memory; two slices run at a time, so one thread each.
    SLICE = _limits(
        3_600,
        max_memory_usage=1_024 * _MIB,
        max_threads=1,
        max_insert_threads=1,
        min_insert_block_size_rows=2_000_000,
        min_insert_block_size_bytes=0,
        join_algorithm="hash",
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, and the seconds that the engine itself took."""

    rows: list[list[Any]]
    engine_s: float


class ClickHouse:
    """A client with named limits, used by one event loop. Failing to answer is ``unavailable``.

    It is opened at the first use, for a url such as ``http://user:password@host:8123/database``, so
    that a process can start, and do what needs no ClickHouse, while the server is down.
    """

    def __init__(self, url: str):
        self._url = url
        self._opened: AsyncClient | None = None
        self._opening = Lock()

    @classmethod
    async def connect(cls, url: str) -> Self:
        """Opens the client at once.

        Raises ``unavailable`` when the server does not answer.
        """
        clickhouse = cls(url)
        async with _failures(_OPEN_TIMEOUT_S):
            await clickhouse._client()
        return clickhouse

    async def close(self) -> None:
        """Closes every connection."""
        if self._opened is not None:
            await self._opened.close()

    async def ping(self) -> None:
        """Returns when the server answers; raises ``unavailable`` when it does not."""
        async with _failures(_OPEN_TIMEOUT_S):
            answers = await (await self._client()).ping()
        if not answers:
            raise _unavailable()

    async def _client(self) -> AsyncClient:
        if self._opened is None:
            async with self._opening:
                self._opened = self._opened or await open_client(self._url)
        return self._opened

    async def fetch(self, sql: str, values: Mapping[str, Any], profile: Profile) -> list[list[Any]]:
        """The rows of a query; ``values`` fill its ``{name:Type}`` parameters."""
        return (await self.answer(sql, values, profile)).rows

    async def answer(self, sql: str, values: Mapping[str, Any], profile: Profile) -> Answer:
        """The rows of a query, with the time that the engine took for it.

        As JSON: parsing the Native format in Python takes twice the client's time for a page, and
        the engine writes both equally fast.
        """
        seconds, settings = _left_of(profile)
        async with _failures(seconds):
            body = await (await self._client()).raw_query(
                sql,
                parameters=dict(values),
                settings={**settings, "output_format_json_quote_64bit_integers": 0},
                fmt="JSONCompact",
            )
            content = orjson.loads(body)
        return Answer(content["data"], content["statistics"]["elapsed"])

    async def execute(
        self, sql: str, profile: Profile, values: Mapping[str, Any] | None = None
    ) -> None:
        """Runs a statement that answers nothing."""
        seconds, settings = _left_of(profile)
        async with _failures(seconds):
            await (await self._client()).command(
                sql, parameters=dict(values or {}), settings=settings
            )

    async def insert_arrow(
        self, table: str, columns: Sequence[str], stream: AsyncIterable[bytes], profile: Profile
    ) -> None:
        """Adds the rows of an Arrow stream, as it comes. Some may stay behind when this fails.

        The client cannot send a stream again, so no row is ever added twice.
        """
        async with _failures(profile.value.seconds_max):
            await (await self._client()).raw_insert(
                table, columns, stream, settings=dict(profile.value.settings), fmt="ArrowStream"
            )


def _left_of(profile: Profile) -> tuple[float, dict[str, int | str]]:
    """The seconds that a query may take, and the settings that say so to the server.

    Raises ``unavailable`` where the request has no time left.
    """
    limits = profile.value
    seconds = store_seconds(limits.seconds_max)
    if seconds == limits.seconds_max:
        return seconds, dict(limits.settings)
    # The server counts in whole seconds; what is less is counted here.
    return seconds, {**limits.settings, "max_execution_time": max(1, int(seconds))}


async def open_client(url: str) -> AsyncClient:
    """The library's client with the options that all of our connections share."""
    return await clickhouse_connect.get_async_client(
        dsn=url,
        connect_timeout=CONNECT_TIMEOUT_S,
        # Each call has its own limit; this one is for a server that vanished without a word.
        send_receive_timeout=max(profile.value.seconds_max for profile in Profile) + _GRACE_S,
        # Rows travel over loopback or a fast network: compressing costs more than it saves.
        compress=False,
        # A session would allow one query at a time, an id of our own is not looked at by anybody.
        autogenerate_session_id=False,
        autogenerate_query_id=False,
        query_retries=1,
        connector_limit=_CONNECTIONS_MAX,
        connector_limit_per_host=_CONNECTIONS_MAX,
    )


@asynccontextmanager
async def _failures(seconds_max: float) -> AsyncIterator[None]:
    """Every way in which the server fails to answer, as ``unavailable``.

    Code and name are logged, the text is not: it may quote a row.
    """
    try:
        async with timeout(seconds_max + _GRACE_S):
            yield
    except (
        ClickHouseError,
        aiohttp.ClientError,
        TimeoutError,
        OSError,
        orjson.JSONDecodeError,
    ) as error:
        code = error.code if isinstance(error, Error) else None
        name = error.name if isinstance(error, Error) else None
        log = _log.warning if code is None or code in _TRANSIENT_CODES else _log.error
        log("clickhouse failed", code=code, name=name, kind=type(error).__name__)
        raise _unavailable() from error


def _unavailable() -> DomainError:
    return DomainError(
        ErrorCode.UNAVAILABLE,
        "The search engine cannot answer right now. Try again shortly, or ask less broadly.",
    )
