"""Folders for stacks, and one stack that several tests share."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.embedded.stacks import NO_CLICKHOUSE, StackProcess, is_gone, new_folder, stack


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that does not exist yet, in a folder of its own."""
    with new_folder() as parent:
        yield parent / "data"


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder."""
    with new_folder() as empty:
        yield empty


@pytest_asyncio.fixture(scope="module")
async def shared() -> AsyncIterator[StackProcess]:
    """A stack with Postgres, Redis, the stand-in API and a worker, for tests that leave it well.

    At the end it must stop in an orderly way and leave nothing behind, whatever it went through.
    """
    with new_folder() as parent:
        async with stack(parent / "data", "api", "worker", **NO_CLICKHOUSE) as running:
            yield running
            family = running.family()
            assert len(family) >= 5
            assert await running.stop(signal.SIGINT) == 0
            assert [member for member in family if not is_gone(member)] == []
            assert running.record.supervisor is None
