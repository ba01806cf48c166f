"""Batches of rows between the formats that they are read from and the rules that they must meet."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from api.load.rejects import Reject

TEXT_BATCH_ROWS = 50_000
TEXT_BATCH_CHARS = 32 * 1024 * 1024
LISTS_OF_TEXT = pa.list_(pa.string())
LISTS_OF_NUMBERS = pa.list_(pa.float32())


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Rows as they were read: ``columns`` are text, lists of text, or of numbers; null is absent.

    ``lines`` tells where each row begins; ``rejects`` are rows that are in no column.
    """

    columns: dict[str, pa.Array]
    lines: pa.Array
    rejects: list[Reject]

    def __len__(self) -> int:
        return len(self.lines)

    def without(self, rejected: dict[int, Reject]) -> "RawBatch":
        """The batch without the rows at these places, which are rejected."""
        if not rejected:
            return self
        kept = np.ones(len(self), bool)
        kept[list(rejected)] = False
        mask = pa.array(kept)
        return RawBatch(
            {name: column.filter(mask) for name, column in self.columns.items()},
            self.lines.filter(mask),
            [*self.rejects, *rejected.values()],
        )


class TextBatch:
    """Rows of a text format, gathered until they are many or long."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.lines: list[int] = []
        self.rejects: list[Reject] = []
        self._chars = 0

    def add(self, line: int, row: Any, chars: int) -> None:
        """Adds a row of about this many characters."""
        self.rows.append(row)
        self.lines.append(line)
        self._chars += chars

    @property
    def full(self) -> bool:
        """Whether it is time to hand the rows on."""
        return (
            len(self.rows) >= TEXT_BATCH_ROWS
            or len(self.rejects) >= TEXT_BATCH_ROWS
            or self._chars >= TEXT_BATCH_CHARS
        )

    def finished(self, columns: dict[str, pa.Array]) -> RawBatch:
        """The rows as these columns."""
        return RawBatch(columns, pa.array(self.lines, pa.int64()), self.rejects)
