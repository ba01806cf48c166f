"""Invented people: first and last names that go together, drawn as often as they are common."""

from functools import lru_cache

import numpy as np
import pyarrow as pa

from api.market.draws import Draws, Ints, Rows
from api.market.grammar import fold, tickets
from api.market.market_data import read, words

_TICKETS = 4096
# The commonest name of a group is about this many ranks ahead of an even spread.
_RANK_OFFSET = 12
# Part of the people whose first name is of another origin than the last: an English one.
_ENGLISH_FIRST_SHARE = 0.3


class Names:
    """First and last names as Arrow columns of words, and how to draw positions in them.

    ``first`` and ``last`` are the names as written, ``first_names`` and ``last_names`` the same as
    lists. ``first_local``, ``last_local`` and ``initial`` are their forms in mail addresses and
    URLs, position by position.
    """

    def __init__(self) -> None:
        groups = read("names")["group"]
        self._groups = tickets([group["share"] for group in groups], _TICKETS)
        self._firsts, first = _ranked([words(group["first"]) for group in groups])
        self._lasts, last = _ranked([words(group["last"]) for group in groups])
        self.first_names = first
        self.last_names = last
        self.first = pa.array(first, pa.string())
        self.last = pa.array(last, pa.string())
        self.first_local = pa.array([_local(name) for name in first], pa.string())
        self.last_local = pa.array([_local(name) for name in last], pa.string())
        self.initial = pa.array([_local(name)[0] for name in first], pa.string())

    def draw(self, draws: Draws, rows: Rows) -> tuple[Ints, Ints]:
        """The positions of each person's first and last name."""
        group = self._groups[draws.below("person.group", rows, _TICKETS)]
        last = self._lasts[group, draws.below("person.last", rows, _TICKETS)]
        group[draws.chance("person.english", rows, _ENGLISH_FIRST_SHARE)] = 0
        first = self._firsts[group, draws.below("person.first", rows, _TICKETS)]
        return first, last


@lru_cache(maxsize=1)
def names() -> Names:
    """The names, read at the first call."""
    return Names()


def _ranked(groups: list[tuple[str, ...]]) -> tuple[Ints, list[str]]:
    """A ticket table a group over all names; earlier names get more tickets."""
    tables = []
    pool: list[str] = []
    for group in groups:
        shares = [1 / (rank + _RANK_OFFSET) for rank in range(len(group))]
        tables.append(tickets(shares, _TICKETS) + len(pool))
        pool.extend(group)
    return np.stack(tables), pool


def _local(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isalnum())
