"""Who runs when: lanes with bounded queues, idle sessions, threads that wait for the engine.

Everything but the calls into the engine happens on the event loop, so nothing here needs a lock.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from api.embedded.clickhouse.engine import Engine, Session, SessionKey
from api.embedded.clickhouse.errors import ABORTED, TOO_MANY_SIMULTANEOUS_QUERIES, query_error

# A request that has waited this long for its turn is refused: its client has better options.
QUEUE_SECONDS_MAX = 30.0
# Enough for every database and set of settings the product uses, at both lanes' full width.
IDLE_SESSIONS_MAX = 64
# How often a query is asked to stop until it has: it may not have reached the engine at first.
STOP_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests run, and how many wait: reads and writes apart, so loads starve no read."""

    readers: int = 8
    writers: int = 4
    queue: int = 64


class Lane:
    """A number of slots and a bounded queue in front of them."""

    def __init__(self, slots: int, queue: int):
        self._slots = slots
        self._queue = queue
        self._free = asyncio.Semaphore(slots)
        self._waiting = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one slot; raises error 202 when the queue is full or the wait is too long."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if self._waiting >= self._queue:
            raise self._refusal()
        self._waiting += 1
        try:
            async with asyncio.timeout(QUEUE_SECONDS_MAX):
                await self._free.acquire()
        except TimeoutError:
            raise self._refusal() from None
        finally:
            self._waiting -= 1

    def _refusal(self) -> Exception:
        return query_error(
            TOO_MANY_SIMULTANEOUS_QUERIES,
            "TOO_MANY_SIMULTANEOUS_QUERIES",
            f"Too many simultaneous queries. Maximum: {self._slots}",
        )


class Lease:
    """A session while one request uses it."""

    def __init__(self, pool: "SessionPool", session: Session):
        self._pool = pool
        self._stopped = False
        self.session = session
        self.abandoned = False
        self.call: asyncio.Future[Any] | None = None

    async def run[**P, T](self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a blocking method of the session, or of what it returned, in a thread."""
        if self._stopped:
            raise query_error(ABORTED, "ABORTED", "The request was abandoned")
        call = self._pool.call(function, *args, **kwargs)
        self.call = call
        return await asyncio.shield(call)

    def call_beside[T](self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Call what does not touch the session in a second thread, for writes only."""
        return self._pool.call(function)

    async def interrupt(self) -> None:
        """Ask the engine to stop the running call. The session is not used again, so that a late
        request to stop cannot hit anybody else's query."""
        self.abandoned = True
        await self._pool.stop_query(self.session)

    async def stop(self) -> None:
        """Stop the running call, and refuse further ones."""
        self._stopped = self.abandoned = True
        while self.call is not None and not self.call.done():
            await self.interrupt()
            await asyncio.wait({self.call}, timeout=STOP_INTERVAL_SECONDS)


class SessionPool:
    """Leases sessions of one engine to requests."""

    def __init__(self, engine: Engine, limits: Limits):
        self._engine = engine
        self.read_lane = Lane(limits.readers, limits.queue)
        self.write_lane = Lane(limits.writers, limits.queue)
        # A writer has two: the insert itself, and the one that feeds it.
        self._threads = ThreadPoolExecutor(limits.readers + 2 * limits.writers, "query")
        # Apart, so that a query can be stopped, and a session closed, when every slot is taken.
        self._service = ThreadPoolExecutor(1, "service")
        self._idle: list[Session] = []
        self._leases: set[Lease] = set()

    @asynccontextmanager
    async def lease(self, lane: Lane, key: SessionKey) -> AsyncIterator[Lease]:
        """Wait for a slot and use a session of ``key`` in it."""
        async with lane.slot():
            lease = Lease(self, self._take(key))
            self._leases.add(lease)
            try:
                yield lease
            finally:
                self._give_back(lease)

    def call[**P, T](
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        """Run a blocking function in a query thread."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))

    async def stop_query(self, session: Session) -> None:
        """Ask the engine to stop the query of a session."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._service, self._engine.stop, session)

    def _take(self, key: SessionKey) -> Session:
        for index in range(len(self._idle) - 1, -1, -1):
            if self._idle[index].key == key:
                return self._idle.pop(index)
        return self._engine.session(key)

    def _give_back(self, lease: Lease) -> None:
        if lease.call is not None and not lease.call.done():
            # Only when the request was cancelled, at the end of the process: close() takes over.
            return
        self._leases.discard(lease)
        if lease.session.reusable and not lease.abandoned:
            self._idle.append(lease.session)
            if len(self._idle) > IDLE_SESSIONS_MAX:
                self._service.submit(self._idle.pop(0).close)
        else:
            self._service.submit(lease.session.close)

    async def close(self, seconds_max: float) -> bool:
        """Stop what runs and close all sessions; false when something did not stop in time."""
        leases = list(self._leases)
        try:
            async with asyncio.timeout(seconds_max):
                await asyncio.gather(*(lease.stop() for lease in leases))
        except TimeoutError:
            return False
        self._service.shutdown()
        self._threads.shutdown()
        for session in [*self._idle, *(lease.session for lease in leases)]:
            session.close()
        return True
