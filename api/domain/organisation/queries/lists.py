"""The ranked lists of a search: by words, by vector, and how many rows they are made of."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ColumnElement, Float, Select, func, literal, select

from api.domain.organisation.fusion import Scored
from api.domain.organisation.queries.conditions import found_by, score
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.words import Query
from api.stores.tables import organisations

type Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
type Conditions = Sequence[ColumnElement[bool]]

MAX_COUNTED = 10_000
"""Rows are counted up to here; a total above it is not told."""

STEP_COST = 10.0
"""What a step through the HNSW index costs, in rows compared one by one. Measured at 27,000 and
200,000 rows: 0.8 µs a row, 5 to 10 µs a step.
"""

_COLUMNS = organisations.c


class RankedList(NamedTuple):
    """The best rows of one list; ``complete`` where there are no others, ``total`` where the number
    of rows that the list is made of is known.
    """

    rows: list[Scored]
    complete: bool
    total: int | None


async def by_words(
    reader: Reader, query: Query, conditions: Conditions, depth: int, *, names: bool
) -> RankedList:
    """The best ``depth`` rows by BM25, equal ones by domain.

    The index alone orders by score; to order equal scores by domain as well makes it four times
    slower. So one row more is read, and where there may be others with the score of the last, all
    with that score are left to the next depth.
    """
    statement = _select(score(), names).where(found_by(query), *conditions)
    found = await _scored(reader, statement.order_by(score().desc()).limit(depth + 1))
    if len(found) <= depth:
        return RankedList(_in_order(found), True, len(found))
    last = found[-1].score
    kept = [row for row in found if row.score > last]
    if len(kept) < depth // 2:
        ordered = statement.order_by(score().desc(), _COLUMNS.domain).limit(depth)
        kept = await _scored(reader, ordered)
    return RankedList(_in_order(kept), False, None)


async def by_vector(
    reader: Reader,
    vector: Vector,
    conditions: Conditions,
    depth: int,
    *,
    names: bool,
    exactly: bool,
    min_score: float | None,
) -> RankedList:
    """The ``depth`` rows that are nearest to a vector, equal ones by domain.

    ``exactly`` compares every row; otherwise the index is walked, and when it gives up early for
    rows that fail the conditions, every row is compared after all: a page is never short.
    """
    distance = distance_to(_COLUMNS.embedding, literal(vector, HALFVEC))
    statement = _select((1 - distance).label("score"), names).where(*conditions)
    if not exactly:
        rows = await _scored(reader, statement.order_by(distance, _COLUMNS.domain).limit(depth))
        if len(rows) == depth:
            return _floored(RankedList(rows, False, None), min_score)
    # Apart and first, so that the index is not used, and that rows are counted without their
    # vectors: in half of the time.
    fitting = (
        _select(distance.label("distance"), names)
        .where(*conditions)
        .cte("fitting")
        .prefix_with("MATERIALIZED")
    )
    columns = fitting.c
    ordered = (
        select(columns.domain, 1 - columns.distance, func.count().over(), *columns[2:])
        .order_by(columns.distance, columns.domain)
        .limit(depth)
    )
    found = await reader.fetch(ordered)
    rows = [Scored(domain, score, *name) for domain, score, _, *name in found]
    total = found[0][2] if found else 0
    return _floored(RankedList(rows, len(rows) == total, total), min_score)


def _floored(of: RankedList, min_score: float | None) -> RankedList:
    """The rows of a list that reach a score. Nothing behind one that does not is any better."""
    if min_score is None:
        return of
    kept = [row for row in of.rows if row.score >= min_score]
    exact = of.total is not None and (of.complete or len(kept) < len(of.rows))
    return RankedList(kept, of.complete or len(kept) < len(of.rows), len(kept) if exact else None)


def distance_to(embedding: ColumnElement[Any], vector: ColumnElement[Any]) -> ColumnElement[float]:
    """The cosine distance: 1 less the cosine similarity."""
    return embedding.op("<=>", return_type=Float())(vector)


def near_enough(vector: Vector, min_score: float) -> ColumnElement[bool]:
    """Whether a row reaches a cosine similarity."""
    distance = distance_to(_COLUMNS.embedding, literal(vector, HALFVEC))
    return (1 - distance) >= literal(min_score)


async def is_exact_cheaper(
    reader: Reader, conditions: Conditions, depth: int, everything: int
) -> bool:
    """Whether comparing every row that fits is cheaper than walking the index of all
    (``everything``) rows.

    With ``m`` of ``n`` rows that fit, the walk passes ``n / m`` rows for each one that it keeps:
    ``depth * n / m`` steps, each the cost of ``STEP_COST`` comparisons, against ``m`` comparisons.
    So it is cheaper where ``m² <= STEP_COST * depth * n``. ``m`` and ``n`` are the planner's
    estimates; a wrong one costs time, and no rows.
    """
    fitting = everything
    if conditions:
        fitting = await reader.estimate(select(_COLUMNS.domain).where(*conditions))
    return fitting <= math.sqrt(STEP_COST * depth * everything)


async def count_up_to_cap(reader: Reader, conditions: Conditions) -> int | None:
    """How many rows fit, where that is at most 10,000.

    The index of words counts without a look at the rows (a fifth of the time) where no column is
    asked for, and where it does not know how few are wanted, for which it would order them.
    """
    most = select(literal(MAX_COUNTED + 1)).scalar_subquery()
    some = select().select_from(organisations).where(*conditions).limit(most).subquery()
    ((found,),) = await reader.fetch(select(func.count()).select_from(some))
    return int(found) if found <= MAX_COUNTED else None


def _select(of: ColumnElement[Any], names: bool) -> Select[*tuple[Any, ...]]:
    columns = [_COLUMNS.domain, of]
    return select(*columns, _COLUMNS.name) if names else select(*columns)


async def _scored(reader: Reader, statement: Select[*tuple[Any, ...]]) -> list[Scored]:
    return [Scored(*row) for row in await reader.fetch(statement)]


def _in_order(rows: list[Scored]) -> list[Scored]:
    return sorted(rows, key=lambda row: (-row.score, row.domain))
