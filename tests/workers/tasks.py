"""The product's worker with tasks of the tests: ``celery -A tests.workers.tasks worker``."""

import os

from redis import Redis

from api.settings import settings
from workers.app import app
from workers.periodic import every

GO = "tests:go"
BEGUN = "tests:begun"
ENDED = "tests:ended"
TICK = "tests.tick"
TICKS = "tests:ticks"
WAIT_S = 60
TICK_EVERY_S = 0.3


@app.task(name="tests.note", shared=False)  # type: ignore[untyped-decorator]
def note(row_id: object) -> None:
    """Notes the id that it was given."""
    with _redis() as redis:
        redis.rpush(ENDED, f"{type(row_id).__name__} {row_id}")


@app.task(name="tests.linger", shared=False)  # type: ignore[untyped-decorator]
def linger(row_id: str) -> None:
    """Notes its process, waits for leave to go on, notes its id."""
    with _redis() as redis:
        redis.rpush(BEGUN, os.getpid())
        redis.blpop([GO], WAIT_S)
        redis.rpush(ENDED, row_id)


@app.task(name=TICK, shared=False)  # type: ignore[untyped-decorator]
def tick() -> None:
    """Notes that it ran."""
    with _redis() as redis:
        redis.incr(TICKS)


every(TICK_EVERY_S, TICK)


def _redis() -> Redis:
    return Redis.from_url(settings().required_redis_url)
