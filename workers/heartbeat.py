"""Shows that a worker works (``api.liveness`` says how it is read).

The worker's main process renews its sign and queues one heartbeat task every 10 s, by a timer that
lives exactly as long as its connection to the broker. Each finished task, heartbeat or not, is
noted by the process that ran it.
"""

import logging
import time
from typing import Any

from celery import bootsteps, shared_task, signals
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from api.liveness import (
    ALIVE_FOR_S,
    FINISHED_FIELD,
    HEARTBEAT_EVERY_S,
    LAST_FINISHED_KEY,
    SINCE_FIELD,
    worker_key,
)
from workers.signs import UPKEEP_QUEUE, redis_for_signs

HEARTBEAT_TASK = "workers.heartbeat"
# Nobody reads more often, however many small tasks are finished.
_NOTE_EVERY_S = 1.0

log = logging.getLogger(__name__)


@shared_task(name=HEARTBEAT_TASK)  # type: ignore[untyped-decorator]
def heartbeat() -> None:
    """Does nothing: that it is finished is the message."""


class HeartbeatStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """A timer in the worker's event loop; restarted with each new connection to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any):
        super().__init__(consumer, **options)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        """Gives the first sign at once, then one every 10 s."""
        key, since = worker_key(consumer.hostname), time.time()
        self._timer = consumer.timer.call_repeatedly(HEARTBEAT_EVERY_S, _beat, (key, since))
        _beat(key, since)

    def stop(self, consumer: Any) -> None:
        """Gives no more signs."""
        if self._timer is not None:
            consumer.timer.cancel(self._timer)
            self._timer = None

    shutdown = stop


def _beat(key: str, since: float) -> None:
    # Runs in the worker's event loop, so it must neither raise nor insist.
    try:
        with redis_for_signs().pipeline() as pipe:
            pipe.hset(key, SINCE_FIELD, str(since))
            pipe.expire(key, ALIVE_FOR_S)
            pipe.execute()
        # Behind a long queue the beats would pile up, and one that late says nothing.
        heartbeat.apply_async(queue=UPKEEP_QUEUE, expires=HEARTBEAT_EVERY_S, retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("heartbeat failed: %s", error)


@signals.task_postrun.connect(weak=False)  # type: ignore[untyped-decorator]
def _note_finished(task: Any, **_: object) -> None:
    now = time.time()
    if now - _last_note.at < _NOTE_EVERY_S:
        return
    _last_note.at = now
    key = worker_key(task.request.hostname)
    try:
        with redis_for_signs().pipeline() as pipe:
            pipe.hset(key, FINISHED_FIELD, str(now))
            pipe.expire(key, ALIVE_FOR_S)
            pipe.set(LAST_FINISHED_KEY, str(now))
            pipe.execute()
    except RedisError as error:
        log.warning("the end of a task could not be noted: %s", error)


class _LastNote:
    at = 0.0


_last_note = _LastNote()
