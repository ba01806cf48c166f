"""Periodic work: due rows, lost rows, old rows. No process of its own, and no single owner.

Every worker has a timer for every periodic task. Whichever is first in an interval takes the turn
with a key in Redis that expires, and queues the task; the others leave it. A worker that dies takes
nothing with it: at the next interval another one is first. Should two be first (Redis was emptied),
the task runs twice, which all of them bear: they lock the rows they take (``for update skip
locked``).

To add one::

    SWEEP = "workers.webhook.sweep"

    @shared_task(name=SWEEP)
    def sweep() -> None:
        ...

    every(2.0, SWEEP)

in a module that ``workers.app`` lists in ``include``. The body is short: it publishes due rows
(``stores.queue.put``), or drains them in the background (``runtime().drain``).
"""

import logging
from dataclasses import dataclass
from typing import Any

from celery import bootsteps
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workers.signs import UPKEEP_QUEUE, redis_for_signs

# A turn is free again a little before the next timer asks, or every second one would be lost.
_TURN_SHARE = 0.8

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    """The name of a task without arguments, and how often it is due."""

    every_s: float
    task: str


_registered: dict[str, Periodic] = {}


def every(seconds: float, task: str) -> None:
    """Has the task of that name queued every so many seconds, by one worker at a time."""
    _registered[task] = Periodic(seconds, task)


def registered() -> tuple[Periodic, ...]:
    """All periodic work."""
    return tuple(_registered.values())


class PeriodicStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """The timers of one worker; started anew with each new connection to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any):
        super().__init__(consumer, **options)
        self._timers: list[Any] = []

    def start(self, consumer: Any) -> None:
        """Takes the first turns at once."""
        for each in registered():
            turn = (each, consumer.app.tasks[each.task])
            self._timers.append(consumer.timer.call_repeatedly(each.every_s, take_turn, turn))
            take_turn(*turn)

    def stop(self, consumer: Any) -> None:
        """Takes no more turns."""
        while self._timers:
            consumer.timer.cancel(self._timers.pop())

    shutdown = stop


def take_turn(of: Periodic, task: Any, *, queue: str = UPKEEP_QUEUE) -> None:
    """Queues a task unless another worker has just done so; says so and goes on without Redis."""
    # Runs in the worker's event loop, so it must neither raise nor insist.
    key = f"stibnite:turn:{of.task}"
    try:
        if redis_for_signs().set(key, "taken", nx=True, px=round(of.every_s * _TURN_SHARE * 1000)):
            # One that nobody has begun when the next is due says nothing any more.
            task.apply_async(queue=queue, expires=max(of.every_s, 10.0), retry=False)
    except (RedisError, OperationalError) as error:
        log.warning("periodic work could not be queued: %s: %s", of.task, error)
