"""Prospecting sessions: one search inside the iframe, counted once, that can be opened again.

A session is what was understood of a question. Its pages, and its refinements by filters, are looks
at the same search: they cost nothing more, show previews only, and end with the session.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from api.creation_order import id_of
from api.cursors import CursorSigner, scope_of
from api.domain.interpreter.criteria import criteria_of
from api.domain.partner_customer import queries as customers
from api.domain.partner_customer.records import CustomerRow
from api.domain.partner_customer.rules import CustomerStatus
from api.domain.person import queries as people
from api.domain.person.records import PersonRow
from api.domain.person.search import PersonSearch, interpretation_of
from api.domain.person.strategy import strategy_of
from api.domain.person.undelivered import position_of as place_of
from api.domain.prospecting import ids, queries, storage
from api.domain.prospecting.filters import ProspectFilters, checked_filters
from api.domain.prospecting.previews import masked, unmasked
from api.domain.prospecting.records import (
    ProspectFacets,
    ProspectingSession,
    ProspectRecord,
    Session,
)
from api.domain.prospecting.request_keys import keep, made_under
from api.domain.usage.service import Payer, bill
from api.domain.wallet import service as wallets
from api.domain.wallet.rules import Block, BlockReason, admit_search, refuse
from api.errors import DomainError, ErrorCode
from api.paging import (
    COUNTED_MAX,
    PageRequest,
    Pagination,
    TotalRelation,
    Window,
    cursor_after,
    open_window,
    totals,
)
from api.stores.tables import prospecting_sessions
from api.work import Stores, Work

OPERATION = "prospecting_search"
KEPT = timedelta(days=30)
"""How long a session can be opened."""
MAX_PAGE = 100
_FORGOTTEN_AT_ONCE = 1_000
MAX_SEARCH_ID_CHARS = 64


@dataclass(frozen=True, slots=True)
class ProspectingSearch:
    """What is asked for: a question and its places, or an edited reading of one, and filters."""

    q: str | None = None
    location_city: str | None = None
    location_state: str | None = None
    filters: Mapping[str, Any] | None = None
    interpretation: dict[str, Any] | None = None


async def start(
    work: Work,
    asked: ProspectingSearch,
    page: PageRequest,
    *,
    with_facets: bool = True,
    now: datetime | None = None,
) -> ProspectingSession:
    """The first page of a new session, which counts as one search of the customer's wallet.

    With a cursor it is a later page of the session that gave the cursor out, and counts nothing;
    nor does the same request again under its ``Idempotency-Key``.
    Raises ``invalid_input`` where nothing in the question is understood, ``invalid_cursor``, and
    ``insufficient_credits`` where the wallet admits no search.
    """
    embed, stores, now = work.embed, work.stores, now or datetime.now(UTC)
    filters = checked_filters(asked.filters)
    interpretation = interpretation_of(
        PersonSearch(
            asked.q,
            asked.location_city,
            asked.location_state,
            interpretation=asked.interpretation,
        )
    )
    session = Session(
        id=uuid4(),
        account_id=embed.account_id,
        partner_customer_id=embed.partner_customer_id,
        user_id=embed.user_id,
        interpretation=interpretation,
        created_at=now,
        expires_at=now + KEPT,
    )
    window = _window(stores.cursors, session, filters, page)
    found = None
    if window.key is not None:
        found = await _live(work, UUID(window.key[0]), now)
    else:
        found = await _started(work, stores.postgres.fetch, now)
    if found is not None:
        return await _page(work, found, filters, window, with_facets=with_facets)
    looked = await _look(stores, session, filters, window, with_facets=with_facets)
    started, owned = await asyncio.gather(_start(work, session), _owned(work, window, looked))
    return _answered(work, started, window, looked, owned)


async def _start(work: Work, session: Session) -> Session:
    """Adds and counts a session; the one that the same request started first, where it has one."""
    embed, now = work.embed, session.created_at
    async with work.stores.postgres.transaction() as connection:
        wallet = await wallets.lock(connection, embed.account_id, embed.partner_customer_id)
        # The same request may have been waited for.
        found = await _started(work, connection.execute, now)
        if found is None:
            await _count(connection, work, session, wallet)
    return found or session


async def _started(work: Work, execute: storage.Execute, now: datetime) -> Session | None:
    """The session that the same request started before, under its ``Idempotency-Key``."""
    row = await made_under(execute, prospecting_sessions, work.request_key, now)
    return None if row is None else storage.session_of(row)


async def _count(
    connection: AsyncConnection, work: Work, session: Session, wallet: wallets.Wallet
) -> None:
    """Adds a session and counts it, where the locked wallet admits it."""
    embed, now = work.embed, session.created_at
    admit_search(wallet, now)
    await storage.add_session(connection, session)
    await keep(connection, prospecting_sessions, session.id, work.request_key)
    await wallets.spend_search(
        connection, wallet, user_id=embed.user_id, source_id=str(session.id), now=now
    )
    await bill(connection, Payer.of(embed, OPERATION), 0)


async def reopen(
    work: Work,
    search_id: str,
    given: Mapping[str, Any] | None,
    page: PageRequest,
    *,
    with_facets: bool = True,
    now: datetime | None = None,
) -> ProspectingSession:
    """A page of a session of the caller's customer, refined by filters; counts nothing.

    Raises ``not_found`` for a session of another customer, one that has expired, and what is none
    alike, ``insufficient_credits`` for a customer that is suspended, ``invalid_input`` for a
    filter, and ``invalid_cursor``.
    """
    session = await opened(work, search_id, now=now)
    filters = checked_filters(given)
    window = _window(work.stores.cursors, session, filters, page)
    if window.key is not None and window.key[0] != str(session.id):
        raise foreign_cursor()
    return await _page(work, session, filters, window, with_facets=with_facets)


async def forget_old(stores: Stores, *, now: datetime | None = None) -> None:
    """Deletes the sessions that have expired. What they bought stays."""
    before = now or datetime.now(UTC)
    while await storage.forget_sessions(stores.postgres, before, _FORGOTTEN_AT_ONCE):
        pass


async def opened(work: Work, search_id: str, *, now: datetime | None = None) -> Session:
    """The live session of this id of the caller's customer.

    Raises ``not_found``, and ``insufficient_credits`` for a customer that is suspended.
    """
    return await _live(work, id_of(search_id), now or datetime.now(UTC))


async def customer_of(work: Work) -> CustomerRow:
    """The caller's customer, as its partner set it up; raises ``not_found``."""
    embed = work.embed
    found = await customers.by_id(work.stores.postgres, embed.account_id, embed.partner_customer_id)
    if found is None:
        raise wallets.no_customer()
    return found


async def _live(work: Work, session_id: UUID | None, now: datetime) -> Session:
    embed = work.embed
    found = None
    if session_id is not None:
        found = await storage.session(
            work.stores.postgres,
            embed.account_id,
            embed.partner_customer_id,
            session_id,
            now=now,
        )
    if found is None:
        raise DomainError(
            ErrorCode.NOT_FOUND, "There is no such prospecting session, or it has expired."
        )
    session, status = found
    if status is CustomerStatus.SUSPENDED:
        refuse(Block(BlockReason.CUSTOMER_SUSPENDED))
    return session


def foreign_cursor() -> DomainError:
    """The failure of a cursor that another session gave out."""
    return DomainError(
        ErrorCode.INVALID_CURSOR, "This cursor belongs to another prospecting session."
    )


def _window(
    cursors: CursorSigner, session: Session, filters: ProspectFilters, page: PageRequest
) -> Window:
    """Where a page begins. Cursors hold the session and a prospect id, and so show nothing."""
    scope = scope_of(
        session.account_id,
        session.partner_customer_id,
        "prospecting",
        criteria_of(session.interpretation),
        filters.as_json(),
    )
    return open_window(page, scope, cursors, cap=session.interpretation.requested_records)


@dataclass(frozen=True, slots=True)
class _Looked:
    """The rows of a window and the one behind it, how many there are in all, and the menus."""

    rows: list[PersonRow]
    total: int
    facets: ProspectFacets | None


async def _look(
    stores: Stores,
    session: Session,
    filters: ProspectFilters,
    window: Window,
    *,
    with_facets: bool,
) -> _Looked:
    """Reads only, as the person search does; the page and the counts at the same time."""
    interpretation, clickhouse = session.interpretation, stores.clickhouse

    async def rows() -> list[PersonRow]:
        if not window.size:
            return []
        after = None
        if window.key is not None:
            after = ids.position_of(stores.pseudonyms, session.id, window.key[1])
            if after is None:
                raise foreign_cursor()
        conditions = queries.refined(interpretation, filters)
        return await people.page(clickhouse, conditions, after, window.size + 1)

    async def counts() -> tuple[int, ProspectFacets | None]:
        if with_facets:
            return await queries.facets(clickhouse, interpretation, filters)
        if window.total is not None:
            return window.total, None
        conditions = queries.refined(interpretation, filters)
        return await people.count(clickhouse, conditions, at_most=COUNTED_MAX + 1), None

    found, (total, menus) = await asyncio.gather(rows(), counts())
    return _Looked(found, total if window.total is None else window.total, menus)


async def _page(
    work: Work,
    session: Session,
    filters: ProspectFilters,
    window: Window,
    *,
    with_facets: bool,
) -> ProspectingSession:
    looked = await _look(work.stores, session, filters, window, with_facets=with_facets)
    return _answered(work, session, window, looked, await _owned(work, window, looked))


async def _owned(work: Work, window: Window, looked: _Looked) -> dict[str, ProspectRecord]:
    """The records that the caller's customer owns among what was found."""
    embed = work.embed
    return await storage.owned(
        work.stores.postgres,
        embed.account_id,
        embed.partner_customer_id,
        [row.person_id for row in looked.rows[: window.size]],
    )


def _answered(
    work: Work,
    session: Session,
    window: Window,
    looked: _Looked,
    owned: Mapping[str, ProspectRecord],
) -> ProspectingSession:
    """The previews of what was found; those of owned records with the record."""
    stores, rows = work.stores, looked.rows[: window.size]
    work.saw("person", (row.person_id for row in rows))
    nodes = []
    for row in rows:
        name = ids.prospect_id_of(stores.pseudonyms, session.id, place_of(row))
        preview = masked(name, row)
        bought = owned.get(row.person_id)
        nodes.append(preview if bought is None else unmasked(preview, bought))
    counted = replace(window, total=looked.total)

    def cursor_at(index: int) -> str:
        key = (str(session.id), nodes[index].prospect_id)
        return cursor_after(counted, stores.cursors, index, key)

    more = window.has_more(len(looked.rows))
    return ProspectingSession(
        nodes=nodes,
        pagination=_pagination(
            window, looked, next_cursor=cursor_at(len(nodes) - 1) if more else None
        ),
        cursor_at=cursor_at,
        has_previous_page=window.key is not None,
        search_id=session.id,
        interpretation=session.interpretation,
        search_strategy=strategy_of(session.interpretation),
        facets=looked.facets,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )


def _pagination(window: Window, looked: _Looked, *, next_cursor: str | None) -> Pagination:
    """Totals are counted up to 10,000, and lower bounds beyond."""
    bounded = looked.total > COUNTED_MAX
    matching = max(looked.total, window.delivered + len(looked.rows)) if bounded else looked.total
    told = totals(window, len(looked.rows), matching)
    capped = window.cap is not None and told.records >= window.cap
    relation = TotalRelation.GTE if bounded else None
    return Pagination(
        limit=window.limit,
        next_cursor=next_cursor,
        max_records=window.cap,
        total_records=told.records,
        total_records_relation=None if capped else relation,
        total_pages=told.pages,
        total_matching_records=matching if window.cap is not None else None,
        total_matching_records_relation=relation if window.cap is not None else None,
    )
