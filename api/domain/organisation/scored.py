"""The lists behind a scored search, and how they become one: words and vectors at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_

from api.domain.organisation.criteria import OrganisationSearch, SearchMode
from api.domain.organisation.fusion import Fused, Scored, alone, fuse
from api.domain.organisation.queries.conditions import conditions_of, found_by, without
from api.domain.organisation.queries.lists import (
    Conditions,
    RankedList,
    Vector,
    by_vector,
    by_words,
    is_exact_cheaper,
    near_enough,
)
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.ranking import DEPTHS, Tier
from api.domain.organisation.steering import described, steered
from api.domain.organisation.words import DOCUMENT, any_of, matching
from api.work import Stores

# The places of the two lists in what is fused.
BM25, VECTOR = 0, 1


@dataclass(frozen=True, slots=True)
class Scoring:
    """How the tiers of a search are made, and what restricts its rows."""

    tier_at: Callable[[int], Awaitable[Tier]]
    conditions: Conditions


class Lists:
    """The lists of one search; what all depths need is found out once, for the usual ``depth``."""

    def __init__(
        self,
        stores: Stores,
        reader: Reader,
        asked: OrganisationSearch,
        depth: int = DEPTHS[0],
    ):
        self._stores = stores
        self._depth = depth
        self._reader = reader
        self._asked = asked
        self._filters = conditions_of(asked.applied)
        self.conditions: list[ColumnElement[bool]] = [
            *self._filters,
            *without((*(each.domain for each in asked.similar_to), *asked.excludes)),
        ]
        # Words that must not be there are left out of the vector list too: it has no say in them.
        self._vector_conditions = list(self.conditions)
        self._by_text = bool(asked.applied.text_keywords and asked.applied.text_keywords.positive)
        if asked.keywords.must_not:
            self._vector_conditions.append(~found_by(any_of(asked.keywords.must_not, DOCUMENT)))
            self._by_text = True
        self._vectors: asyncio.Task[list[Vector]] | None = None
        self._exactly: asyncio.Task[bool] | None = None

    async def words(self, depth: int) -> RankedList:
        """The list by words. Where there is a floor it needs the vector, and waits for it."""
        conditions = list(self.conditions)
        asked = self._asked
        if asked.min_score is not None and (asked.similar_to or asked.describe is not None):
            vectors = await self.vectors()
            conditions.append(or_(*(near_enough(each, asked.min_score) for each in vectors)))
        return await by_words(
            self._reader,
            matching(asked.keywords, DOCUMENT),
            conditions,
            depth,
            names=asked.dedup,
        )

    async def vector(self, depth: int) -> RankedList:
        """The list by similarity; those of several references are fused by their ranks."""
        vectors, exactly = await asyncio.gather(self.vectors(), self.exactly())
        lists = await asyncio.gather(
            *(
                by_vector(
                    self._reader,
                    each,
                    self._vector_conditions,
                    depth,
                    names=self._asked.dedup,
                    exactly=exactly,
                    min_score=self._asked.min_score,
                )
                for each in vectors
            )
        )
        if len(lists) == 1:
            return lists[0]
        return _together(lists, counted=self._asked.min_score is None)

    async def vectors(self) -> list[Vector]:
        """What the rows are compared with."""
        return await self.begin_vectors()

    def begin_vectors(self) -> "asyncio.Task[list[Vector]]":
        """Has the vectors found from now on, before anything else that a search waits for."""
        if self._vectors is None:
            loop = asyncio.get_running_loop()
            self._vectors = asyncio.Task(self._find_vectors(), loop=loop, eager_start=True)
        return self._vectors

    async def _find_vectors(self) -> list[Vector]:
        if self._asked.describe is not None:
            return [await described(self._stores, self._asked.describe)]
        return await steered(self._stores, self._reader, self._asked.similar_to)

    async def exactly(self) -> bool:
        """Whether every row that fits is compared. A condition on words makes the server find its
        rows by words first, and then there is nothing left to walk an index for.
        """
        if self._exactly is None:
            self._exactly = asyncio.create_task(self._find_exactly())
        return await self._exactly

    async def _find_exactly(self) -> bool:
        if self._by_text:
            return True
        # The few rows that are left out by their domains make no difference to it.
        everything = (await self._stores.holdings.now()).rows
        return await is_exact_cheaper(self._reader, self._filters, self._depth, everything)


async def scoring_of(
    stores: Stores, reader: Reader, asked: OrganisationSearch, mode: SearchMode
) -> Scoring:
    """How a search of this mode is scored. Raises as :func:`api.domain.organisation.steering`."""
    lists = Lists(stores, reader, asked)
    if mode is not SearchMode.FULLTEXT:
        vectors = lists.begin_vectors()
        # Unknown references are told before anything else is looked up.
        if asked.similar_to:
            await vectors

    async def by_words_alone(depth: int) -> Tier:
        found = await lists.words(depth)
        return Tier(alone(found.rows, BM25, 2), found.complete, found.total)

    async def by_vector_alone(depth: int) -> Tier:
        found = await lists.vector(depth)
        return Tier(alone(found.rows, VECTOR, 2), found.complete, found.total)

    async def fused(depth: int) -> Tier:
        # The vector first: it takes longer to find than words do.
        vector, words = await asyncio.gather(lists.vector(depth), lists.words(depth))
        weights = (1 - asked.search_balance, asked.search_balance)
        rows = fuse((words.rows, vector.rows), weights, by_score=True)
        # Whatever words find is in the vector list too, at whatever place.
        return Tier(rows, words.complete and vector.complete, vector.total)

    ways = {SearchMode.FULLTEXT: by_words_alone, SearchMode.HYBRID: fused}
    return Scoring(ways.get(mode, by_vector_alone), lists.conditions)


def _together(lists: Sequence[RankedList], *, counted: bool) -> RankedList:
    """Lists of several references as one; its scores are sums of reciprocal ranks. ``counted`` says
    that all are made of the same rows.
    """
    rows = fuse([each.rows for each in lists], [1.0] * len(lists), by_score=False)
    return RankedList(
        [_as_scored(row) for row in rows],
        all(each.complete for each in lists),
        lists[0].total if counted else None,
    )


def _as_scored(row: Fused) -> Scored:
    return Scored(row.domain, row.score, row.name)
