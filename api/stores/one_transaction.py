"""A way to Postgres by which everything that a request does is one transaction.

It takes the place of a request's ``Postgres``: what is written for the general case, statements in
autocommit and transactions of their own, then commits together, or not at all, without knowing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.stores.postgres import Postgres, unavailable_or


class OneTransaction(Postgres):
    """Statements and transactions on one connection, whose transaction somebody else ends.

    Each is a savepoint: what fails is undone by itself, and its caller may go on. They take turns,
    since a connection does one thing at a time; the task that holds a transaction may run
    statements beside it.
    """

    def __init__(self, outside: Postgres, connection: AsyncConnection):
        self._outside = outside
        self._connection = connection
        self._engine = connection.engine
        self._turn = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None
        self._ended = False

    async def end(self) -> None:
        """Lets nobody begin anything more, and returns when what was begun is over.

        Tasks of a request that was cancelled end a little later than it does.
        """
        self._ended = True
        async with self._turn:
            pass

    async def close(self) -> None:
        """Does nothing: the connection is not its own."""

    async def fetch(self, statement: Executable, values: Any = None) -> Sequence[Row[Any]]:
        """The rows of one statement. It is run once: with its connection, all would be lost."""
        async with self.transaction() as connection:
            result = await connection.execute(statement, values)
            return result.all() if result.returns_rows else ()

    async def search(self, statement: Executable) -> Sequence[Row[Any]]:
        """A read of what requests do not change, on a connection of its own."""
        return await self._outside.search(statement)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A part of the transaction: undone when the block raises, and kept otherwise."""
        try:
            async with self._my_turn(), self._connection.begin_nested():
                yield self._connection
        except DBAPIError as error:
            raise unavailable_or(error) from error

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        if self._holder is task:
            yield
            return
        async with self._turn:
            if self._ended:
                raise asyncio.CancelledError("the transaction is over")
            self._holder = task
            try:
                yield
            finally:
                self._holder = None


@asynccontextmanager
async def one_transaction(postgres: Postgres) -> AsyncIterator[OneTransaction]:
    """A way to ``postgres`` that ends with the block: with a commit, or undone where it raises."""
    async with postgres.transaction() as connection:
        opened = OneTransaction(postgres, connection)
        try:
            yield opened
        finally:
            await opened.end()
