"""The free look: what a search would run, and how many records it has at least."""

import asyncio
from typing import NamedTuple

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.interpreter.model import endpoint_of, persons_by_model
from api.domain.person import queries
from api.domain.person.records import SearchStrategy
from api.domain.person.search import PersonSearch, interpretation_of
from api.domain.person.strategy import strategy_of
from api.domain.usage.service import record
from api.paging import COUNTED_MAX, TotalRelation, bounded_total
from api.settings import settings
from api.work import Work


class PersonPreview(NamedTuple):
    """The reading of a query, its execution path, and how many people it has."""

    interpretation: PersonInterpretation
    search_strategy: SearchStrategy
    total_records: int
    total_records_relation: TotalRelation | None


async def preview(work: Work, asked: PersonSearch) -> PersonPreview:
    """What the search would run; nothing is billed, and nobody is shown.

    The total is exact on the taxonomy path, and elsewhere counted up to 10,000. Raises
    ``invalid_input`` as the search does.
    """
    interpretation = interpretation_of(asked)
    if asked.q is not None:
        placed = bool(asked.location_city or asked.location_state)
        endpoint = endpoint_of(settings())
        interpretation = await persons_by_model(endpoint, asked.q, interpretation, placed=placed)
    strategy = strategy_of(interpretation)
    clickhouse = work.stores.clickhouse
    if strategy is SearchStrategy.TAXONOMY:
        counting = queries.exact_count(clickhouse, interpretation)
    else:
        conditions = queries.search_conditions(interpretation)
        counting = queries.count(clickhouse, conditions, at_most=COUNTED_MAX + 1)
    total, _ = await asyncio.gather(counting, record(work, "interpret_person_search", 0))
    if strategy is SearchStrategy.TAXONOMY:
        return PersonPreview(interpretation, strategy, total, None)
    return PersonPreview(interpretation, strategy, *bounded_total(total))
