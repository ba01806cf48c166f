"""Natural-language person search in three steps: prepare, find, deliver.

A request takes them at once; queued work takes the first when it is created and the others when
its turn comes. ``prepare`` checks everything and asks nothing, ``find`` only reads, and ``deliver``
writes what is delivered and billed in the transaction of whoever gives the page out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.cursors import CursorSigner, scope_of
from api.domain.interpreter.criteria import criteria_of
from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.interpreter.parser import interpret_persons
from api.domain.interpreter.serialisation import persons_from_json
from api.domain.organisation.criteria import OrganisationSearch
from api.domain.organisation.likeness import checked_likeness, domains_like
from api.domain.person import queries
from api.domain.person.delivered import Position, dedupe_scope
from api.domain.person.records import PersonRow, PersonSearchPage, SearchStrategy
from api.domain.person.strategy import strategy_of
from api.domain.person.undelivered import Look, Overtaken, position_of, take, undelivered
from api.domain.usage.service import Payer, bill, bill_alone
from api.errors import invalid
from api.paging import PageRequest, Pagination, Window, cursor_after, open_window, totals
from api.work import Stores, Work

MAX_SEARCH_PAGE = 100
OPERATION = "person_search"
COMPANIES = "at_companies_like"

# Others may deliver the same records between our look and our transaction: then we look again, for
# so many pages' worth of records. Where many deliver in one scope, each time one of them goes on.
REACHES = (1, 2, 4, 8, 16, 16, 16, 32)


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
    """The rows of a window and the one behind it; ``total`` is exact where the strategy counts.

    ``look`` says where the rows of a dedupe scope were looked for; they may be more.
    """

    rows: list[PersonRow]
    total: int | None = None
    look: Look | None = None


def prepare(
    account_id: UUID, cursors: CursorSigner, asked: PersonSearch, page: PageRequest
) -> PreparedSearch:
    """The search that is asked for, understood and checked.

    Raises ``invalid_input`` where nothing in the query is understood or the edited interpretation
    is none, and ``invalid_cursor``.
    """
    if asked.dedupe_token is None and asked.dedupe_user_id is not None:
        raise invalid("dedupe_user_id", "needs a dedupe_token beside it.")
    return prepare_checked(account_id, cursors, interpretation_of(asked), asked, page)


def prepare_checked(
    account_id: UUID,
    cursors: CursorSigner,
    interpretation: PersonInterpretation,
    asked: PersonSearch,
    page: PageRequest,
) -> PreparedSearch:
    """The search by an interpretation that was checked before; raises ``invalid_cursor``.

    Of what is asked, only the companies, the dedupe token and its user count here.
    """
    companies = None
    strategy = strategy_of(interpretation)
    if asked.at_companies_like is not None:
        companies = checked_likeness(asked.at_companies_like, COMPANIES)
        if strategy is SearchStrategy.TAXONOMY:
            # Its counts are those of people at any company.
            strategy = SearchStrategy.INDEXED_DYNAMIC
    scope = scope_of(account_id, OPERATION, criteria_of(interpretation), companies)
    window = open_window(page, scope, cursors, cap=interpretation.requested_records)
    dedupe = None
    if asked.dedupe_token is not None:
        dedupe = dedupe_scope(
            account_id, asked.dedupe_token, asked.dedupe_user_id, interpretation, companies
        )
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


async def find(stores: Stores, prepared: PreparedSearch, *, reach: int = 1) -> Found:
    """What the window shows right now. Reads only; nothing is billed, no transaction is open.

    ``reach`` is how many pages' worth of records are looked for under a dedupe token.
    """
    window = prepared.window
    if not window.size:
        return Found([], window.total)
    conditions = queries.search_conditions(prepared.interpretation)
    if prepared.companies is not None:
        domains = await domains_like(stores, prepared.companies, COMPANIES)
        if not domains:
            return Found([])
        conditions = queries.at_domains(conditions, domains)
    after = None if window.key is None else (window.key[0], window.key[1])

    async def rows() -> tuple[list[PersonRow], Look | None]:
        if prepared.dedupe is not None:
            wanted = reach * window.size + 1
            # Which companies are alike changes without the people's data.
            remembers = prepared.companies is None
            return await undelivered(
                stores, conditions, prepared.dedupe, after, wanted, remembers=remembers
            )
        return await queries.page(stores.clickhouse, conditions, after, window.size + 1), None

    if window.total is not None or prepared.strategy is not SearchStrategy.TAXONOMY:
        found, look = await rows()
        return Found(found, window.total, look)
    (found, look), total = await asyncio.gather(
        rows(), queries.exact_count(stores.clickhouse, prepared.interpretation)
    )
    return Found(found, total, look)


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

    Raises :class:`Overtaken` where records were delivered to the scope since they were found: roll
    back and find again, with more ``reach``. On the ``last_attempt`` the page is short instead.
    """
    rows = found.rows
    if prepared.dedupe is not None and found.look is not None:
        rows = await take(
            connection,
            prepared.dedupe,
            payer.account_id,
            rows,
            found.look,
            prepared.window.size,
            must_fill=not last_attempt,
        )
    page = given_out(cursors, prepared, found, rows)
    await bill(connection, payer, page.billable_records)
    return page


def given_out(
    cursors: CursorSigner, prepared: PreparedSearch, found: Found, rows: list[PersonRow]
) -> PersonSearchPage:
    """The page of the first of the rows; there are more of them where more can be given out."""
    window = replace(prepared.window, total=found.total)
    nodes = rows[: window.size]
    more = len(rows) > window.size or (found.look is not None and not found.look.is_all)

    def cursor_at(index: int) -> str:
        return cursor_after(window, cursors, index, position_of(nodes[index]))

    next_cursor = None
    if more and not window.is_full(len(nodes)):
        # After the last row that was looked at, where others got what was found.
        last = position_of(nodes[-1]) if len(rows) > len(nodes) else _reached(found, nodes)
        next_cursor = cursor_after(window, cursors, len(nodes) - 1, last)
    # What a scope was given before matches, and is not delivered again.
    exact = found.total if prepared.dedupe is None else None
    counted = totals(window, len(nodes) + more, exact, more=more)
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


def _reached(found: Found, nodes: list[PersonRow]) -> Position:
    if found.look is not None and found.look.reached is not None:
        return found.look.reached
    return position_of(nodes[-1])


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
        page = given_out(stores.cursors, prepared, found, found.rows)
        await bill_alone(stores.postgres, payer, page.billable_records)
        return page
    for attempt, reach in enumerate(REACHES, start=1):
        found = await find(stores, prepared, reach=reach)
        try:
            async with stores.postgres.transaction() as connection:
                page = await deliver(
                    connection,
                    stores.cursors,
                    prepared,
                    found,
                    payer,
                    last_attempt=attempt == len(REACHES),
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
    found = await settle(work.stores, prepared, Payer.of(work.caller, OPERATION))
    work.saw("person", (each.person_id for each in found.nodes))
    return found
