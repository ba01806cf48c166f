"""Rows are handed to the workers without waiting for Redis."""

from uuid import uuid4

from celery import Celery
from redis import Redis

from api.queue import TaskName
from tests.embedded.stacks import until
from tests.workers.conftest import Workplace
from workers import job as _job  # noqa: F401 - registers the task
from workers.publisher import Publisher
from workers.signs import ROWS_QUEUE

ROWS = 50


def publisher_on(url: str, queue: str) -> Publisher:
    """A publisher whose messages nobody consumes: shared tasks belong to every application."""
    client = Celery(broker=url, set_as_current=False)
    client.conf.task_default_queue = queue
    assert TaskName.RUN_PERSON_SEARCH_JOB in client.tasks
    return Publisher(client)


async def test_rows_arrive_and_closing_sends_the_rest(workplace: Workplace, redis: Redis) -> None:
    publisher = publisher_on(workplace.redis_url, "tests:unread")
    for _ in range(ROWS):
        publisher.put(TaskName.RUN_PERSON_SEARCH_JOB, uuid4())
    publisher.close()
    await until(lambda: redis.llen("tests:unread") == ROWS, "all were sent")


def test_without_redis_nobody_waits_and_nothing_is_raised() -> None:
    publisher = publisher_on("redis://127.0.0.1:9/0", ROWS_QUEUE)
    for _ in range(ROWS):
        publisher.put(TaskName.RUN_PERSON_SEARCH_JOB, uuid4())
    publisher.close()
