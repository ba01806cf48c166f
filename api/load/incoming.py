"""The rows of one file on their way into ``companies`` or ``persons``: all of them, or none.

They are gathered in a table of their own and handed over in one step, without being copied. What a
killed load left there is dropped by the next.

A row's version is the first free one plus its line, so it says which row of a file came last, and
where in the file it stands.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from api.domain.company.records import CompanyRow
from api.domain.person.records import PersonRow
from api.load.columns import Reason
from api.load.rejects import Reject
from api.stores.clickhouse import ClickHouse, Profile

# Rows of one statement, and so of one part: 120 MiB of persons, which the server holds twice.
PART_ROWS = 500_000
# Rejected lines that are fetched at a time: some 10 MiB.
_PAGE_LINES = 500_000
_PIECE_BYTES = 1024 * 1024
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"

_UNKNOWN_COMPANY = "company_rank NOT IN (SELECT company_rank FROM companies)"


@dataclass(frozen=True, slots=True)
class Destination:
    """A table that files are loaded into, its id and its other columns (without ``version``)."""

    table: str
    id_column: str
    columns: tuple[str, ...]

    @property
    def incoming(self) -> str:
        """The table in which the rows of one file are gathered."""
        return f"{self.table}_incoming"

    @property
    def inserted(self) -> tuple[str, ...]:
        """Every column that a load writes."""
        return (self.id_column, *self.columns, "version")


_SHOWN_OF_PERSONS = PersonRow._fields[1 : PersonRow._fields.index("company")]
COMPANIES = Destination(
    "companies",
    "company_id",
    (*CompanyRow._fields[1:], "description", "keywords", "city_key", "industries"),
)
PERSONS = Destination(
    "persons",
    "person_id",
    (*_SHOWN_OF_PERSONS, "company_id", "roles", "phone_key", "linkedin_key"),
)


class Incoming:
    """One file's rows, from the first batch to the hand-over."""

    def __init__(self, clickhouse: ClickHouse, to: Destination, first_version: int):
        self._clickhouse = clickhouse
        self._to = to
        self._first_version = first_version
        self._part: _Part | None = None
        self._sorted: _Part | None = None
        """A part that has all its rows, which the server sorts and writes."""

    @classmethod
    async def open(cls, clickhouse: ClickHouse, to: Destination) -> Self:
        """An empty table for the rows of one file."""
        await clickhouse.execute(f"DROP TABLE IF EXISTS {to.incoming} SYNC", Profile.LOAD)
        await clickhouse.execute(f"CREATE TABLE {to.incoming} AS {to.table}", Profile.LOAD)
        # Merging would take one of two rows with the same id away before anybody counted them.
        await clickhouse.execute(
            f"ALTER TABLE {to.incoming} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1",
            Profile.LOAD,
        )
        rows = await clickhouse.fetch(
            f"SELECT max(version) + 1 FROM {to.table}",  # noqa: S608 - a table of ours
            {},
            Profile.LOAD,
        )
        return cls(clickhouse, to, int(rows[0][0]))

    async def add(self, batch: pa.RecordBatch, lines: pa.Array) -> None:
        """Adds rows; ``lines`` say where in the file they stand. Returns while they are sent."""
        first = pa.scalar(self._first_version, pa.uint64())
        versions = pc.add(lines.cast(pa.uint64()), first)
        rows = batch.append_column("version", versions).select(list(self._to.inserted))
        if self._part is None:
            self._part = _Part(self._clickhouse, self._to.incoming, rows.schema)
        await self._part.add(rows)
        if self._part.rows >= PART_ROWS:
            await self._end_part()

    async def flush(self) -> None:
        """Returns when all rows added so far are on disk."""
        await self._end_part()
        await self._end_part()

    async def _end_part(self) -> None:
        """Ends the part at hand and waits for the one before: while the server writes one, the next
        is read."""
        before, self._sorted, self._part = self._sorted, self._part, None
        if self._sorted is not None:
            await self._sorted.end()
        if before is not None:
            await before.written()

    async def unknown_companies(self) -> AsyncIterator[list[Reject]]:
        """Takes out the persons whose company is not loaded, and tells them."""
        found = False
        async for lines in self._lines(_UNKNOWN_COMPANY):
            found = True
            yield [Reject(line, Reason.UNKNOWN_COMPANY, "company_id") for line in lines]
        if found:
            await self._clickhouse.execute(
                f"DELETE FROM {self._to.incoming} WHERE {_UNKNOWN_COMPANY}",  # noqa: S608
                Profile.LOAD,
            )

    async def duplicates(self) -> AsyncIterator[list[Reject]]:
        """Tells the rows whose id a later row of the file has, which replaces them."""
        table, id_column = self._to.incoming, self._to.id_column
        # Ids are grouped by a hash of eight bytes, which takes a tenth of the memory; the few that
        # share one are then told apart by the ids themselves.
        repeated = (
            f"SELECT cityHash64({id_column}) AS hash FROM {table}"  # noqa: S608
            " GROUP BY hash HAVING min(version) != max(version)"
        )
        earlier = (
            f"version IN (SELECT version FROM (SELECT version, max(version) OVER"  # noqa: S608
            f" (PARTITION BY {id_column}) AS last FROM {table}"
            f" WHERE cityHash64({id_column}) IN ({repeated})) WHERE version != last)"
        )
        async for lines in self._lines(earlier):
            yield [Reject(line, Reason.DUPLICATE_ID) for line in lines]

    async def hand_over(self) -> None:
        """Makes the rows part of their table, in one step."""
        await self._clickhouse.execute(
            f"ALTER TABLE {self._to.table} ATTACH PARTITION tuple() FROM {self._to.incoming}",
            Profile.LOAD,
        )
        await self.drop()

    async def drop(self) -> None:
        """Forgets the rows."""
        for part in (self._sorted, self._part):
            if part is not None:
                await part.abandon()
        self._sorted = self._part = None
        await self._clickhouse.execute(
            f"DROP TABLE IF EXISTS {self._to.incoming} SYNC", Profile.LOAD
        )

    async def _lines(self, condition: str) -> AsyncIterator[Sequence[int]]:
        """The lines of the rows that meet a condition, in order, some at a time."""
        after = 0
        while True:
            rows = await self._clickhouse.fetch(
                f"SELECT DISTINCT version FROM {self._to.incoming} WHERE {condition}"  # noqa: S608
                " AND version > {after:UInt64} ORDER BY version LIMIT {page:UInt32}",
                {"after": after, "page": _PAGE_LINES},
                Profile.LOAD,
            )
            if rows:
                after = rows[-1][0]
                yield [version - self._first_version for (version,) in rows]
            if len(rows) < _PAGE_LINES:
                return


class CompanyDomains:
    """Finds the companies of domains, many at a time: they would not fit into a statement."""

    _TABLE = "persons_incoming_domains"

    def __init__(self, clickhouse: ClickHouse):
        self._clickhouse = clickhouse

    async def companies(self, domains: pa.Array) -> dict[str, str]:
        """The company at each of these distinct domains; of several the first by id."""
        await self.drop()
        await self._clickhouse.execute(
            f"CREATE TABLE {self._TABLE} (domain String) ENGINE = Memory", Profile.LOAD
        )
        batch = pa.RecordBatch.from_pydict({"domain": domains})
        await self._clickhouse.insert_arrow(self._TABLE, ("domain",), _whole(batch), Profile.LOAD)
        rows = await self._clickhouse.fetch(
            "SELECT domain, min(company_id) FROM companies FINAL"  # noqa: S608
            f" WHERE domain IN (SELECT domain FROM {self._TABLE}) GROUP BY domain",
            {},
            Profile.LOAD,
        )
        return dict(map(tuple, rows))

    async def drop(self) -> None:
        """Forgets the domains."""
        await self._clickhouse.execute(f"DROP TABLE IF EXISTS {self._TABLE} SYNC", Profile.LOAD)


class _Part:
    """One INSERT, fed with batches while it runs."""

    def __init__(self, clickhouse: ClickHouse, table: str, schema: pa.Schema):
        self.rows = 0
        # One batch waits while one is sent: reading and sending overlap, and memory is bounded.
        self._messages: asyncio.Queue[pa.Buffer | bytes | None] = asyncio.Queue(1)
        self._messages.put_nowait(schema.serialize())
        self._insert = asyncio.create_task(
            clickhouse.insert_arrow(table, schema.names, self._pieces(), Profile.LOAD)
        )

    async def add(self, batch: pa.RecordBatch) -> None:
        """Adds a batch; raises what the INSERT raised."""
        self.rows += len(batch)
        await self._send(batch.serialize())

    async def end(self) -> None:
        """Ends the rows; raises what the INSERT raised."""
        await self._send(_END_OF_STREAM)
        await self._send(None)

    async def written(self) -> None:
        """Waits for the end of the INSERT."""
        await self._insert

    async def abandon(self) -> None:
        """Breaks the INSERT off."""
        self._insert.cancel()
        await asyncio.wait((self._insert,))

    async def _send(self, message: pa.Buffer | bytes | None) -> None:
        putting = asyncio.create_task(self._messages.put(message))
        await asyncio.wait((putting, self._insert), return_when=asyncio.FIRST_COMPLETED)
        if not putting.done():
            putting.cancel()
            await self._insert

    async def _pieces(self) -> AsyncIterator[bytes]:
        while (message := await self._messages.get()) is not None:
            view = memoryview(message)
            for start in range(0, len(view), _PIECE_BYTES):
                yield bytes(view[start : start + _PIECE_BYTES])


async def _whole(batch: pa.RecordBatch) -> AsyncIterator[bytes]:
    """A small batch as a complete Arrow stream."""
    yield batch.schema.serialize().to_pybytes()
    yield batch.serialize().to_pybytes()
    yield _END_OF_STREAM
