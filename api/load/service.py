"""Loading users' files: read, check, gather, hand over, then show readers the new state.

Loading the same file twice changes nothing: rows replace those of the same id, whole. A load that
was interrupted can be run again: of a file either all good rows are loaded or none, and searches
see the new state only when all of it is there. One load at a time; the caller sees to that.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from api.errors import DomainError
from api.load import companies, persons
from api.load.batches import RawBatch
from api.load.columns import Reason
from api.load.incoming import COMPANIES, PERSONS, CompanyDomains, Destination, Incoming
from api.load.publish import publish
from api.load.readers import Reader
from api.load.rejects import Rejects
from api.load.sources import Source
from api.load.values import Verdicts
from api.stores.clickhouse import ClickHouse

Progress = Callable[[int], None]


@dataclass(slots=True)
class FileReport:
    """What became of one file."""

    path: Path
    loaded: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    rejects_file: Path | None = None
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rows: where they go, the columns that are read, and how a batch is shaped."""

    to: Destination
    wanted: tuple[str, ...]
    needed: tuple[tuple[str, ...], ...]
    shape: Callable[[RawBatch, Verdicts], pa.RecordBatch]


@dataclass(slots=True)
class _Shaped:
    """A batch with the store's columns, and what is wrong with some of its rows."""

    columns: pa.RecordBatch
    verdicts: Verdicts
    raw: RawBatch


_COMPANIES = Kind(COMPANIES, companies.WANTED, companies.NEEDED, companies.company_batch)
_PERSONS = Kind(PERSONS, persons.WANTED, persons.NEEDED, persons.person_batch)


def _quiet(_: int) -> None:
    """Progress that nobody watches."""


async def load_companies(
    clickhouse: ClickHouse,
    paths: Sequence[Path],
    *,
    rejects_folder: Path,
    progress: Progress = _quiet,
) -> list[FileReport]:
    """Loads company files; ``progress`` is called with the rows read since its last call.

    Raises ``invalid_input`` at a file that cannot be read; those before it are loaded then.
    """
    return await _load(clickhouse, _COMPANIES, paths, rejects_folder, progress)


async def load_persons(
    clickhouse: ClickHouse,
    paths: Sequence[Path],
    *,
    rejects_folder: Path,
    progress: Progress = _quiet,
) -> list[FileReport]:
    """Loads person files, whose companies have to be loaded before. As ``load_companies``."""
    return await _load(clickhouse, _PERSONS, paths, rejects_folder, progress)


async def _load(
    clickhouse: ClickHouse,
    kind: Kind,
    paths: Sequence[Path],
    rejects_folder: Path,
    progress: Progress,
) -> list[FileReport]:
    reports: list[FileReport] = []
    try:
        for path in paths:
            with Rejects(path, rejects_folder) as rejects:
                reports.append(await _load_file(clickhouse, kind, path, rejects, progress))
    except DomainError:
        await _publish(clickhouse, reports)
        raise
    await _publish(clickhouse, reports)
    return reports


async def _publish(clickhouse: ClickHouse, reports: list[FileReport]) -> None:
    if any(report.loaded for report in reports):
        await publish(clickhouse)


async def _load_file(
    clickhouse: ClickHouse, kind: Kind, path: Path, rejects: Rejects, progress: Progress
) -> FileReport:
    source = await asyncio.to_thread(Source, path)
    reader = Reader(source, kind.wanted, kind.needed)
    incoming = await Incoming.open(clickhouse, kind.to)
    try:
        loaded = await _add_rows(clickhouse, kind, reader, incoming, rejects, progress)
        if kind is _PERSONS:
            async for unknown in incoming.unknown_companies():
                rejects.add(unknown)
                loaded -= len(unknown)
        async for duplicates in incoming.duplicates():
            rejects.add(duplicates)
            loaded -= len(duplicates)
        if loaded:
            await incoming.hand_over()
    finally:
        await incoming.drop()
    return FileReport(
        path,
        loaded,
        rejects.counts,
        rejects.path if rejects.counts else None,
        reader.ignored,
    )


async def _add_rows(
    clickhouse: ClickHouse,
    kind: Kind,
    reader: Reader,
    incoming: Incoming,
    rejects: Rejects,
    progress: Progress,
) -> int:
    """Adds all good rows; how many they are. While one batch is sent, the next is read."""
    batches = reader.batches()
    domains = CompanyDomains(clickhouse)
    added = 0
    while shaped := await asyncio.to_thread(_next_shaped, batches, kind):
        if persons.DOMAIN in shaped.columns.schema.names:
            await _find_companies(shaped, domains)
        rejects.add(shaped.raw.rejects)
        rejects.add(shaped.verdicts.rejects(shaped.raw.lines))
        columns, lines = shaped.columns, shaped.raw.lines
        kept = shaped.verdicts.kept
        if kept is not None:
            columns, lines = columns.filter(kept), lines.filter(kept)
        if len(lines):
            await incoming.add(columns, lines)
        added += len(lines)
        progress(len(shaped.raw) + len(shaped.raw.rejects))
    await incoming.flush()
    return added


def _next_shaped(batches: Iterator[RawBatch], kind: Kind) -> _Shaped | None:
    raw = next(batches, None)
    if raw is None:
        return None
    verdicts = Verdicts(len(raw))
    return _Shaped(kind.shape(raw, verdicts), verdicts, raw)


async def _find_companies(shaped: _Shaped, domains: CompanyDomains) -> None:
    """Replaces the column of domains, given where no company id is, by the companies there."""
    at = shaped.columns.schema.names.index(persons.DOMAIN)
    asked = shaped.columns.column(at)
    columns = shaped.columns.remove_column(at)
    encoded = asked.dictionary_encode()
    if len(encoded.dictionary):
        found = await domains.companies(encoded.dictionary)
        ids = pa.array(map(found.get, encoded.dictionary.to_pylist()), pa.string())
        by_domain = ids.take(encoded.indices)
        shaped.verdicts.reject(
            pc.and_(pc.is_valid(asked), pc.is_null(by_domain)),
            Reason.UNKNOWN_COMPANY,
            persons.DOMAIN,
        )
        columns = columns.set_column(
            columns.schema.names.index("company_id"),
            "company_id",
            pc.coalesce(columns.column("company_id"), by_domain),
        )
    shaped.columns = columns
