"""The organisations of one file on their way into Postgres: all of them become visible, or none.

They are gathered in a table of their own, get their vectors there, and are published in one
transaction. What a killed load left there is dropped by the next; the vectors that it had computed
are kept.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Self

import numpy as np
import pyarrow as pa
from pgvector import HalfVector
from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection, sql

from api.domain.organisation.embedder import Embedder, Vectors, embedded_text
from api.load.columns import EMBEDDING, Reason
from api.load.organisations import EMBEDDING_HASH, STORED
from api.load.rejects import Reject
from api.progress import Bars

COLUMNS = (*STORED, EMBEDDING_HASH)
# Texts whose vectors are computed and put on disk together: what a kill can cost, in seconds.
WINDOW_TEXTS = 1_024
_PAGE_LINES = 500_000
_TYPES = {
    "summary_keywords": "text[]",
    "lat": "float8",
    "lon": "float8",
    "company_register_date": "date",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "embedding": "halfvec",
    "embedding_hash": "bytea",
}

# Of rows with the same domain the last is kept.
_REPEATED = """
    select line from (
        select line, max(line) over (partition by domain) as last from organisations_incoming
    ) as numbered where line <> last
"""
_REUSE = """
    update organisations_incoming as incoming set embedding = former.embedding
    from organisations as former
    where former.domain = incoming.domain and incoming.embedding is null
        and former.embedding_hash = incoming.embedding_hash
"""
_TO_EMBED = """
    select distinct on (embedding_hash)
        embedding_hash, name, left(summary, 8000), summary_keywords, left(text, 8000)
    from organisations_incoming as incoming
    where embedding is null and not exists (
        select from organisation_embeddings as known
        where known.embedding_hash = incoming.embedding_hash
    )
    order by embedding_hash
"""
_FILL = """
    update organisations_incoming as incoming set embedding = known.embedding
    from organisation_embeddings as known
    where incoming.embedding is null and known.embedding_hash = incoming.embedding_hash
"""


class IncomingOrganisations:
    """One file's rows, from the first batch until they are published."""

    def __init__(self, connection: AsyncConnection):
        self.connection = connection

    @classmethod
    async def open(cls, connection: AsyncConnection) -> Self:
        """An empty table for the rows of one file; the connection must commit by itself."""
        await register_vector_async(connection)
        incoming = cls(connection)
        await incoming.drop()
        # Not worth a log: after a crash of the server the file is loaded again.
        await connection.execute(
            "create unlogged table organisations_incoming (like organisations including defaults,"
            " line bigint not null)"
        )
        await connection.execute(
            "alter table organisations_incoming alter column embedding drop not null"
        )
        return incoming

    async def add(self, batch: pa.RecordBatch, lines: pa.Array) -> None:
        """Adds rows; ``lines`` say where in the file they stand."""
        names = (*COLUMNS, "line")
        copy = sql.SQL("copy organisations_incoming ({}) from stdin (format binary)").format(
            sql.SQL(", ").join(map(sql.Identifier, names))
        )
        columns = [
            _vectors(batch.column(name)) if name == EMBEDDING else batch.column(name).to_pylist()
            for name in COLUMNS
        ]
        async with self.connection.cursor() as cursor, cursor.copy(copy) as writer:
            writer.set_types([*(_TYPES.get(name, "text") for name in COLUMNS), "int8"])
            for row in zip(*columns, lines.to_pylist(), strict=True):
                await writer.write_row(row)

    async def duplicates(self) -> AsyncIterator[list[Reject]]:
        """Takes out the rows whose domain a later row of the file has, and tells them."""
        cursor = await self.connection.execute(
            f"delete from organisations_incoming where line in ({_REPEATED}) returning line"  # noqa: S608
        )
        while rows := await cursor.fetchmany(_PAGE_LINES):
            yield [Reject(line, Reason.DUPLICATE_ID) for (line,) in rows]

    async def embed(self, embedder: Embedder, bars: Bars) -> None:
        """Gives every row a vector: the one it had, one that was computed before, or a new one.

        Vectors are on disk a thousand at a time, for this load or the next one.
        """
        await self.connection.execute("analyze organisations_incoming")
        await self.connection.execute(_REUSE)
        async with self.connection.cursor("to_embed", withhold=True) as cursor:
            await cursor.execute(_TO_EMBED)
            with bars("embedding", await self._texts_to_embed()) as bar:
                while rows := await cursor.fetchmany(WINDOW_TEXTS):
                    vectors = await embedder.embed([embedded_text(*parts) for _, *parts in rows])
                    await self._keep([named for named, *_ in rows], vectors)
                    bar.advance(len(rows))
        await self.connection.execute(_FILL)

    async def _texts_to_embed(self) -> int:
        cursor = await self.connection.execute(
            f"select count(*) from ({_TO_EMBED}) as texts"  # noqa: S608 - a statement of ours
        )
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def _keep(self, hashes: list[bytes], vectors: Vectors) -> None:
        copy = "copy organisation_embeddings (embedding_hash, embedding) from stdin (format binary)"
        async with self.connection.cursor() as cursor, cursor.copy(copy) as writer:
            writer.set_types(["bytea", "halfvec"])
            for named, vector in zip(hashes, vectors, strict=True):
                await writer.write_row((named, HalfVector(vector)))

    async def drop(self) -> None:
        """Forgets the rows."""
        await self.connection.execute("drop table if exists organisations_incoming")


def _vectors(column: pa.Array) -> Sequence[HalfVector | None]:
    """The vectors of a column of lists that are null or all of one length."""
    if column.null_count == len(column):
        return [None] * len(column)
    filled = column.is_valid().to_numpy(zero_copy_only=False)
    rows = iter(column.flatten().to_numpy().reshape(int(np.count_nonzero(filled)), -1))
    return [HalfVector(next(rows)) if is_filled else None for is_filled in filled]
