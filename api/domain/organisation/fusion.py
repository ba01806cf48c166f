"""Reciprocal rank fusion: one ranking out of several, each hit with the reason for its place."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

K = 60
"""The constant of reciprocal rank fusion: how slowly a rank loses its worth."""


class Scored(NamedTuple):
    """A row of one list: its key and its score, of which more is better."""

    domain: str
    score: float
    name: str = ""


class Fused(NamedTuple):
    """A row of the fused list. ``ranks`` and ``shares`` are per list, in the order of the lists; a
    rank is ``None`` where a list does not have the row.
    """

    domain: str
    score: float
    ranks: tuple[int | None, ...]
    shares: tuple[float, ...]
    name: str = ""


def fuse(
    lists: Sequence[Sequence[Scored]], weights: Sequence[float], *, by_score: bool
) -> list[Fused]:
    """The rows of all lists, best first.

    A list gives its row at ``rank`` (from 1) the share ``weight / (K + rank)``. With ``by_score``
    that is scaled by the row's score over the best score of its list. Ranks alone cannot tell a
    list that is sure of its first row from one that hardly tells its rows apart; scores can, and
    the ratio within a list needs no common scale. Measured on sets of four kinds, this is better
    than or equal to plain fusion on each.

    Rows of equal sums are in the order of their best rank, then of their domain.
    """
    ranks: list[dict[str, int]] = []
    shares: list[dict[str, float]] = []
    sums: dict[str, float] = {}
    names: dict[str, str] = {}
    for rows, weight in zip(lists, weights, strict=True):
        best = rows[0].score if rows else 0.0
        scaled = by_score and best > 0
        own_ranks: dict[str, int] = {}
        own_shares: dict[str, float] = {}
        for rank, (domain, score, name) in enumerate(rows, 1):
            share = weight / (K + rank)
            if scaled:
                share *= max(score, 0.0) / best
            own_ranks[domain] = rank
            own_shares[domain] = share
            sums[domain] = sums.get(domain, 0.0) + share
            names[domain] = name
        ranks.append(own_ranks)
        shares.append(own_shares)
    unranked = max(map(len, lists), default=0) + 1
    order = sorted(
        (-score, min([own.get(domain, unranked) for own in ranks]), domain)
        for domain, score in sums.items()
    )
    return [
        Fused(
            domain,
            -score,
            tuple([own.get(domain) for own in ranks]),
            tuple([own.get(domain, 0.0) for own in shares]),
            names[domain],
        )
        for score, _, domain in order
    ]


def alone(rows: Sequence[Scored], position: int, of: int) -> list[Fused]:
    """One list as a fused one: list number ``position`` of ``of``, which has all the say."""

    def placed[T](value: T, other: T) -> tuple[T, ...]:
        return tuple(value if number == position else other for number in range(of))

    return [
        Fused(row.domain, row.score, placed(rank, None), placed(1.0, 0.0), row.name)
        for rank, row in enumerate(rows, 1)
    ]


def collapsed(rows: Iterable[Fused]) -> list[Fused]:
    """The first row of each name, compared as it is stored."""
    first: dict[str, Fused] = {}
    for row in rows:
        first.setdefault(row.name, row)
    return list(first.values())
