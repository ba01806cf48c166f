"""Parquet: columns of many types, as columns of text."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from api.load.batches import LISTS_OF_NUMBERS, LISTS_OF_TEXT, RawBatch
from api.load.columns import FLAGS, LISTS, VECTORS, Reason
from api.load.rejects import Reject

# Whole numbers up to here are exact as floats.
_FLOAT_WHOLE_MAX = 2.0**53


def is_readable(name: str, kind: pa.DataType) -> bool:
    """Whether a column of this type can be read as text, or as the lists that belong there."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_list(kind):
        return (name in LISTS and _is_text(kind.value_type)) or (
            name in VECTORS and _is_number(kind.value_type)
        )
    if name in VECTORS:
        return bool(pa.types.is_null(kind))
    return (
        _is_text(kind)
        or (name in FLAGS and pa.types.is_boolean(kind))
        or pa.types.is_date(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_text(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_null,
    )
    return any(test(kind) for test in tests)


def as_text(name: str, column: pa.Array) -> pa.Array:
    """A column of a readable type as text, or as the lists that belong there.

    Numbers that a nullable column made floats are whole again: 7372.0 is 7372.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if name in VECTORS:
        return pc.cast(column, LISTS_OF_NUMBERS)
    if _is_list(column.type):
        return _cast(column, LISTS_OF_TEXT)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
        whole = pc.and_(
            pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _FLOAT_WHOLE_MAX)
        )
        numbers = pc.cast(pc.if_else(whole, column, None), pa.int64())
        column = pc.coalesce(pc.cast(numbers, pa.string()), pc.cast(column, pa.string()))
    text = _cast(column, pa.string())
    return pc.split_pattern(text, ";") if name in LISTS else text


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    # What is not UTF-8 is looked for afterwards, so that it costs its row and not the file.
    return pc.cast(column, options=pc.CastOptions(kind, allow_invalid_utf8=True))


def without_bad_text(batch: RawBatch) -> RawBatch:
    """Without the rows that hold bytes that are not UTF-8; Parquet does not see to that."""
    rejected: dict[int, Reject] = {}
    for name, column in batch.columns.items():
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            for at in _rows_with_bad_text(column):
                line = batch.lines[at].as_py()
                rejected.setdefault(at, Reject(line, Reason.BAD_ENCODING, name))
    return batch.without(rejected)


def _rows_with_bad_text(column: pa.Array) -> Iterator[int]:
    is_list = pa.types.is_list(column.type)
    kind = pa.list_(pa.binary()) if is_list else pa.binary()
    for at, value in enumerate(pc.cast(column, kind).to_pylist()):
        pieces = value if is_list else [value]
        try:
            for piece in pieces or ():
                if piece is not None:
                    piece.decode()
        except UnicodeDecodeError:
            yield at
