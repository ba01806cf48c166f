"""Periodic work needs no process of its own and outlives Redis' memory and any worker."""

import os
import signal

import pytest
from redis import Redis

from api.settings import settings
from tests.embedded.stacks import until
from tests.workers.conftest import Workplace
from tests.workers.tasks import ENDED, TICKS
from workers.periodic import Periodic, take_turn
from workers.signs import ROWS_QUEUE, redis_for_signs
from workers.task import IdTask


async def ticks(redis: Redis, more: int = 2) -> None:
    """Waits for so many more."""
    before = int(redis.get(TICKS) or 0)
    await until(lambda: int(redis.get(TICKS) or 0) >= before + more, "periodic work is done")


async def test_it_comes_again_and_again(workplace: Workplace, redis: Redis) -> None:
    await ticks(redis, 3)


async def test_it_goes_on_when_redis_was_emptied(workplace: Workplace, redis: Redis) -> None:
    redis.flushall()
    await ticks(redis)


async def test_it_goes_on_behind_a_long_queue(workplace: Workplace, redis: Redis) -> None:
    """The queues take turns: hundreds of messages before it do not matter."""
    for number in range(300):
        workplace.send("tests.note", number)
    await ticks(redis, 1)
    assert redis.llen(ENDED) < 300, "the queue was empty before the tick came"


async def test_it_goes_on_when_the_worker_is_killed(workplace: Workplace, redis: Redis) -> None:
    assert workplace.keeper.child is not None
    before = workplace.keeper.child.pid
    os.kill(before, signal.SIGKILL)
    await until(
        lambda: workplace.keeper.child and workplace.keeper.child.pid != before, "it is back"
    )
    await ticks(redis)


def test_one_worker_takes_the_turn(
    workplace: Workplace, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two timers at the same moment queue one task; this one is consumed by nobody."""
    monkeypatch.setenv("REDIS_URL", workplace.redis_url)
    settings.cache_clear()
    redis_for_signs.cache_clear()
    workplace.client.conf.task_default_queue = "tests:unread"
    task = workplace.client.task(name="tests.turn", base=IdTask, shared=False)(_nothing)
    try:
        for _ in range(2):
            take_turn(Periodic(60.0, "tests.turn"), task, queue="tests:unread")
        assert redis.llen("tests:unread") == 1
        redis.flushall()
        take_turn(Periodic(60.0, "tests.turn"), task, queue="tests:unread")
        assert redis.llen("tests:unread") == 1
    finally:
        workplace.client.conf.task_default_queue = ROWS_QUEUE
        settings.cache_clear()
        redis_for_signs.cache_clear()


def _nothing() -> None:
    raise AssertionError("nobody consumes this queue")
