"""What every search has to know of all organisations together, looked up once a second at most.

The number of rows decides by which way vectors are compared, and costs only time where it is old.
Whose vectors they are decides whether they can be compared at all: so a load that begins with
another model waits until every process has looked again, for twice ``KEPT_S``.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import select

from api.domain.organisation.embedder import EmbeddingModel
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.queries.rows import embedding_model
from api.stores.postgres import Postgres
from api.stores.tables import organisations

KEPT_S = 1.0
"""Seconds for which a process takes what it found as it is."""


class Holdings(NamedTuple):
    """The planner's estimate of how many organisations there are, and which model their vectors
    are of; ``None`` where there are none.
    """

    rows: int
    model: EmbeddingModel | None


class RecentHoldings:
    """The holdings as one process knows them; ``clock`` gives seconds, for tests."""

    def __init__(self, postgres: Postgres, clock: Callable[[], float] = time.monotonic):
        self._reader = Reader(postgres)
        self._clock = clock
        self._found: Holdings | None = None
        self._until = 0.0

    async def now(self) -> Holdings:
        """The holdings, at most a second old. Raises ``unavailable``.

        Of a store without vectors nothing is kept, so that the first load need not wait.
        """
        asked_at = self._clock()
        if self._found is not None and asked_at < self._until:
            return self._found
        rows, model = await asyncio.gather(
            self._reader.estimate(select(organisations.c.domain)), embedding_model(self._reader)
        )
        found = Holdings(rows, model)
        self._found = None if model is None else found
        self._until = asked_at + KEPT_S
        return found
