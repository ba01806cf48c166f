"""Pages of rows in the order of their creation, by keyset: of endpoints, deliveries, customers."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from api.cursors import CursorSigner
from api.paging import Page, Pagination, Window, cursor_after

MAX_PAGE = 100


class _Created(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def created_at(self) -> datetime: ...


def id_of(text: str) -> UUID | None:
    """The id that a text is; what is none is the id of nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None


def position(window: Window) -> tuple[datetime, UUID] | None:
    """Where a page begins: after the row of this moment and id."""
    if window.key is None:
        return None
    moment, key = window.key
    return datetime.fromisoformat(moment), UUID(key)


def page_of[Row: _Created](cursors: CursorSigner, window: Window, rows: list[Row]) -> Page[Row]:
    """The page of ``rows``, which are one more than the window holds where another page follows."""
    nodes = rows[: window.size]

    def cursor_at(index: int) -> str:
        key = (nodes[index].created_at.isoformat(), str(nodes[index].id))
        return cursor_after(window, cursors, index, key)

    more = window.has_more(len(rows))
    return Page(
        nodes=nodes,
        pagination=Pagination(window.limit, cursor_at(len(nodes) - 1) if more else None),
        cursor_at=cursor_at,
        has_previous_page=window.key is not None,
    )
