"""Loading organisations: read, check, gather, embed, publish.

Loading the same file twice changes nothing. An interrupted load can be run again, and does not
compute a vector twice. Of a file searches see all good rows, or none. One load at a time; the
caller sees to that.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from psycopg import AsyncConnection, OperationalError

from api.domain.organisation.embedder import Embedder, EmbeddingModel, check_same_model
from api.errors import DomainError, ErrorCode
from api.load.batches import RawBatch
from api.load.organisation_publish import prepare_for, publish, stored_model
from api.load.organisation_rows import IncomingOrganisations
from api.load.organisations import NEEDED, WANTED, organisation_batch
from api.load.readers import Reader
from api.load.rejects import Rejects
from api.load.service import FileReport
from api.load.sources import Source
from api.load.values import Verdicts
from api.progress import Bars, no_bars

_CONNECT_TIMEOUT_S = 5


@dataclass(slots=True)
class _Shaped:
    columns: pa.RecordBatch
    verdicts: Verdicts
    raw: RawBatch


async def load_organisations(
    database_url: str,
    embedder: Embedder,
    paths: Sequence[Path],
    *,
    rejects_folder: Path,
    bars: Bars = no_bars,
) -> list[FileReport]:
    """Loads organisation files into the Postgres at a plain ``postgresql://`` url.

    Raises ``invalid_input`` at a file that cannot be read, ``conflict`` where the stored vectors
    are of another model, and ``unavailable`` where the embedder or Postgres fails; the files before
    that one are loaded then.
    """
    reports = []
    try:
        connection = await AsyncConnection.connect(
            database_url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S
        )
        async with connection:
            await connection.execute("set timezone = 'UTC'")
            for path in paths:
                with Rejects(path, rejects_folder) as rejects:
                    reports.append(await _load_file(connection, embedder, path, rejects, bars))
    except OperationalError as error:
        raise DomainError(
            ErrorCode.UNAVAILABLE,
            "The organisation store cannot be reached, or had to stop. Of the file that was being"
            " loaded nothing is visible; load it again.",
        ) from error
    return reports


async def _load_file(
    connection: AsyncConnection, embedder: Embedder, path: Path, rejects: Rejects, bars: Bars
) -> FileReport:
    check_same_model(await stored_model(connection), embedder.model)
    await prepare_for(connection, embedder.model)
    source = await asyncio.to_thread(Source, path)
    reader = Reader(source, WANTED, NEEDED)
    incoming = await IncomingOrganisations.open(connection)
    try:
        loaded = await _add_rows(reader, incoming, embedder.model, rejects, bars)
        async for duplicates in incoming.duplicates():
            rejects.add(duplicates)
            loaded -= len(duplicates)
        if loaded:
            await incoming.embed(embedder, bars)
            await publish(connection)
    finally:
        if not connection.closed:
            await incoming.drop()
    return FileReport(
        path, loaded, rejects.counts, rejects.path if rejects.counts else None, reader.ignored
    )


async def _add_rows(
    reader: Reader,
    incoming: IncomingOrganisations,
    model: EmbeddingModel,
    rejects: Rejects,
    bars: Bars,
) -> int:
    """Adds all good rows; how many they are."""
    added = 0
    with bars("loading organisations", None) as bar:
        batches = reader.batches()
        while shaped := await asyncio.to_thread(_next_shaped, batches, model):
            rejects.add(shaped.raw.rejects)
            rejects.add(shaped.verdicts.rejects(shaped.raw.lines))
            columns, lines = shaped.columns, shaped.raw.lines
            kept = shaped.verdicts.kept
            if kept is not None:
                columns, lines = columns.filter(kept), lines.filter(kept)
            if len(lines):
                await incoming.add(columns, lines)
            added += len(lines)
            bar.advance(len(shaped.raw) + len(shaped.raw.rejects))
    return added


def _next_shaped(batches: Iterator[RawBatch], model: EmbeddingModel) -> _Shaped | None:
    raw = next(batches, None)
    if raw is None:
        return None
    verdicts = Verdicts(len(raw))
    return _Shaped(organisation_batch(raw, verdicts, model), verdicts, raw)
