"""Natural-language company search."""

import asyncio
from dataclasses import dataclass
from typing import Any, NamedTuple

from api.cursors import scope_of
from api.domain.company import queries
from api.domain.company.records import CompanyRow
from api.domain.interpreter.criteria import criteria_of
from api.domain.interpreter.interpretation import CompanyInterpretation
from api.domain.interpreter.model import companies_by_model, endpoint_of
from api.domain.interpreter.parser import interpret_companies
from api.domain.interpreter.serialisation import companies_from_json
from api.domain.usage.service import record
from api.errors import invalid
from api.paging import (
    COUNTED_MAX,
    BilledPage,
    PageRequest,
    Pagination,
    TotalRelation,
    bounded_total,
    cursor_after,
    open_window,
    totals,
)
from api.settings import settings
from api.work import Work

MAX_SEARCH_PAGE = 100


@dataclass(frozen=True, slots=True)
class CompanySearch:
    """What is asked for: a query, or an edited interpretation in its place.

    ``exact_count`` asks for the slower, exact number of all matching companies.
    """

    q: str | None = None
    interpretation: dict[str, Any] | None = None
    exact_count: bool = False


@dataclass(frozen=True)
class CompanySearchPage(BilledPage[CompanyRow]):
    """One page of companies found by a natural-language search."""

    interpretation: CompanyInterpretation


class CompanyPreview(NamedTuple):
    """The reading of a query, and how many companies it has."""

    interpretation: CompanyInterpretation
    total_records: int
    total_records_relation: TotalRelation | None


async def search(work: Work, asked: CompanySearch, page: PageRequest) -> CompanySearchPage:
    """One page of the companies that are asked for, billed per record.

    Raises ``invalid_input`` where nothing in the query is understood or the edited interpretation
    is none, and ``invalid_cursor``.
    """
    interpretation = interpretation_of(asked)
    scope = scope_of(work.caller.account_id, "company_search", criteria_of(interpretation))
    cursors, clickhouse = work.stores.cursors, work.stores.clickhouse
    window = open_window(page, scope, cursors, cap=interpretation.requested_records)
    conditions = queries.search_conditions(interpretation)
    after = None if window.key is None else (window.key[0], window.key[1])
    rows, exact = await asyncio.gather(
        queries.page(clickhouse, conditions, after, window.size + 1) if window.size else _nothing(),
        queries.count(clickhouse, conditions) if asked.exact_count else _uncounted(),
    )
    nodes = rows[: window.size]

    def cursor_at(index: int) -> str:
        found = nodes[index]
        return cursor_after(window, cursors, index, (found.rank, found.row.company_id))

    counted = totals(window, len(rows), exact)
    # Without a cap the two totals are the same one.
    matching = None
    if window.cap is not None:
        matching = totals(window.uncapped, len(rows), exact, more=len(rows) > window.size)
    await record(work, "company_search", len(nodes))
    work.saw("company", (found.row.company_id for found in nodes))
    more = window.has_more(len(rows))
    return CompanySearchPage(
        nodes=[found.row for found in nodes],
        pagination=Pagination(
            limit=page.limit,
            next_cursor=cursor_at(len(nodes) - 1) if more else None,
            max_records=window.cap,
            total_records=counted.records,
            total_records_relation=counted.relation,
            total_pages=counted.pages,
            total_matching_records=None if matching is None else matching.records,
            total_matching_records_relation=None if matching is None else matching.relation,
        ),
        billable_records=len(nodes),
        cursor_at=cursor_at,
        has_previous_page=window.key is not None,
        interpretation=interpretation,
    )


def interpretation_of(asked: CompanySearch) -> CompanyInterpretation:
    """The reading of a query, or the edited one; raises ``invalid_input``."""
    if asked.interpretation is None:
        if asked.q is None:
            raise invalid("q", "is required, unless an interpretation is given.")
        return interpret_companies(asked.q)
    if asked.q is not None:
        raise invalid("q", "cannot be combined with an interpretation: put it there.")
    return companies_from_json(asked.interpretation)


async def preview(work: Work, asked: CompanySearch) -> CompanyPreview:
    """What the search would run; nothing is billed, and no company is shown.

    Counts up to 10,000. Raises ``invalid_input`` as the search does.
    """
    interpretation = interpretation_of(asked)
    if asked.q is not None:
        interpretation = await companies_by_model(endpoint_of(settings()), asked.q, interpretation)
    conditions = queries.search_conditions(interpretation)
    total, _ = await asyncio.gather(
        queries.count(work.stores.clickhouse, conditions, at_most=COUNTED_MAX + 1),
        record(work, "interpret_company_search", 0),
    )
    return CompanyPreview(interpretation, *bounded_total(total))


async def _nothing() -> list[queries.FoundCompany]:
    return []


async def _uncounted() -> None:
    return None
