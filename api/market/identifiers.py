"""Columns of identifiers, codes and phone numbers, made from row numbers without a loop."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.market.draws import Ints

# No vowels, so that no code spells a word.
_LETTERS = np.frombuffer(b"0123456789bcdfghjkmnpqrstvwxyz", dtype=np.uint8)
_DIGITS = _LETTERS[:10]
_RADIX = len(_LETTERS)
_CODE_WIDTHS = (3, 4, 5)
_PROFILE_DIGITS = 10
# Shares no factor with 10 or 30, so multiplying by it keeps residues modulo their powers distinct.
_SPREAD = 6_180_339_887

MAX_CODES = sum(_RADIX**width for width in _CODE_WIDTHS)


def numbered(prefix: str, numbers: Ints, width: int) -> pa.StringArray:
    """``prefix`` and the number, with leading zeros to ``width`` digits."""
    letters = _in_base(numbers, 10, width, _DIGITS)
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    return _strings(np.hstack([np.broadcast_to(head, (len(numbers), len(head))), letters]))


def codes(numbers: Ints) -> pa.StringArray:
    """A short code for each number from 0 to ``MAX_CODES`` - 1; different numbers, different codes.

    The first 27,000 have three letters or digits, later ones four and five.
    """
    parts = []
    first = 0
    for width in _CODE_WIDTHS:
        size = _RADIX**width
        inside = numbers[(numbers >= first) & (numbers < first + size)] - first
        parts.append(_strings(_in_base(inside * _SPREAD % size, _RADIX, width, _LETTERS)))
        first += size
    # Blocks are consecutive numbers, so the widths come in order.
    return pa.concat_arrays(parts)


def profile_numbers(numbers: Ints) -> pa.StringArray:
    """Ten digits for each number below 1e9, distinct and in no visible order."""
    scrambled = numbers * _SPREAD % 10**_PROFILE_DIGITS
    return _strings(_in_base(scrambled, 10, _PROFILE_DIGITS, _DIGITS))


def _in_base(numbers: Ints, base: int, width: int, letters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rest = numbers.astype(np.int64, copy=True)
    digits = np.empty((len(numbers), width), dtype=np.uint8)
    for position in reversed(range(width)):
        rest, digit = np.divmod(rest, base)
        digits[:, position] = letters[digit]
    return digits


def _strings(letters: NDArray[np.uint8]) -> pa.StringArray:
    """One string a row of ASCII bytes."""
    count, width = letters.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(letters)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))
