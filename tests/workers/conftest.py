"""A real Redis with a real worker on it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from celery import Celery
from redis import Redis

from api.embedded.keeper import Keeper
from api.embedded.part import Part
from api.embedded.ports import choose_port
from api.embedded.redis import RedisFolder, redis_part
from api.embedded.services import worker_part
from api.settings import Settings
from tests.embedded.stacks import new_folder, supervised
from workers.signs import ROWS_QUEUE
from workers.task import IdTask


@dataclass(frozen=True)
class Workplace:
    """A worker, its Redis, and a client that queues tasks for it."""

    redis_url: str
    keeper: Keeper
    client: Celery

    @property
    def node(self) -> str:
        """The worker's name."""
        argv = self.keeper.part.argv
        return argv[argv.index("--hostname") + 1]

    def send(self, task: str, *ids: object) -> None:
        """Queues a task as the product does."""
        self.client.task(name=task, base=IdTask, shared=False)(_nothing).apply_async(ids)


def _nothing(*_: object) -> None:
    raise AssertionError("a task runs in the worker, never in the process that queues it")


@pytest_asyncio.fixture(scope="module")
async def workplace() -> AsyncIterator[Workplace]:
    with new_folder() as folder:
        redis = redis_part(folder / "redis", choose_port("127.0.0.1", None, ()))
        assert redis.port is not None
        url = RedisFolder(folder / "redis").url(redis.port)
        worker = _with_test_tasks(worker_part(_settings(folder, url)))
        async with supervised(redis, services=(worker,), logs=folder) as supervisor:
            client = Celery(broker=url, set_as_current=False)
            client.conf.task_default_queue = ROWS_QUEUE
            yield Workplace(url, supervisor.services[0], client)
            client.close()


def _settings(folder: Path, redis_url: str) -> Settings:
    return Settings(data_dir=folder, redis_url=redis_url)


def _with_test_tasks(part: Part) -> Part:
    argv = ("tests.workers.tasks" if word == "workers.app" else word for word in part.argv)
    return replace(part, argv=tuple(argv))


@pytest.fixture
def redis(workplace: Workplace) -> Iterator[Redis]:
    """The worker's Redis, without the notes of earlier tests."""
    with Redis.from_url(workplace.redis_url, decode_responses=True) as client:
        keys = client.keys("tests:*")
        if keys:
            client.delete(*keys)
        yield client
