"""Texts from patterns: "{surname} & {surname} Law" becomes a column of names, a million a second.

A word list is a range in one long list of strings, the pool. A pattern is a row of such ranges, a
literal being a range of one. So a column of texts is a few arrays of positions in the pool, taken
and joined by Arrow, whatever pattern each row follows.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.market.draws import Draws, Ints, Rows

# A choice is a table of so many tickets: shares are exact to a thousandth, a draw is one look-up.
TICKETS = 1024
# A host name's label has at most 63 characters; a code of up to 12 is added to each slug.
SLUG_CHARS_MAX = 50
_SLOT = re.compile(r"\{(\w+)\}")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_DRAWN = -1


def fold(text: str) -> str:
    """``text`` in lower-case ASCII: accents are dropped, as mail servers and hosts write names."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.lower()


def tickets(shares: Sequence[float], count: int = TICKETS) -> Ints:
    """``count`` positions in ``shares``, each as often as its share says and at least once.

    Raises ValueError when there are more shares than tickets.
    """
    weights = np.asarray(shares, dtype=np.float64)
    if weights.size > count:
        raise ValueError(f"{weights.size} choices are more than {count} tickets")
    exact = 1 + weights / math.fsum(shares) * (count - weights.size)
    counts = np.floor(exact).astype(np.int64)
    largest_remainders = np.argsort(counts - exact, kind="stable")[: count - counts.sum()]
    counts[largest_remainders] += 1
    return np.repeat(np.arange(weights.size), counts)


@dataclass(frozen=True, slots=True)
class Layout:
    """The words chosen for some rows: a column of positions in the pool for each segment."""

    segments: tuple[Ints, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    """One part of a pattern: a range of the pool, and which given slot fills it, if one does."""

    start: int
    length: int
    given: int = _DRAWN


class Phrasebook:
    """Word lists, patterns over them, and choices between patterns.

    Register choices, then ``seal`` it; from then on it is only read.
    """

    def __init__(self, words: Mapping[str, Sequence[str]], given: Iterable[str] = ()) -> None:
        """``given`` names the slots that the caller fills per row instead of chance.

        A given slot that is a word list takes positions in that list; any other takes positions in
        the ``own`` texts handed to ``text``. Raises ValueError for an empty word list.
        """
        self._pool: list[str] = [""]
        self._ranges: dict[str, _Segment] = {}
        self._given = tuple(given)
        self._patterns: dict[str, int] = {}
        self._compiled: list[list[_Segment]] = []
        self._choices: dict[str, int] = {}
        self._tables: list[Ints] = []
        for name, entries in words.items():
            if not entries:
                raise ValueError(f"word list {name} is empty")
            filled_by = self._given.index(name) if name in self._given else _DRAWN
            self._ranges[name] = _Segment(len(self._pool), len(entries), filled_by)
            self._pool.extend(entries)

    def choice(self, name: str, patterns: Mapping[str, float]) -> int:
        """Register weighted ``patterns`` under ``name``; returns the number that ``layout`` takes.

        Raises ValueError for an unknown slot, no patterns, or a name that is taken.
        """
        if name in self._choices or not patterns:
            raise ValueError(f"choice {name} is taken or empty")
        ids = np.array([self._pattern(pattern) for pattern in patterns], dtype=np.int64)
        self._choices[name] = len(self._tables)
        self._tables.append(ids[tickets(list(patterns.values()))])
        return self._choices[name]

    def __getitem__(self, name: str) -> int:
        return self._choices[name]

    def __contains__(self, name: str) -> bool:
        return name in self._choices

    def seal(self) -> None:
        """Turn what was registered into arrays; ``own`` texts have their places after the pool."""
        shape = (max(len(segments) for segments in self._compiled), len(self._compiled))
        self._start = np.zeros(shape, dtype=np.int64)
        self._length = np.ones(shape, dtype=np.int64)
        self._filled_by = np.full(shape, _DRAWN, dtype=np.int64)
        for column, segments in enumerate(self._compiled):
            for row, segment in enumerate(segments):
                own = segment.length == 0
                self._start[row, column] = len(self._pool) if own else segment.start
                self._length[row, column] = 1 if own else segment.length
                self._filled_by[row, column] = segment.given
        self._table = np.stack(self._tables)
        self._texts = pa.array(self._pool, pa.string())

    def layout(
        self,
        draws: Draws,
        purpose: str,
        rows: Rows,
        choices: Ints,
        given: Mapping[str, Ints] | None = None,
    ) -> Layout:
        """Choose a pattern and its words for each row.

        ``choices`` holds the number of each row's choice. ``given`` must hold every given slot
        that a chosen pattern uses.
        """
        pattern = self._table[choices, draws.below(purpose, rows, TICKETS)]
        segments = []
        for number in range(len(self._start)):
            length = self._length[number][pattern]
            filled_by = self._filled_by[number][pattern]
            position = self._start[number][pattern]
            if length.max(initial=1) > 1:
                drawn = draws.below(f"{purpose}.{number}", rows, length)
                position += np.where(filled_by == _DRAWN, drawn, 0)
            for slot, name in enumerate(self._given):
                mask = filled_by == slot
                if mask.any():
                    position[mask] += (given or {})[name][mask]
            segments.append(position)
        return Layout(tuple(segments))

    def text(self, layout: Layout, own: pa.StringArray | None = None) -> pa.StringArray:
        """The texts of ``layout``; ``own`` are the texts of given slots that are no word list."""
        pool = self._texts if own is None else pa.concat_arrays([self._texts, own])
        return _spell(pool, layout)

    def slug(self, layout: Layout) -> pa.StringArray:
        """The texts of ``layout`` as host names and URLs write them: "alder-voss-law"."""
        spelled = pc.replace_substring(_spell(self._slug_pool, layout), "--", "-")
        return pc.utf8_trim(pc.utf8_slice_codeunits(spelled, 0, SLUG_CHARS_MAX), "-")

    @cached_property
    def _slug_pool(self) -> pa.StringArray:
        return pa.array([_slug(entry) for entry in self._pool], pa.string())

    def _pattern(self, pattern: str) -> int:
        if pattern not in self._patterns:
            parts = enumerate(_SLOT.split(pattern))
            segments = [
                self._slot(part) if number % 2 else self._literal(part)
                for number, part in parts
                if part
            ]
            self._patterns[pattern] = len(self._compiled)
            self._compiled.append(segments or [_Segment(0, 1)])
        return self._patterns[pattern]

    def _slot(self, name: str) -> _Segment:
        if name in self._ranges:
            return self._ranges[name]
        if name not in self._given:
            raise ValueError(f"unknown slot {{{name}}}")
        return _Segment(0, 0, self._given.index(name))

    def _literal(self, text: str) -> _Segment:
        key = f"={text}"
        if key not in self._ranges:
            self._ranges[key] = _Segment(len(self._pool), 1)
            self._pool.append(text)
        return self._ranges[key]


def _spell(pool: pa.StringArray, layout: Layout) -> pa.StringArray:
    words = [pool.take(pa.array(segment)) for segment in layout.segments]
    return pc.binary_join_element_wise(*words, "")


def _slug(text: str) -> str:
    return _NOT_IN_SLUG.sub("-", fold(text).replace("'", ""))
