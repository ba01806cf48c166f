"""What a real worker does with tasks, and what it tells about itself."""

import os
import signal
import time
from uuid import UUID

import psutil
from redis import Redis

from api.liveness import (
    FINISHED_FIELD,
    LAST_FINISHED_KEY,
    SINCE_FIELD,
    TASK_OVERDUE_AFTER_S,
    WorkerSigns,
    last_finished_task,
    worker_key,
    worker_signs,
)
from api.stores.redis import connect
from tests.embedded.stacks import is_gone, until
from tests.workers.conftest import Workplace
from tests.workers.tasks import BEGUN, ENDED, GO
from workers.task import SOFT_TIME_LIMIT_S, TIME_LIMIT_S, VISIBILITY_TIMEOUT_S


async def test_ids_arrive_as_they_were_sent(workplace: Workplace, redis: Redis) -> None:
    row = UUID("0192f0c4-7d3c-7b1e-9f4e-3f1a2b3c4d5e")
    for value in (row, 7, "job_7"):
        workplace.send("tests.note", value)
    await until(lambda: redis.llen(ENDED) == 3, "three tasks are done")
    assert redis.lrange(ENDED, 0, -1) == [f"UUID {row}", "int 7", "str job_7"]


async def test_a_task_whose_process_is_killed_is_run_again(
    workplace: Workplace, redis: Redis
) -> None:
    workplace.send("tests.linger", "row-1")
    await until(lambda: redis.llen(BEGUN) == 1, "the task has begun")
    (first,) = redis.lrange(BEGUN, 0, -1)
    os.kill(int(first), signal.SIGKILL)
    await until(lambda: redis.llen(BEGUN) == 2, "the task has begun again")
    redis.rpush(GO, "on")
    await until(lambda: redis.llen(ENDED) == 1, "the task is done")
    assert redis.lrange(BEGUN, 1, 1) != [first]


async def test_killed_it_leaves_nothing_and_its_successor_shows_that_it_works(
    workplace: Workplace, redis: Redis
) -> None:
    keeper = workplace.keeper
    workplace.send("tests.linger", "row-2")
    await until(lambda: redis.llen(BEGUN) == 1, "the task has begun")
    runner = psutil.Process(int(redis.lrange(BEGUN, 0, -1)[0]))
    assert keeper.child is not None
    before = keeper.child.pid
    redis.delete(LAST_FINISHED_KEY)
    since = time.time()
    os.kill(before, signal.SIGKILL)
    await until(lambda: is_gone(runner), "the process that ran the task is gone")
    await until(
        lambda: keeper.child and keeper.child.pid != before and keeper.healthy.is_set(),
        "a new worker is healthy",
    )
    client = connect(workplace.redis_url)
    try:
        # Nothing is queued here: the heartbeat comes by itself.
        finished = await until(lambda: last_finished_task(client), "a heartbeat is finished")
        assert finished.timestamp() >= since
        signs = await worker_signs(client, workplace.node)
        assert signs is not None
        assert signs.finished is not None
        assert signs.finished >= signs.since >= since
        assert not signs.is_overdue(time.time())
        assert await worker_signs(client, "worker-nobody@nowhere") is None
    finally:
        await client.aclose()


async def test_a_worker_without_signs_is_not_healthy(workplace: Workplace, redis: Redis) -> None:
    # The hash is renewed every ten seconds, so it is missing right after it was removed.
    key = worker_key(workplace.node)
    assert await workplace.keeper.part.healthy()
    since = redis.hget(key, SINCE_FIELD)
    redis.delete(key)
    assert not await workplace.keeper.part.healthy()
    redis.hset(key, mapping={SINCE_FIELD: "1", FINISHED_FIELD: "1"})
    assert not await workplace.keeper.part.healthy(), "its last task is too long ago"
    redis.hset(key, mapping={SINCE_FIELD: str(since), FINISHED_FIELD: str(time.time())})
    assert await workplace.keeper.part.healthy()


def test_a_busy_worker_is_never_overdue() -> None:
    assert SOFT_TIME_LIMIT_S < TIME_LIMIT_S < VISIBILITY_TIMEOUT_S
    assert TASK_OVERDUE_AFTER_S > TIME_LIMIT_S
    signs = WorkerSigns(since=1000.0, finished=None)
    assert not signs.is_overdue(1000.0 + TIME_LIMIT_S)
    assert signs.is_overdue(1001.0 + TASK_OVERDUE_AFTER_S)
    assert not WorkerSigns(since=0.0, finished=1000.0).is_overdue(1000.0 + TIME_LIMIT_S)
