"""Where tasks run coroutines: one event loop per worker process, in a thread, with stores open.

Celery calls a task as a plain function in a process of its pool. The loop lives beside it for as
long as the process does, so that connections are kept, and so that work which mostly waits for
others can go on in the background while the process takes the next task.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AsyncExitStack
from threading import Thread
from typing import Any

import structlog
import uvloop
from celery import signals

from api.settings import settings
from api.work import Stores, open_stores, settle_memory
from workers.publisher import publishing

OPEN_WITHIN_S = 30.0
CLOSE_WITHIN_S = 3.0

Coroutine = Callable[[Stores], Awaitable[Any]]

_log = structlog.get_logger("worker")


class Runtime:
    """The loop of one process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._loop = uvloop.new_event_loop()
        self._opened = AsyncExitStack()
        self._background: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._thread = Thread(target=self._loop.run_forever, name="runtime", daemon=True)
        self._thread.start()
        self._stores: Stores = self._submit(self._open()).result(OPEN_WITHIN_S)

    async def _open(self) -> Stores:
        queue = await self._opened.enter_async_context(publishing())
        return await self._opened.enter_async_context(open_stores(settings(), queue))

    def run(self, work: Coroutine, *, seconds: float) -> Any:
        """Runs a coroutine to its end and gives its result.

        Raises:
            TimeoutError: it took longer than ``seconds`` and was cancelled.
        """
        future = self._submit(self._limited(work, seconds))
        try:
            # The loop itself keeps the limit; this one is for a loop that does not turn any more.
            return future.result(seconds + CLOSE_WITHIN_S)
        except BaseException:
            # Time is up, be it by our own limit or by Celery's: nobody waits for the result now.
            future.cancel()
            raise

    def drain(self, name: str, work: Coroutine) -> None:
        """Starts a coroutine in the background and returns at once; one of a name at a time.

        Called while one of that name runs, it has it run once more afterwards: what was committed
        before the call is seen by a run that begins after it. It must keep its own limits; when
        this process dies it is simply gone, so its rows must be under a lease.
        """
        self._loop.call_soon_threadsafe(self._begin, name, work)

    def close(self) -> None:
        """Cancels what runs and closes the stores."""
        try:
            self._submit(self._close()).result(CLOSE_WITHIN_S)
        except Exception as error:
            _log.warning("the stores were not closed in order", reason=type(error).__name__)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _submit(self, coroutine: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _limited(self, work: Coroutine, seconds: float) -> Any:
        async with asyncio.timeout(seconds):
            return await work(self._stores)

    def _begin(self, name: str, work: Coroutine) -> None:
        if name in self._background:
            self._again.add(name)
            return
        self._background[name] = self._loop.create_task(self._drained(name, work))

    async def _drained(self, name: str, work: Coroutine) -> None:
        try:
            while True:
                self._again.discard(name)
                await work(self._stores)
                if name not in self._again:
                    return
        except Exception:
            _log.exception("unexpected", background=name)
        finally:
            self._again.discard(name)
            del self._background[name]

    async def _close(self) -> None:
        running = list(self._background.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._opened.aclose()


class _Here:
    runtime: Runtime | None = None


def runtime() -> Runtime:
    """The runtime of this process, made on first use; a forked process makes its own."""
    if _Here.runtime is None or _Here.runtime.pid != os.getpid():
        _Here.runtime = Runtime()
    return _Here.runtime


@signals.worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _open_early(**_: object) -> None:
    # The first task should not pay for it. If it fails now, the first task tries again.
    try:
        runtime()
    except Exception as error:
        _log.warning("the stores could not be opened", reason=type(error).__name__)
    settle_memory()


@signals.worker_process_shutdown.connect(weak=False)  # type: ignore[untyped-decorator]
def _close_late(**_: object) -> None:
    if _Here.runtime is not None and _Here.runtime.pid == os.getpid():
        _Here.runtime.close()
