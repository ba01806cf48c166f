"""The journal of a wallet, page by page."""

from collections.abc import Sequence
from uuid import UUID

from api.cursors import CursorSigner, scope_of
from api.domain.wallet import queries
from api.domain.wallet.records import EntryRow
from api.paging import Page, PageRequest, Pagination, Window, cursor_after, open_window
from api.work import Work

MAX_ENTRIES_PAGE = 100


async def first_entries(
    work: Work, customer_ids: Sequence[UUID], first: int
) -> list[Page[EntryRow]]:
    """The first page of each customer's entries, newest first, by one query.

    Customers of another account have empty ones. Entries that time alone makes are in it from the
    next change of the wallet on.
    """
    account_id = work.caller.account_id
    found = await queries.entries(
        work.stores.postgres, account_id, customer_ids, before=None, limit=first + 1
    )
    return [
        _page(work.stores.cursors, _window(work, each, PageRequest(first)), found.get(each, []))
        for each in customer_ids
    ]


async def more_entries(work: Work, customer_id: UUID, page: PageRequest) -> Page[EntryRow]:
    """A following page of a customer's entries.

    Raises ``invalid_cursor``.
    """
    window = _window(work, customer_id, page)
    before = None if window.key is None else int(window.key[0])
    found = await queries.entries(
        work.stores.postgres,
        work.caller.account_id,
        [customer_id],
        before=before,
        limit=window.size + 1,
    )
    return _page(work.stores.cursors, window, found.get(customer_id, []))


def _window(work: Work, customer_id: UUID, page: PageRequest) -> Window:
    scope = scope_of(work.caller.account_id, "wallet_entries", customer_id)
    return open_window(page, scope, work.stores.cursors)


def _page(cursors: CursorSigner, window: Window, rows: list[EntryRow]) -> Page[EntryRow]:
    nodes = rows[: window.size]

    def cursor_at(index: int) -> str:
        return cursor_after(window, cursors, index, (nodes[index].seq,))

    more = window.has_more(len(rows))
    return Page(
        nodes=nodes,
        pagination=Pagination(window.limit, cursor_at(len(nodes) - 1) if more else None),
        cursor_at=cursor_at,
        has_previous_page=window.key is not None,
    )
