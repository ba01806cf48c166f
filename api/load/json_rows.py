"""JSON lines: one object a line, as columns of text."""

from typing import Any

import orjson
import pyarrow as pa

from api.load.batches import LISTS_OF_TEXT, RawBatch, TextBatch
from api.load.columns import KEYWORDS, Reason
from api.load.rejects import Reject

# Whole numbers up to here are exact as floats.
_FLOAT_WHOLE_MAX = 2.0**53


def json_object(line: bytes) -> dict[str, Any] | Reason:
    """The object on a line, or why there is none."""
    try:
        row = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        try:
            line.decode()
        except UnicodeDecodeError:
            return Reason.BAD_ENCODING
        return Reason.BAD_JSON
    return row if isinstance(row, dict) else Reason.BAD_JSON


def from_objects(batch: TextBatch, wanted: tuple[str, ...]) -> RawBatch:
    """The columns of gathered objects; rejects those with a value of a type that is no text."""
    columns: dict[str, pa.Array] = {}
    rejected: dict[int, Reject] = {}
    for name in wanted:
        values = [row.get(name) for row in batch.rows]
        if name == KEYWORDS:
            values = [each.split(";") if isinstance(each, str) else each for each in values]
        kind = LISTS_OF_TEXT if name == KEYWORDS else pa.string()
        try:
            columns[name] = pa.array(values, kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            read = _keywords_of if name == KEYWORDS else _text_of
            texts = [read(each) for each in values]
            for at, text in enumerate(texts):
                if text is Reason.BAD_TYPE:
                    rejected.setdefault(at, Reject(batch.lines[at], Reason.BAD_TYPE, name))
            columns[name] = pa.array(
                [None if at in rejected else text for at, text in enumerate(texts)], kind
            )
    return batch.finished(columns).without(rejected)


def _text_of(value: Any) -> str | Reason | None:
    """A value as text: numbers as they are written, whole ones without their ``.0``."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        return Reason.BAD_TYPE
    if isinstance(value, float) and value.is_integer() and abs(value) < _FLOAT_WHOLE_MAX:
        return str(int(value))
    return str(value)


def _keywords_of(value: Any) -> list[str | None] | Reason | None:
    if value is None:
        return None
    words = [_text_of(each) for each in (value if isinstance(value, list) else [value])]
    if Reason.BAD_TYPE in words:
        return Reason.BAD_TYPE
    return [word if isinstance(word, str) else None for word in words]
