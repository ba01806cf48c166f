"""The rows of users' files in batches of text columns, whatever format they are in.

Memory stays bounded: a batch ends at a number of rows or of characters. A row that cannot be read
is rejected and never stops the others.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from api.load.batches import LISTS_OF_NUMBERS, RawBatch, TextBatch
from api.load.columns import LISTS, VECTORS, Reason
from api.load.csv_records import records
from api.load.json_rows import column_of, from_objects, json_object, vector_of
from api.load.parquet_rows import as_text, is_readable, without_bad_text
from api.load.rejects import Reject
from api.load.sources import Format, Source, unreadable

PARQUET_BATCH_ROWS = 65_536


class Reader:
    """Reads one file; ``ignored`` are the names of its columns that nothing uses, known at the end.

    ``wanted`` are the columns by name; of each tuple in ``needed`` a CSV or Parquet file must have
    one, or it is refused.
    """

    def __init__(
        self, source: Source, wanted: tuple[str, ...], needed: tuple[tuple[str, ...], ...]
    ):
        self._source = source
        self._wanted = wanted
        self._needed = needed
        self.ignored: tuple[str, ...] = ()

    def batches(self) -> Iterator[RawBatch]:
        """The rows of the file; raises ``invalid_input`` where the file cannot be read on."""
        match self._source.format:
            case Format.CSV:
                return self._csv()
            case Format.JSON_LINES:
                return self._json_lines()
            case Format.PARQUET:
                return self._parquet()

    def _csv(self) -> Iterator[RawBatch]:
        rows = records(self._source.lines())
        header = next(rows)
        if header.fault is not None:
            raise unreadable(self._source.path, f"its header has a fault ({header.fault})")
        positions = self._positions(header.cells)
        width = len(header.cells)
        batch = TextBatch()
        for line, cells, fault in rows:
            if fault is not None:
                batch.rejects.append(Reject(line, fault))
            elif len(cells) != width:
                detail = f"{len(cells)} instead of {width}"
                batch.rejects.append(Reject(line, Reason.WRONG_CELL_COUNT, detail))
            else:
                batch.add(line, cells, sum(map(len, cells)))
            if batch.full:
                yield _from_cells(batch, positions)
                batch = TextBatch()
        yield _from_cells(batch, positions)

    def _json_lines(self) -> Iterator[RawBatch]:
        seen: dict[str, None] = {}
        batch = TextBatch()
        for number, line in enumerate(self._source.lines(), start=1):
            if line is None:
                batch.rejects.append(Reject(number, Reason.TOO_LONG))
                continue
            if line.isspace():
                continue
            row = json_object(line)
            if isinstance(row, Reason):
                batch.rejects.append(Reject(number, row))
            else:
                if not row.keys() <= seen.keys():
                    seen.update(dict.fromkeys(row))
                batch.add(number, row, len(line))
            if batch.full:
                yield from_objects(batch, self._wanted)
                batch = TextBatch()
        self.ignored = tuple(name for name in seen if name not in self._wanted)
        yield from_objects(batch, self._wanted)

    def _parquet(self) -> Iterator[RawBatch]:
        with self._source.seekable() as path:
            try:
                yield from self._parquet_batches(path)
            except (pa.ArrowException, OSError) as error:
                raise unreadable(self._source.path, "it is damaged or cut short") from error

    def _parquet_batches(self, path: Path) -> Iterator[RawBatch]:
        # Columns are read in pieces, not row group by row group: a group may be the whole file.
        with pq.ParquetFile(path, buffer_size=1024 * 1024, pre_buffer=False) as file:
            names = file.schema_arrow.names
            used = {name: names[at] for name, at in self._positions(names).items()}
            for name, original in used.items():
                kind = file.schema_arrow.field(original).type
                if not is_readable(name, kind):
                    raise unreadable(self._source.path, f"its column {name} is {kind}, not text")
            row = 1
            for batch in file.iter_batches(PARQUET_BATCH_ROWS, columns=list(used.values())):
                columns = {
                    name: as_text(name, batch.column(original)) for name, original in used.items()
                }
                lines = pa.array(np.arange(row, row + batch.num_rows))
                yield without_bad_text(RawBatch(columns, lines, []))
                row += batch.num_rows

    def _positions(self, names: list[str]) -> dict[str, int]:
        """Where the wanted columns are, by name without regard to case and spaces around it."""
        plain = [name.strip().lower() for name in names]
        positions = {name: plain.index(name) for name in self._wanted if name in plain}
        self.ignored = tuple(
            name.strip() for name, key in zip(names, plain, strict=True) if key not in self._wanted
        )
        for name in positions:
            if plain.count(name) > 1:
                raise unreadable(self._source.path, f"it has two columns {name}")
        for choice in self._needed:
            if not positions.keys() & set(choice):
                raise unreadable(self._source.path, f"it has no column {' or '.join(choice)}")
        return positions


def _from_cells(batch: TextBatch, positions: dict[str, int]) -> RawBatch:
    columns: dict[str, pa.Array] = {}
    rejected: dict[int, Reject] = {}
    for name, at in positions.items():
        cells = [row[at] for row in batch.rows]
        if name in VECTORS:
            columns[name] = column_of(name, LISTS_OF_NUMBERS, cells, vector_of, batch, rejected)
            continue
        text = pa.array(cells, pa.string())
        columns[name] = pc.split_pattern(text, ";") if name in LISTS else text
    return batch.finished(columns).without(rejected)
