"""Natural-language person search in three steps: prepare, find, deliver.

A request takes them at once; queued work takes the first when it is created and the others when
its turn comes. ``prepare`` checks everything and asks nothing, ``find`` only reads, and ``deliver``
writes what is delivered and billed in the transaction of whoever gives the page out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.cursors import CursorSigner, scope_of
from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.interpreter.parser import interpret_persons
from api.domain.interpreter.serialisation import persons_from_json
from api.domain.organisation.criteria import OrganisationSearch
from api.domain.organisation.likeness import checked_likeness, domains_like
from api.domain.person import queries
from api.domain.person.delivered import claim, dedupe_scope, delivered_among
from api.domain.person.records import PersonRow, PersonSearchPage, SearchStrategy
from api.domain.person.strategy import strategy_of
from api.domain.usage.service import Payer, bill, bill_alone
from api.errors import invalid
from api.paging import PageRequest, Pagination, Window, cursor_after, open_window, totals
from api.work import Stores, Work

MAX_SEARCH_PAGE = 100
OPERATION = "person_search"
COMPANIES = "at_companies_like"

# Under a token, what was delivered is skipped batch by batch: some 10 ms for each 1,000 records.
_SKIPPED_AT_ONCE_MAX = 5_000
# Others may deliver the same records between our look and our transaction: then we look again.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class PersonSearch:
    """What is asked for: a query, or an edited interpretation in its place, and its companions."""

    q: str | None = None
    location_city: str | None = None
    location_state: str | None = None
    dedupe_token: str | None = None
    dedupe_user_id: str | None = None
    interpretation: dict[str, Any] | None = None
    at_companies_like: OrganisationSearch | None = None


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search that was checked, in a form that can be stored: nothing is interpreted again.

    ``dedupe`` is the digest of the scope of its token, where it has one. ``companies`` restrict it
    to the people at organisations like some.
    """

    interpretation: PersonInterpretation
    strategy: SearchStrategy
    window: Window
    dedupe: bytes | None = None
    companies: OrganisationSearch | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a window and the one behind it; ``total`` is exact where the strategy counts."""

    rows: list[PersonRow]
    total: int | None = None


class Overtaken(Exception):
    """Another request delivered some of the found records first: find again."""


def prepare(
    account_id: UUID, cursors: CursorSigner, asked: PersonSearch, page: PageRequest
) -> PreparedSearch:
    """The search that is asked for, understood and checked.

    Raises ``invalid_input`` where nothing in the query is understood or the edited interpretation
    is none, and ``invalid_cursor``.
    """
    interpretation = interpretation_of(asked)
    companies = None
    strategy = strategy_of(interpretation)
    if asked.at_companies_like is not None:
        companies = checked_likeness(asked.at_companies_like, COMPANIES)
        if strategy is SearchStrategy.TAXONOMY:
            # Its counts are those of people at any company.
            strategy = SearchStrategy.INDEXED_DYNAMIC
    scope = scope_of(account_id, OPERATION, asdict(interpretation), companies)
    window = open_window(page, scope, cursors, cap=interpretation.requested_records)
    dedupe = None
    if asked.dedupe_token is not None:
        dedupe = dedupe_scope(
            account_id, asked.dedupe_token, asked.dedupe_user_id, interpretation, companies
        )
    elif asked.dedupe_user_id is not None:
        raise invalid("dedupe_user_id", "needs a dedupe_token beside it.")
    return PreparedSearch(interpretation, strategy, window, dedupe, companies)


def interpretation_of(asked: PersonSearch) -> PersonInterpretation:
    """The reading of a query with its places, or the edited one; raises ``invalid_input``."""
    if asked.interpretation is None:
        if asked.q is None:
            raise invalid("q", "is required, unless an interpretation is given.")
        return interpret_persons(
            asked.q, location_city=asked.location_city, location_state=asked.location_state
        )
    for name in ("q", "location_city", "location_state"):
        if getattr(asked, name) is not None:
            raise invalid(name, "cannot be combined with an interpretation: put it there.")
    return persons_from_json(asked.interpretation)


async def find(stores: Stores, prepared: PreparedSearch) -> Found:
    """What the window shows right now. Reads only; nothing is billed, no transaction is open."""
    if not prepared.window.size:
        return Found([])
    conditions = queries.search_conditions(prepared.interpretation)
    if prepared.companies is not None:
        domains = await domains_like(stores, prepared.companies, COMPANIES)
        if not domains:
            return Found([])
        conditions = queries.at_domains(conditions, domains)
    if prepared.dedupe is not None:
        return Found(await _undelivered(stores, prepared, conditions, prepared.dedupe))
    page = _page(stores, conditions, prepared.window.key, prepared.window.size + 1)
    if prepared.strategy is not SearchStrategy.TAXONOMY:
        return Found(await page)
    rows, total = await asyncio.gather(
        page, queries.exact_count(stores.clickhouse, prepared.interpretation)
    )
    return Found(rows, total)


async def _undelivered(
    stores: Stores, prepared: PreparedSearch, conditions: Any, scope: bytes
) -> list[PersonRow]:
    """The rows of the window without those that the scope was given already."""
    wanted = prepared.window.size + 1
    fresh: list[PersonRow] = []
    after, batch = prepared.window.key, wanted
    while len(fresh) < wanted:
        rows = await _page(stores, conditions, after, batch)
        known = await delivered_among(stores.postgres, scope, [row.person_id for row in rows])
        fresh += [row for row in rows if row.person_id not in known]
        if len(rows) < batch:
            break
        after = (rows[-1].rank, rows[-1].person_id)
        batch = min(2 * batch, _SKIPPED_AT_ONCE_MAX)
    return fresh[:wanted]


async def _page(
    stores: Stores, conditions: Any, key: tuple[Any, ...] | None, limit: int
) -> list[PersonRow]:
    after = None if key is None else (key[0], key[1])
    return await queries.page(stores.clickhouse, conditions, after, limit)


async def deliver(
    connection: AsyncConnection,
    cursors: CursorSigner,
    prepared: PreparedSearch,
    found: Found,
    payer: Payer,
    *,
    last_attempt: bool = False,
) -> PersonSearchPage:
    """The page to give out once the caller's transaction is committed; bills its records there.

    Raises :class:`Overtaken` where records
    were delivered to the scope since they were found: roll back and find again. On the
    ``last_attempt`` the page is short instead.
    """
    nodes = found.rows[: prepared.window.size]
    if prepared.dedupe is not None:
        ids = [row.person_id for row in nodes]
        ours = await claim(connection, prepared.dedupe, payer.account_id, ids)
        if len(ours) < len(nodes):
            if not last_attempt:
                raise Overtaken
            nodes = [row for row in nodes if row.person_id in ours]
    await bill(connection, payer, len(nodes))
    return _given_out(cursors, prepared, found, nodes)


def _given_out(
    cursors: CursorSigner, prepared: PreparedSearch, found: Found, nodes: list[PersonRow]
) -> PersonSearchPage:
    window = prepared.window

    def cursor_at(index: int) -> str:
        row = nodes[index]
        return cursor_after(window, cursors, index, (row.rank, row.person_id))

    next_cursor = None
    if window.has_more(len(found.rows)):
        # After the last row that was looked at, which others may have got.
        last = found.rows[window.size - 1]
        next_cursor = cursor_after(window, cursors, len(nodes) - 1, (last.rank, last.person_id))
    counted = totals(window, len(found.rows), found.total)
    return PersonSearchPage(
        nodes=nodes,
        pagination=Pagination(
            limit=window.limit,
            next_cursor=next_cursor,
            max_records=window.cap,
            total_records=counted.records,
            total_records_relation=counted.relation,
            total_pages=counted.pages,
            total_matching_records=found.total if window.cap is not None else None,
        ),
        billable_records=len(nodes),
        cursor_at=cursor_at,
        has_previous_page=window.key is not None,
        interpretation=prepared.interpretation,
        search_strategy=prepared.strategy,
    )


async def settle(
    stores: Stores,
    prepared: PreparedSearch,
    payer: Payer,
    also: Callable[[AsyncConnection, PersonSearchPage], Awaitable[None]] | None = None,
) -> PersonSearchPage:
    """Finds and delivers, once more where others were quicker.

    ``also`` writes what else belongs into the transaction that delivers.
    """
    if prepared.dedupe is None and also is None:
        # One statement needs no transaction around it, and no round trips for one.
        found = await find(stores, prepared)
        page = _given_out(stores.cursors, prepared, found, found.rows[: prepared.window.size])
        await bill_alone(stores.postgres, payer, page.billable_records)
        return page
    for attempt in range(1, _ATTEMPTS + 1):
        found = await find(stores, prepared)
        try:
            async with stores.postgres.transaction() as connection:
                page = await deliver(
                    connection,
                    stores.cursors,
                    prepared,
                    found,
                    payer,
                    last_attempt=attempt == _ATTEMPTS,
                )
                if also is not None:
                    await also(connection, page)
            return page
        except Overtaken:
            continue
    raise AssertionError("unreachable: the last attempt delivers what is left")


async def search(work: Work, asked: PersonSearch, page: PageRequest) -> PersonSearchPage:
    """One page of the people that are asked for, billed per record; raises as ``prepare`` does."""
    prepared = prepare(work.caller.account_id, work.stores.cursors, asked, page)
    return await settle(work.stores, prepared, Payer.of(work.caller, OPERATION))
