"""The rejects file of a load: which rows did not load, where they stand, and why."""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from api.load.columns import Reason

HEADER = ("line", "reason", "detail")


class Reject(NamedTuple):
    """One rejected row. ``detail`` names what is wrong and never quotes the row."""

    line: int
    reason: Reason
    detail: str = ""


class Rejects:
    """Counts the rejected rows of one file and writes them to ``<file>.rejects.csv``.

    The file has the line on which the record begins (the header of a CSV file is line 1; in Parquet
    the row, from 1), in no certain order. It appears with the first rejected row; what a former
    load of the same file left is removed.
    """

    def __init__(self, source: Path, folder: Path):
        self.path = folder / f"{source.name}.rejects.csv"
        self.counts: Counter[Reason] = Counter()
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, rejects: Iterable[Reject]) -> None:
        """Rejects these rows."""
        for reject in rejects:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("w", encoding="utf-8", newline="")
                self._writer = csv.writer(self._file)
                self._writer.writerow(HEADER)
            self._writer.writerow(reject)
            self.counts[reject.reason] += 1
