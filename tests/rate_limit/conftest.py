"""A Redis alone, and accounts on it as several processes have them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest_asyncio

from api.domain.rate_limit.rules import read_policies
from api.domain.rate_limit.service import RateLimiter, Subject, Subjects
from api.embedded.ports import choose_port
from api.embedded.redis import RedisFolder, redis_part
from api.settings import Settings
from api.stores.redis import connect_briefly
from tests.embedded.stacks import new_folder, supervised


class Clock:
    """A clock that is set by hand, in microseconds."""

    def __init__(self) -> None:
        self.now_us = 1_790_000_000_000_000

    def __call__(self) -> int:
        return self.now_us

    def forward(self, seconds: float) -> None:
        self.now_us += round(seconds * 1_000_000)


type MakeLimiter = Callable[..., RateLimiter]


@pytest_asyncio.fixture(scope="module")
async def redis_url() -> AsyncIterator[str]:
    with new_folder() as folder:
        part = redis_part(folder / "redis", choose_port("127.0.0.1", None, ()))
        async with supervised(part, logs=folder):
            assert part.port is not None
            yield RedisFolder(folder / "redis").url(part.port)


@pytest_asyncio.fixture
async def limiter(redis_url: str) -> AsyncIterator[MakeLimiter]:
    """Makes accounts, each with connections of its own."""
    async with AsyncExitStack() as closing:

        def made(
            clock: Clock | None = None, url: str = redis_url, share: float = 0.25
        ) -> RateLimiter:
            redis = connect_briefly(url, within_s=0.5, connections_max=8)
            closing.push_async_callback(redis.aclose)
            return RateLimiter(redis, Subjects.of(Settings()), share, clock)

        yield made


def subject(text: str) -> Subject:
    """Somebody new, with these policies."""
    return Subject(f"key:{uuid4()}", read_policies(text))
