"""The way to Postgres: a small pool, single statements in autocommit, transactions where needed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from api.deadline import store_seconds
from api.errors import DomainError, ErrorCode

# A request has about ten seconds; a statement gets half of it, and so does waiting for a free
# connection: two hundred requests at once take turns for that long on a small machine. A caller is
# answered "try again" rather than left hanging.
STATEMENT_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_S = 2
POOL_WAIT_S = 5
POOL_SIZE = 10

_OPTIONS = {
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "timezone": "UTC",
    # Requests are short and many: helpers of one statement cost more to start than they save (a
    # BM25 page takes a fifth of the time without), and so does compiling it.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}
_SHORTER = text("select set_config('statement_timeout', :ms, true)")
_SEARCH_OPTIONS = {
    **_OPTIONS,
    # A plan that is kept for any values takes six times as long for a page of words, since it
    # cannot know that no more rows are wanted, and serves wide filters and narrow ones alike.
    "plan_cache_mode": "force_custom_plan",
    # The walk through the vector index: how wide it is, and that it goes on in order past rows that
    # fail a condition, up to so many.
    "hnsw.ef_search": "200",
    "hnsw.iterative_scan": "strict_order",
    "hnsw.max_scan_tuples": "50000",
}


class Postgres:
    """An engine with named, bounded ways to use it.

    Every failure to reach the server is ``unavailable``, without internal text.
    """

    def __init__(self, url: str):
        self._engine = _engine(url, _OPTIONS, overflow=POOL_SIZE)
        self._transactions = _in_transactions(self._engine)
        # Connections of their own, so that long searches never keep a key from being looked up;
        # made when the first search is.
        self._searching = _engine(url, _SEARCH_OPTIONS, overflow=0)

    async def close(self) -> None:
        """Closes every connection."""
        await self._engine.dispose()
        await self._searching.dispose()

    async def fetch(self, statement: Executable, values: Any = None) -> Sequence[Row[Any]]:
        """The rows of one statement that may be run twice: a read, or an insert that ignores what
        is there already.

        It is run again once when the connection turns out to be dead, as all pooled ones are after
        a restart of the server.
        """
        return await _fetch(self._engine, statement, values)

    async def search(self, statement: Executable) -> Sequence[Row[Any]]:
        """As ``fetch``, for reads whose best plan depends on the values: it is made each time."""
        return await _fetch(self._searching, statement, None)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back when the block raises."""
        try:
            async with _transaction(self._transactions) as connection:
                yield connection
        except DBAPIError as error:
            raise unavailable_or(error) from error
        except PoolTimeoutError as error:
            raise _unavailable() from error

    @asynccontextmanager
    async def exclusive(self, what: str) -> AsyncIterator[None]:
        """Holds the name ``what`` for one process on any machine, until the block ends.

        The server lets go when the holder dies. Raises ``conflict`` when somebody else holds it.
        """
        # A connection of its own, which is closed and not pooled: the lock ends with it.
        async with self._engine.connect() as connection:
            taken = await connection.scalar(
                text("select pg_try_advisory_lock(hashtext('stibnite'), hashtext(:what))"),
                {"what": what},
            )
            if not taken:
                raise DomainError(
                    ErrorCode.CONFLICT, f"Another process does this already ({what}). Wait for it."
                )
            try:
                yield
            finally:
                await connection.invalidate()


def _engine(url: str, options: Mapping[str, str], *, overflow: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=overflow,
        pool_timeout=POOL_WAIT_S,
        # Single statements run in autocommit and transactions end before their connection goes
        # back, so the pool's own ROLLBACK would be one round trip per request for nothing.
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        },
    )


async def _fetch(engine: AsyncEngine, statement: Executable, values: Any) -> Sequence[Row[Any]]:
    for attempt in (1, 2):
        try:
            async with _in_time(engine) as connection:
                result = await connection.execute(statement, values)
                return result.all() if result.returns_rows else ()
        except DBAPIError as error:
            if not error.connection_invalidated or attempt == 2:
                raise unavailable_or(error) from error
        except PoolTimeoutError as error:
            raise _unavailable() from error
    raise AssertionError("unreachable: the second attempt returns or raises")


@asynccontextmanager
async def _in_time(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection for a statement, which has its usual time; where a request has less left, a
    transaction that says how much."""
    if _left_ms() < STATEMENT_TIMEOUT_MS:
        async with _transaction(_in_transactions(engine)) as connection:
            yield connection
        return
    async with engine.connect() as connection:
        yield connection


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction whose statements end with the request."""
    left_ms = _left_ms()
    async with engine.begin() as connection:
        if left_ms < STATEMENT_TIMEOUT_MS:
            await connection.execute(_SHORTER, {"ms": str(left_ms)})
        yield connection


def _in_transactions(engine: AsyncEngine) -> AsyncEngine:
    return engine.execution_options(isolation_level="READ COMMITTED")


def _left_ms() -> int:
    """Milliseconds that a statement may take; raises ``unavailable`` where none are left."""
    return max(1, int(store_seconds(STATEMENT_TIMEOUT_MS / 1000) * 1000))


def _unavailable() -> DomainError:
    return DomainError(
        ErrorCode.UNAVAILABLE, "The account store cannot be reached right now. Try again shortly."
    )


def unavailable_or(error: DBAPIError) -> Exception:
    """``unavailable`` for a lost, refused or timed-out connection, and for a deadlock, which the
    server ends by refusing one of the two; else the fault as it is."""
    code = getattr(error.orig, "sqlstate", None)
    transient = code is None or code[:2] in {"08", "40", "53", "57"} or error.connection_invalidated
    return _unavailable() if transient else error
