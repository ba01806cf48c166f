"""An INSERT whose rows arrive over HTTP: a pipe between the request and the engine."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

from api.embedded.clickhouse.engine import Statistics
from api.embedded.clickhouse.errors import LOGICAL_ERROR, QueryError, query_error
from api.embedded.clickhouse.exchange import Body
from api.embedded.clickhouse.pool import Lease
from api.embedded.clickhouse.statement import Insert


async def insert_rows(insert: Insert, body: Body, lease: Lease) -> Statistics:
    """Run the statement on the rows of ``body``; returns when all of them are on disk.

    Whatever interrupts the rows also stops the statement, which then writes no further block.
    """
    pipe = _Pipe(lease)
    query = asyncio.ensure_future(
        lease.run(lease.session.insert, insert.target, pipe.source, insert.clauses)
    )
    try:
        complete = await _feed(pipe, insert.rows, body)
    except BaseException:
        # First this, or the engine would take the end of the pipe for the end of the rows.
        await lease.interrupt()
        await pipe.close()
        with suppress(QueryError):
            await query
        raise
    await pipe.close()
    statistics = await query
    if not complete:
        raise query_error(LOGICAL_ERROR, "LOGICAL_ERROR", "The engine did not read all rows")
    return statistics


async def _feed(pipe: "_Pipe", rows: bytes, body: Body) -> bool:
    """Pass all rows on; false when the engine closed its end early, which it does when it fails."""
    try:
        await pipe.write(lambda: rows)
        async for piece in body.pieces():
            await pipe.write(piece)
    except BrokenPipeError:
        return False
    return True


class _Pipe:
    """A pipe that is written in threads; the engine closes ``source``."""

    def __init__(self, lease: Lease):
        self._lease = lease
        self.source, self._sink = os.pipe()
        self._write: asyncio.Future[None] | None = None

    async def write(self, piece: Callable[[], bytes]) -> None:
        """Make a piece and write it, waiting for the engine; raises ``BrokenPipeError``."""
        self._write = self._lease.call_beside(lambda: self._write_all(piece()))
        await asyncio.shield(self._write)

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._sink, view) :]

    async def close(self) -> None:
        """End the rows. Not before the last write has returned: its file number could be reused."""
        if self._write is not None:
            await asyncio.wait({self._write})
        os.close(self._sink)
