"""Splitting CSV into records: RFC 4180, as far as real exports keep to it.

Not Python's ``csv``: that knows neither the line on which a record begins, nor whether a file ends
inside quotes, cannot go on after a cell that is too long, and stops at a lone carriage return.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from api.load.columns import Reason

RECORD_CHARS_MAX = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """One record: the line it begins on, and its cells or why it has none."""

    line: int
    cells: list[str]
    fault: Reason | None = None


def records(lines: Iterable[bytes | None]) -> Iterator[Record]:
    r"""The records of a file; lines that are empty are none.

    ``lines`` keep their ends, ``\n`` or ``\r\n``; one that was too long to be kept is ``None``.
    Quoted cells hold commas, doubled quotes and line breaks (as ``\n``); a quote anywhere else is a
    plain character.
    """
    quoted: _QuotedRecord | None = None
    for number, raw in enumerate(lines, start=1):
        if raw is None:
            yield Record(quoted.line if quoted else number, [], Reason.TOO_LONG)
            quoted = None
            continue
        text, fault = _decoded(raw.removeprefix(_BOM) if number == 1 else raw)
        if quoted is None:
            if not text or text.isspace():
                continue
            if '"' not in text:
                yield Record(number, text.split(","), fault)
                continue
            quoted = _QuotedRecord(number)
        if quoted.add(text, fault):
            yield quoted.record()
            quoted = None
        elif quoted.chars > RECORD_CHARS_MAX:
            yield Record(quoted.line, [], Reason.TOO_LONG)
            quoted = None
    if quoted is not None:
        yield Record(quoted.line, [], Reason.WRONG_CELL_COUNT)


def _decoded(raw: bytes) -> tuple[str, Reason | None]:
    """A line without its end. Bytes that are not UTF-8 spoil the record, not its structure."""
    if raw.endswith(b"\n"):
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace"), Reason.BAD_ENCODING
    return text, Reason.BAD_CHARACTER if "\0" in text else None


class _QuotedRecord:
    """A record with quotes in it, line after line."""

    def __init__(self, line: int):
        self.line = line
        self.chars = 0
        self._fault: Reason | None = None
        self._cells: list[str] = []
        # The pieces of the quoted cell that is open, else None.
        self._open: list[str] | None = None

    def record(self) -> Record:
        """The complete record."""
        return Record(self.line, self._cells, self._fault)

    def add(self, text: str, fault: Reason | None) -> bool:
        """Take the next line; whether the record is complete with it."""
        self._fault = self._fault or fault
        self.chars += len(text)
        position = 0
        while position <= len(text):
            if self._open is not None:
                position = self._read_quoted(text, position, self._open)
            elif text.startswith('"', position):
                self._open = []
                position += 1
            else:
                position = self._read_plain(text, position)
        return self._open is None

    def _read_plain(self, text: str, start: int) -> int:
        """Unquoted cells, up to the next quoted one or the end; where to go on."""
        end = text.find(',"', start)
        if end < 0:
            end = len(text)
        self._cells.extend(text[start:end].split(","))
        return end + 1

    def _read_quoted(self, text: str, start: int, pieces: list[str]) -> int:
        """On inside a quoted cell; where to go on: past the end when the cell does not end here."""
        while True:
            quote = text.find('"', start)
            if quote < 0:
                pieces += (text[start:], "\n")
                return len(text) + 1
            pieces.append(text[start:quote])
            if not text.startswith('"', quote + 1):
                break
            pieces.append('"')
            start = quote + 2
        # What stands between the closing quote and the comma belongs to the cell.
        end = text.find(",", quote + 1)
        if end < 0:
            end = len(text)
        pieces.append(text[quote + 1 : end])
        self._cells.append("".join(pieces))
        self._open = None
        return end + 1
