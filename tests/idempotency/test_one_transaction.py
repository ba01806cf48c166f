"""What a request does in Postgres is one transaction, whatever it is made of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from sqlalchemy import text

from api.errors import DomainError
from api.stores.one_transaction import one_transaction
from api.stores.postgres import Postgres
from tests.stack import Stack

ADD = text("insert into joined values (:number)")
ALL = text("select number from joined order by number")


class Broken(Exception):
    """What a block ends by."""


@pytest_asyncio.fixture
async def postgres(stack: Stack) -> AsyncIterator[Postgres]:
    """The stack's Postgres, with an empty table of these tests."""
    opened = Postgres(stack.settings.sqlalchemy_url)
    await opened.fetch(text("create table joined (number int primary key)"))
    yield opened
    await opened.fetch(text("drop table joined"))
    await opened.close()


async def numbers(postgres: Postgres) -> list[int]:
    """What is in the table."""
    return [row.number for row in await postgres.fetch(ALL)]


async def test_nothing_is_seen_by_others_before_the_end(postgres: Postgres) -> None:
    async with one_transaction(postgres) as joined:
        await joined.fetch(ADD, {"number": 1})
        async with joined.transaction() as connection:
            await connection.execute(ADD, {"number": 2})
        assert await numbers(joined) == [1, 2]
        assert await numbers(postgres) == []
    assert await numbers(postgres) == [1, 2]


async def test_what_raises_undoes_everything(postgres: Postgres) -> None:
    with suppress(Broken):
        async with one_transaction(postgres) as joined:
            await joined.fetch(ADD, {"number": 1})
            raise Broken
    assert await numbers(postgres) == []


async def test_an_inner_transaction_is_undone_by_itself(postgres: Postgres) -> None:
    async with one_transaction(postgres) as joined:
        await joined.fetch(ADD, {"number": 1})
        with suppress(Broken):
            async with joined.transaction() as connection:
                await connection.execute(ADD, {"number": 2})
                raise Broken
        with pytest.raises(Exception, match="duplicate key"):
            await joined.fetch(ADD, {"number": 1})
        await joined.fetch(ADD, {"number": 3})
    assert await numbers(postgres) == [1, 3]


async def test_tasks_take_turns_and_the_holder_may_read_beside(postgres: Postgres) -> None:
    async with one_transaction(postgres) as joined:

        async def add_two(first: int) -> None:
            async with joined.transaction() as connection:
                await connection.execute(ADD, {"number": first})
                assert first in await numbers(joined)
                await connection.execute(ADD, {"number": first + 1})
                if first == 30:
                    raise Broken

        done = await asyncio.gather(
            *(add_two(first) for first in (10, 20, 30, 40)), return_exceptions=True
        )
        assert [type(each) for each in done if each] == [Broken]
    assert await numbers(postgres) == [10, 11, 20, 21, 40, 41]


async def test_two_that_wait_for_each_other_are_told_to_try_again(postgres: Postgres) -> None:
    """The server ends a deadlock by refusing one of the two."""
    await postgres.fetch(text("insert into joined values (1), (2)"))
    lock = text("select from joined where number = :number for update")
    both_hold = asyncio.Barrier(2)

    async def hold(first: int, second: int) -> None:
        async with one_transaction(postgres) as joined:
            await joined.fetch(lock, {"number": first})
            await both_hold.wait()
            await joined.fetch(lock, {"number": second})

    ended = await asyncio.gather(hold(1, 2), hold(2, 1), return_exceptions=True)
    (failed,) = [each for each in ended if each is not None]
    assert isinstance(failed, DomainError)
    assert failed.code == "unavailable"
