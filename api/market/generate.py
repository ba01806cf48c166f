"""A synthetic market as Parquet: believable companies and people, all invented, in any number.

The same seed and count give the same rows on every machine. No row can be mistaken for a real one:
domains and mail addresses end in ``.example`` (RFC 2606), phone numbers are from the block 555-0100
to 555-0199.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.errors import DomainError, ErrorCode, invalid
from api.market.companies import COMPANY_SCHEMA, CompanyBlock, CompanyMaker
from api.market.draws import Draws
from api.market.locations import locations
from api.market.names import names
from api.market.people import PERSON_SCHEMA, PeopleMaker

MAX_PERSONS = 100_000_000
MAX_SEED = 2**63 - 1
# About a hundred thousand people, which is a row group: memory does not grow with the market.
_BLOCK_COMPANIES = 12_000
# A block that ends the market is made somewhat longer than needed and cut: a company lists more
# people than this on average.
_LEAST_LISTED = 6
_LEAST_BLOCK = 64
_ROWS_PER_GROUP = 100_000
_ROWS_PER_FILE = 5_000_000


@dataclass(frozen=True, slots=True)
class Market:
    """A market that has been written: how many rows, and the files in the order of their rows."""

    companies: int
    persons: int
    company_files: tuple[Path, ...]
    person_files: tuple[Path, ...]


def _quiet(_: int) -> None:
    """Progress that nobody watches."""


def generate(
    persons: int, out: Path, *, seed: int = 1, progress: Callable[[int], None] = _quiet
) -> Market:
    """Write a market of exactly ``persons`` people and their companies into the folder ``out``.

    ``persons`` is 1 to ``MAX_PERSONS``, ``seed`` 0 to ``MAX_SEED``. The folder is made if need be;
    the files ``companies-00000.parquet``, ``persons-00000.parquet`` and so on appear in it when all
    is written. ``progress`` is called with the number of people written since its last call.

    Raises ``DomainError``: ``invalid_input`` for a number out of bounds, ``conflict`` when the
    folder holds a market already. An ``OSError`` (no space, no permission) leaves no file behind.
    """
    if not 1 <= persons <= MAX_PERSONS:
        raise invalid("persons", f"must be a number from 1 to {MAX_PERSONS:,}.")
    if not 0 <= seed <= MAX_SEED:
        raise invalid("seed", f"must be a number from 0 to {MAX_SEED}.")
    out.mkdir(parents=True, exist_ok=True)
    if any(out.glob("companies-*.parquet")) or any(out.glob("persons-*.parquet")):
        raise DomainError(
            ErrorCode.CONFLICT, f"{out} holds a market already; choose another folder or empty it."
        )
    unfinished = Path(tempfile.mkdtemp(prefix=".market-", dir=out))
    try:
        with (
            _Files(unfinished, "companies", COMPANY_SCHEMA) as company_rows,
            _Files(unfinished, "persons", PERSON_SCHEMA) as person_rows,
        ):
            for companies, people in _blocks(persons, seed):
                company_rows.write(companies.table)
                person_rows.write(people)
                progress(len(people))
        return Market(
            companies=company_rows.rows,
            persons=person_rows.rows,
            company_files=_publish(company_rows.paths, out),
            person_files=_publish(person_rows.paths, out),
        )
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def sample(
    persons: int, *, seed: int = 1, progress: Callable[[int], None] = _quiet
) -> Iterator[Market]:
    """A market as ``generate`` makes it, in a temporary folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="stibnite-sample-") as folder:
        yield generate(persons, Path(folder), seed=seed, progress=progress)


def first_rows(file: Path, rows: int) -> Path:
    """A file beside this one with its first ``rows`` rows."""
    with pq.ParquetFile(file) as source:
        first = next(source.iter_batches(rows))
    head = file.with_name(f"first-{file.name}")
    pq.write_table(pa.Table.from_batches([first]), head, compression="zstd")
    return head


def _blocks(persons: int, seed: int) -> Iterator[tuple[CompanyBlock, pa.Table]]:
    """Blocks of companies with their people, until there are exactly ``persons``."""
    draws = Draws(seed)
    company_maker = CompanyMaker(draws, persons, names(), locations())
    people_maker = PeopleMaker(draws, names(), locations())
    first_company = first_person = 0
    while first_person < persons:
        wanted = persons - first_person
        count = min(_BLOCK_COMPANIES, _LEAST_BLOCK + wanted // _LEAST_LISTED)
        companies = company_maker.block(first_company, count)
        total = np.cumsum(companies.listed)
        if total[-1] >= wanted:
            last = int(np.searchsorted(total, wanted))
            rest = int(companies.listed[last] - (total[last] - wanted))
            companies = companies.head(last + 1, rest)
        people = people_maker.table(companies, first_person)
        yield companies, people
        first_company += len(companies.listed)
        first_person += len(people)


class _Files:
    """The rows of one table, in numbered files of full row groups."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self.rows = 0
        self.paths: list[Path] = []
        self._folder = folder
        self._name = name
        self._schema = schema
        self._writer: pq.ParquetWriter | None = None
        self._in_file = 0
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        try:
            if failure is None:
                self._flush()
        finally:
            self._close()

    def write(self, table: pa.Table) -> None:
        """Add rows; they are written as soon as they fill a row group."""
        self._waiting.append(table)
        self._waiting_rows += len(table)
        self.rows += len(table)
        if self._waiting_rows >= _ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting_rows == 0:
            return
        if self._writer is None:
            path = self._folder / f"{self._name}-{len(self.paths):05}.parquet"
            self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
            self.paths.append(path)
        self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=self._waiting_rows)
        self._in_file += self._waiting_rows
        self._waiting, self._waiting_rows = [], 0
        if self._in_file >= _ROWS_PER_FILE:
            self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._in_file = None, 0


def _publish(paths: list[Path], out: Path) -> tuple[Path, ...]:
    return tuple(path.rename(out / path.name) for path in paths)
