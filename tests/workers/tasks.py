"""The product's worker with tasks of the tests: ``celery -A tests.workers.tasks worker``."""

import os

from redis import Redis

from api.settings import settings
from workers.app import app

GO = "tests:go"
BEGUN = "tests:begun"
ENDED = "tests:ended"
WAIT_S = 60


@app.task(name="tests.note")  # type: ignore[untyped-decorator]
def note(row_id: object) -> None:
    """Notes the id that it was given."""
    with _redis() as redis:
        redis.rpush(ENDED, f"{type(row_id).__name__} {row_id}")


@app.task(name="tests.linger")  # type: ignore[untyped-decorator]
def linger(row_id: str) -> None:
    """Notes its process, waits for leave to go on, notes its id."""
    with _redis() as redis:
        redis.rpush(BEGUN, os.getpid())
        redis.blpop([GO], WAIT_S)
        redis.rpush(ENDED, row_id)


def _redis() -> Redis:
    return Redis.from_url(settings().required_redis_url)
