"""Reading values, a column at a time: what is kept, and which rows are rejected for what.

The rules are those of every file that users bring: spaces around a value do not belong to it, a
blank cell is no value, identifiers and codes are text. Each rule looks at whole columns; only what
is odd (few values, in most files) is looked at one by one.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.load.columns import KEYWORDS, KEYWORDS_MAX, Column, Reason
from api.load.rejects import Reject

# Digits, in groups of three by comma or space or ungrouped, and perhaps ".0".
_WHOLE = r"^(?:[0-9]+|[0-9]{1,3}(?:[, \x{a0}\x{202f}][0-9]{3})+)(?:\.0+)?$"
_PLAIN_WHOLE = r"^[0-9]{1,18}$"
_NEGATIVE = r"^[-−]\s*[0-9]"
_INT64_DIGITS_MAX = 18

type Mask = pa.BooleanArray
NO_TEXT = pa.scalar(None, pa.string())


class Verdicts:
    """Which rows of a batch are rejected, each for the first fault that was found."""

    def __init__(self, rows: int):
        self._verdict = np.zeros(rows, np.uint8)
        self._faults: list[tuple[Reason, str]] = []

    def reject(self, mask: Mask, reason: Reason, column: str) -> None:
        """Rejects the rows where ``mask`` is true and that are not rejected yet."""
        wrong = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
        if wrong.any():
            self._faults.append((reason, column))
            self._verdict[wrong & (self._verdict == 0)] = len(self._faults)

    @property
    def kept(self) -> Mask | None:
        """The rows that are not rejected; ``None`` when that is all of them."""
        return pa.array(self._verdict == 0) if self._faults else None

    def rejects(self, lines: pa.Array) -> list[Reject]:
        """The rejected rows, in the order of the file."""
        at = np.flatnonzero(self._verdict)
        numbers = lines.to_numpy()[at].tolist()
        verdicts = self._verdict[at].tolist()
        return [
            Reject(number, *self._faults[verdict - 1])
            for number, verdict in zip(numbers, verdicts, strict=True)
        ]


def trimmed(column: pa.Array) -> pa.Array:
    """Text without the spaces around it; blank text is null."""
    if _is_trimmed(column):
        return column
    text = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(text, ""), NO_TEXT, text)


def _is_trimmed(column: pa.Array) -> bool:
    """Whether nothing is blank or may have spaces around it, which is so for most columns.

    Looking at the first and last byte of each value takes a fifth of the time that trimming does.
    """
    _, offsets, data = column.buffers()
    if data is None:
        return bool(column.null_count == len(column))
    bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    starts, ends = bounds[:-1], bounds[1:]
    filled = ends > starts
    if not (filled | column.is_null().to_numpy(zero_copy_only=False)).all():
        return False
    octets = np.frombuffer(data, np.uint8)
    edges = np.concatenate((octets[starts[filled]], octets[ends[filled] - 1]))
    # A space is an ASCII character up to the space itself, or none of ASCII.
    return not ((edges <= ord(" ")) | (edges >= 128)).any()


def checked_text(column: pa.Array, of: Column, verdicts: Verdicts) -> pa.Array:
    """A text column by its rules: present where required, within its length, without NUL."""
    text = trimmed(column)
    reject_nul(text, of.name, verdicts)
    if of.required is not None:
        verdicts.reject(pc.is_null(text), of.required, of.name)
    longest = pc.max(pc.binary_length(text)).as_py()
    if longest is not None and longest > of.max_chars:
        verdicts.reject(pc.greater(pc.utf8_length(text), of.max_chars), Reason.TOO_LONG, of.name)
    return text


def reject_nul(text: pa.Array, column: str, verdicts: Verdicts) -> None:
    """Rejects rows whose text holds a NUL, which separates values in the store."""
    data = text.buffers()[2]
    # Searching the bytes of all values at once costs a hundredth of asking each value.
    if data is not None and (np.frombuffer(data, np.uint8) == 0).any():
        verdicts.reject(pc.match_substring(text, "\0"), Reason.BAD_CHARACTER, column)


def whole_numbers(text: pa.Array, most: int, column: str, verdicts: Verdicts) -> pa.Array:
    """Whole numbers from 0 to ``most`` (int64); rejects negative ones and what is no number."""
    odd = pc.invert(pc.match_substring_regex(text, _PLAIN_WHOLE))
    if pc.any(odd).as_py():
        text = _plain_numbers(text, column, verdicts)
    numbers = pc.cast(text, pa.int64())
    verdicts.reject(pc.greater(numbers, most), Reason.BAD_NUMBER, column)
    return numbers


def _plain_numbers(text: pa.Array, column: str, verdicts: Verdicts) -> pa.Array:
    """Numbers without groups, ``.0`` and leading zeros; null for those that are rejected."""
    verdicts.reject(pc.match_substring_regex(text, _NEGATIVE), Reason.NEGATIVE_NUMBER, column)
    is_whole = pc.match_substring_regex(text, _WHOLE)
    digits = pc.replace_substring_regex(text, r"(?:\.0+$|[^0-9])", "")
    digits = pc.utf8_ltrim(digits, "0")
    digits = pc.if_else(pc.equal(digits, ""), "0", digits)
    good = pc.and_(is_whole, pc.less_equal(pc.utf8_length(digits), _INT64_DIGITS_MAX))
    verdicts.reject(pc.invert(good), Reason.BAD_NUMBER, column)
    return pc.if_else(good, digits, NO_TEXT)


def by_distinct_value(
    column: pa.Array, function: Callable[[str], object], result: pa.DataType
) -> pa.Array:
    """``function`` of each value, called once for each distinct one; null stays null."""
    encoded = column.dictionary_encode()
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], result)
    return results.take(encoded.indices)


def except_where(
    usual: pa.Array, odd: Mask, column: pa.Array, function: Callable[[str], str | None]
) -> pa.Array:
    """``usual``, but ``function(value)`` where ``odd`` is true: the slow path of the few."""
    odd = pc.fill_null(odd, False)
    if not pc.any(odd).as_py():
        return usual
    values = [function(value) for value in column.filter(odd).to_pylist()]
    return pc.replace_with_mask(usual, odd, pa.array(values, usual.type))


def clean_keywords(column: pa.Array, verdicts: Verdicts, name: str = KEYWORDS) -> pa.Array:
    """Lists of keywords without the spaces around each and without empty ones; null is empty."""
    verdicts.reject(pc.greater(pc.list_value_length(column), KEYWORDS_MAX), Reason.TOO_LONG, name)
    words = pc.utf8_trim_whitespace(pc.list_flatten(column))
    rows = pc.list_parent_indices(column)
    with_nul = pc.fill_null(pc.match_substring(words, "\0"), False)
    spoilt = np.zeros(len(column), bool)
    spoilt[rows.filter(with_nul).to_numpy()] = True
    verdicts.reject(pa.array(spoilt), Reason.BAD_CHARACTER, name)
    said = pc.fill_null(pc.not_equal(words, ""), False)
    counts = np.bincount(rows.filter(said).to_numpy(), minlength=len(column))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), words.filter(said))
