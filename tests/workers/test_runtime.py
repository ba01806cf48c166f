"""The loop that tasks run their coroutines on."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from api.settings import settings
from api.work import Stores
from workers.runtime import Runtime

NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "CLICKHOUSE_URL": "http://127.0.0.1:9/none",
    "STIBNITE_SECRET": "x" * 32,
}
PATIENCE_S = 60


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """One whose stores are all down: it starts all the same."""
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    made = Runtime()
    yield made
    made.close()
    settings.cache_clear()


def test_a_task_gets_its_result_and_its_exception(runtime: Runtime) -> None:
    async def double(stores: Stores) -> int:
        assert stores.postgres is not None
        await asyncio.sleep(0)
        return 2 * 21

    async def fail(_: Stores) -> None:
        raise LookupError("not there")

    assert runtime.run(double, seconds=PATIENCE_S) == 42
    with pytest.raises(LookupError, match="not there"):
        runtime.run(fail, seconds=PATIENCE_S)


def test_what_takes_too_long_is_cancelled(runtime: Runtime) -> None:
    cancelled = threading.Event()

    async def hang(_: Stores) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError):
        runtime.run(hang, seconds=0.01)
    assert cancelled.wait(PATIENCE_S)


def test_one_drain_of_a_name_at_a_time_and_one_more_for_what_came_meanwhile(
    runtime: Runtime,
) -> None:
    begun, go = threading.Semaphore(0), threading.Event()
    runs: list[int] = []

    async def drain(_: Stores) -> None:
        runs.append(len(runs))
        begun.release()
        await asyncio.to_thread(go.wait, PATIENCE_S)

    runtime.drain("deliveries", drain)
    assert begun.acquire(timeout=PATIENCE_S)
    for _ in range(5):
        runtime.drain("deliveries", drain)

    async def nothing(_: Stores) -> str:
        return "the loop is free"

    assert runtime.run(nothing, seconds=PATIENCE_S) == "the loop is free"
    assert len(runs) == 1
    go.set()
    assert begun.acquire(timeout=PATIENCE_S)
    runtime.run(nothing, seconds=PATIENCE_S)
    assert len(runs) == 2


def test_a_drain_that_fails_can_be_started_again(runtime: Runtime) -> None:
    begun = threading.Semaphore(0)

    async def fail(_: Stores) -> None:
        begun.release()
        raise LookupError("not there")

    for _ in range(2):
        runtime.drain("deliveries", fail)
        assert begun.acquire(timeout=PATIENCE_S)
