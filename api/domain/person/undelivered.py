"""Records for a page of a dedupe scope: what it was given already is skipped.

Skipped rows are read from the engine in batches that double, and each batch is looked up by one
statement, so a request costs in proportion to what it skips. That is little: a scope remembers up
to where it was given everything, and searches begin there, so that the hundredth page of a campaign
costs what the first did. Only new data, and cursors that go back, look again.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.person import queries
from api.domain.person.delivered import (
    Position,
    Standing,
    advance,
    claim,
    delivered_among,
    delivered_among_in,
    hold,
    standing,
)
from api.domain.person.records import PersonRow
from api.stores.conditions import Conditions
from api.work import Stores

_BATCH_MAX = 5_000
SCANNED_MAX = 100_000
"""Rows that one request looks at, some 10 ms for each 1,000; the next goes on from there."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where a search for undelivered records began and ended, and in which data.

    ``is_all``: nothing that matches lies behind ``reached``, the last row that was looked at.
    Without a ``generation`` the scope is not told how far it came.
    """

    start: Position | None
    reached: Position | None
    is_all: bool
    generation: UUID | None


class Overtaken(Exception):
    """Another request delivered some of the found records first: find again."""


async def undelivered(
    stores: Stores,
    conditions: Conditions,
    scope: bytes,
    after: Position | None,
    wanted: int,
    *,
    remembers: bool,
) -> tuple[list[PersonRow], Look]:
    """Up to ``wanted`` rows behind a position that match and that the scope was not given.

    ``remembers`` says that what matches depends on the criteria and the people's data alone.
    """
    known = await standing(stores.postgres, scope)
    generation = await queries.generation(stores.clickhouse) if remembers else None
    start = after
    if generation and known and known.generation == generation and known.position is not None:
        start = known.position if after is None else max(after, known.position)
    fresh: list[PersonRow] = []
    reached, scanned, batch = start, 0, wanted
    while True:
        rows = await queries.page(stores.clickhouse, conditions, reached, batch)
        scanned += len(rows)
        is_all = len(rows) < batch
        if rows:
            reached = position_of(rows[-1])
        if known is not None and rows:
            ids = [row.person_id for row in rows]
            given = await delivered_among(stores.postgres, scope, ids)
            rows = [row for row in rows if row.person_id not in given]
        fresh += rows
        if len(fresh) > wanted:
            fresh = fresh[:wanted]
            return fresh, Look(start, position_of(fresh[-1]), False, generation)
        if is_all or len(fresh) == wanted or scanned >= SCANNED_MAX:
            return fresh, Look(start, reached, is_all, generation)
        batch = min(2 * batch, _BATCH_MAX)


async def take(
    connection: AsyncConnection,
    scope: bytes,
    account_id: UUID,
    rows: list[PersonRow],
    look: Look,
    size: int,
    *,
    must_fill: bool,
) -> list[PersonRow]:
    """Gives the scope up to ``size`` of the rows, and all that it can still be given, those first.

    Deliveries of one scope wait for each other here, so that none takes what another is taking; the
    key of what was delivered holds whatever this does. Raises :class:`Overtaken` where others took
    some and, with ``must_fill``, too few are left.
    """
    known = await hold(connection, scope, account_id)
    ids = [row.person_id for row in rows]
    given = await delivered_among_in(connection, scope, ids) if ids else set()
    left = [row for row in rows if row.person_id not in given]
    if must_fill and given and len(left) < size and not look.is_all:
        raise Overtaken
    taken = [row.person_id for row in left[:size]]
    if taken and await claim(connection, scope, account_id, taken) != set(taken):
        raise Overtaken
    if size:
        reached = position_of(left[size - 1]) if size < len(left) else look.reached
        await _advance(connection, scope, known, look, reached)
    return left


async def _advance(
    connection: AsyncConnection,
    scope: bytes,
    known: Standing,
    look: Look,
    reached: Position | None,
) -> None:
    """Notes that the scope was given everything up to ``reached``, where that is new and true."""
    if look.generation is None:
        return
    position = known.position if known.generation == look.generation else None
    # From a later start, what lies between was not looked at.
    gapless = look.start is None or (position is not None and look.start <= position)
    if reached is not None and gapless and (position is None or reached > position):
        await advance(connection, scope, look.generation, reached)


def position_of(row: PersonRow) -> Position:
    """The place of a row in the total order."""
    return row.rank, row.person_id
