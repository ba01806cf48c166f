"""JSON lines: one object a line, as columns of text."""

from collections.abc import Callable
from typing import Any

import orjson
import pyarrow as pa

from api.load.batches import LISTS_OF_NUMBERS, LISTS_OF_TEXT, RawBatch, TextBatch
from api.load.columns import FLAGS, LISTS, VECTORS, Reason
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
        kind, read = _kind_of(name)
        if name in LISTS:
            values = [each.split(";") if isinstance(each, str) else each for each in values]
        elif name in FLAGS:
            values = [str(each).lower() if isinstance(each, bool) else each for each in values]
        columns[name] = column_of(name, kind, values, read, batch, rejected)
    return batch.finished(columns).without(rejected)


def column_of(
    name: str,
    kind: pa.DataType,
    values: list[Any],
    read: Callable[[Any], Any],
    batch: TextBatch,
    rejected: dict[int, Reject],
) -> pa.Array:
    """Values as a column; those of another type are each ``read``, and rejected where that fails"""
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        results = [read(each) for each in values]
    for at, result in enumerate(results):
        if isinstance(result, Reason):
            rejected.setdefault(at, Reject(batch.lines[at], result, name))
    return pa.array([None if at in rejected else each for at, each in enumerate(results)], kind)


def vector_of(value: Any) -> list[float] | Reason | None:
    """A list of numbers; a text is read as JSON, and blank text is none."""
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return Reason.BAD_EMBEDDING
    if value is None:
        return None
    if not isinstance(value, list) or not all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in value
    ):
        return Reason.BAD_EMBEDDING
    return [float(each) for each in value]


def _kind_of(name: str) -> tuple[pa.DataType, Callable[[Any], Any]]:
    if name in VECTORS:
        return LISTS_OF_NUMBERS, vector_of
    return (LISTS_OF_TEXT, _keywords_of) if name in LISTS else (pa.string(), _text_of)


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
