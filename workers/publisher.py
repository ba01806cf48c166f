"""The house's way to the workers: messages are sent by a thread of their own.

Whoever puts a row into the queue has committed it already and owes somebody an answer, so nobody
waits for Redis here, be it slow or gone. What cannot be sent is dropped: a sweep finds the row.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from uuid import UUID

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from api.queue import TaskName

# Far more than a process accepts while Redis starts again.
MAX_WAITING = 10_000
CLOSE_WITHIN_S = 3.0
_LOOK_EVERY_S = 0.2

_log = structlog.get_logger("queue")


class Publisher:
    """An ``api.queue.Queue`` that sends to Celery."""

    def __init__(self, celery: Celery):
        self._celery = celery
        self._waiting: Queue[tuple[TaskName, UUID]] = Queue(MAX_WAITING)
        self._closing = Event()
        self._thread = Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def put(self, task: TaskName, row_id: UUID) -> None:
        """Hands a committed row to the workers: returns at once, never raises."""
        try:
            self._waiting.put_nowait((task, row_id))
        except Full:
            _log.warning("not queued: too many are waiting", task=task)

    def close(self) -> None:
        """Sends what is waiting, as far as that takes no longer than three seconds."""
        self._closing.set()
        self._thread.join(CLOSE_WITHIN_S)

    def _run(self) -> None:
        while True:
            try:
                task, row_id = self._waiting.get(timeout=_LOOK_EVERY_S)
            except Empty:
                if self._closing.is_set():
                    return
                continue
            try:
                self._celery.tasks[task].apply_async((str(row_id),), retry=False)
            except (OperationalError, RedisError, OSError) as error:
                _log.warning("not queued: a sweep will do it", task=task, reason=str(error)[:200])
            except Exception:
                # This thread must outlive whatever happens: nobody would start another one.
                _log.exception("unexpected", task=task)


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    """The publisher of a process, closed at its end."""
    # Imported here: the tasks are looked up by their names, and only where something is queued.
    from workers.app import app

    app.loader.import_default_modules()
    publisher = Publisher(app)
    try:
        yield publisher
    finally:
        publisher.close()
