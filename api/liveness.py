"""What a worker tells about itself through Redis, read by the supervisor and by readiness.

Two signs, because a worker can fail in two ways: its main process can hang, and it can run on
without taking tasks any more (as after a badly healed connection to the broker). The first shows in
a key that expires, the second in the time of the last finished task: a heartbeat task is queued
every 10 s, so an idle worker finishes one regularly, and a busy one finishes others.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis

HEARTBEAT_EVERY_S = 10
ALIVE_FOR_S = 30
"""How long a worker counts as alive after its last sign: two may be lost."""
TASK_OVERDUE_AFTER_S = 420
"""Longer than any task may run (``workers.task``), so that a busy worker is never overdue."""

LAST_FINISHED_KEY = "stibnite:worker:last-finished"
SINCE_FIELD = "since"
FINISHED_FIELD = "finished"


def worker_key(node: str) -> str:
    """The key of one worker's signs: a hash of Unix times that expires unless renewed."""
    return f"stibnite:worker:{node}"


@dataclass(frozen=True, slots=True)
class WorkerSigns:
    """Signs of one worker that is alive; Unix times in seconds."""

    since: float
    """When it began to take tasks."""
    finished: float | None
    """When it last finished one, if it has."""

    def is_overdue(self, now: float) -> bool:
        """Whether it should have finished a task long ago."""
        return now - (self.finished or self.since) > TASK_OVERDUE_AFTER_S


async def worker_signs(redis: Redis, node: str) -> WorkerSigns | None:
    """The signs of one worker; ``None`` when it has given none for 30 s.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.
    """
    since, finished = await redis.hmget(worker_key(node), [SINCE_FIELD, FINISHED_FIELD])
    if since is None:
        return None
    return WorkerSigns(float(since), None if finished is None else float(finished))


async def last_finished_task(redis: Redis) -> datetime | None:
    """When any worker last finished a task (UTC); ``None`` when none ever did.

    Raises:
        redis.exceptions.RedisError: Redis does not answer.
    """
    at = await redis.get(LAST_FINISHED_KEY)
    return None if at is None else datetime.fromtimestamp(float(at), UTC)
