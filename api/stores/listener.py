"""What Postgres tells (``LISTEN``), told on to everybody in the process who waits for it.

One connection per process and channel, opened with the first who waits. When it is lost, as in a
restart of the server, it is opened again; and since what was told meanwhile is gone, everybody is
woken to look for himself. So is everybody at times, in case a pooler in between swallows notices.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

CONNECT_TIMEOUT_S = 2
LOOK_AGAIN_EVERY_S = 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0

_log = structlog.get_logger("listener")


class Listener:
    """Waits for notices on one channel; a notice is the name of what changed."""

    def __init__(self, url: str, channel: str):
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._channel = channel
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._heard: asyncio.Event | None = None

    @asynccontextmanager
    async def watching(self, name: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set when ``name`` has changed, or may have."""
        changed = asyncio.Event()
        self._waiting[name].add(changed)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        try:
            yield changed
        finally:
            self._waiting[name].discard(changed)
            if not self._waiting[name]:
                del self._waiting[name]

    async def close(self) -> None:
        """Ends the connection; nobody is woken any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
                ) as connection:
                    await connection.execute(f"listen {self._channel}".encode())
                    pause = _FIRST_PAUSE_S
                    await self._hear(connection)
            except (psycopg.Error, OSError) as error:
                _log.warning("lost", channel=self._channel, reason=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _hear(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            # Whatever was told before this moment may have been missed.
            self._wake_all()
            async for notice in connection.notifies(timeout=LOOK_AGAIN_EVERY_S):
                for changed in self._waiting.get(notice.payload, ()):
                    changed.set()

    def _wake_all(self) -> None:
        for waiting in self._waiting.values():
            for changed in waiting:
                changed.set()
