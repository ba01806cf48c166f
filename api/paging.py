"""Pages of a keyset-ordered list: what was asked for, what is left under a cap, what comes next."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from api.cursors import CursorSigner
from api.errors import DomainError, ErrorCode

MAX_RECORDS_CAP = 1_000_000
COUNTED_MAX = 10_000
"""How far records are counted where an exact count would cost more than it is worth."""


class TotalRelation(StrEnum):
    """How a total relates to the truth: equal to it, or a lower bound."""

    EQ = "eq"
    GTE = "gte"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """``limit`` records after ``cursor``, at most ``max_records`` over all pages."""

    limit: int
    cursor: str | None = None
    max_records: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Where a page begins and how much of it may be given out.

    ``key`` is the position of the last delivered row (``None`` on the first page), ``delivered``
    the number of rows on the pages before, ``cap`` the total that all pages may reach, ``total``
    the exact number of all rows where an earlier page counted them.
    """

    scope: bytes
    limit: int
    key: tuple[Any, ...] | None
    delivered: int
    cap: int | None
    total: int | None = None

    @property
    def size(self) -> int:
        """Rows that this page may hold, 0 or more."""
        return (
            self.limit if self.cap is None else max(0, min(self.limit, self.cap - self.delivered))
        )

    @property
    def uncapped(self) -> "Window":
        """The same place in the list, without the cap on what is given out."""
        return replace(self, cap=None)

    def is_full(self, given: int) -> bool:
        """Whether the cap is reached when this page gives out ``given`` rows."""
        return self.cap is not None and self.delivered + given >= self.cap

    def has_more(self, found: int) -> bool:
        """Whether a page follows, when ``found`` rows answered a request for ``size + 1``."""
        return found > self.size and (self.cap is None or self.delivered + self.size < self.cap)


@dataclass(frozen=True, slots=True)
class Pagination:
    """Page metadata, documented as ``pagination``."""

    limit: int
    next_cursor: str | None
    max_records: int | None = None
    total_records: int | None = None
    total_records_relation: TotalRelation | None = None
    total_pages: int | None = None
    total_matching_records: int | None = None
    total_matching_records_relation: TotalRelation | None = None


class PageInfo(NamedTuple):
    """Relay's page information."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Edge[Row](NamedTuple):
    """A row with the cursor that continues after it."""

    node: Row
    cursor: str


@dataclass(frozen=True)
class Page[Row]:
    """One page of any list; ``cursor_at`` gives the cursor after a row of it.

    Edges and page information are made only where somebody asks, since most callers need
    ``next_cursor`` alone.
    """

    nodes: list[Row]
    pagination: Pagination
    cursor_at: Callable[[int], str]
    has_previous_page: bool

    @cached_property
    def edges(self) -> list[Edge[Row]]:
        """The rows, each with its cursor."""
        return [Edge(node, self.cursor_at(i)) for i, node in enumerate(self.nodes)]

    @property
    def page_info(self) -> PageInfo:
        """Relay's view of the page."""
        return PageInfo(
            has_next_page=self.pagination.next_cursor is not None,
            has_previous_page=self.has_previous_page,
            start_cursor=self.cursor_at(0) if self.nodes else None,
            end_cursor=self.cursor_at(len(self.nodes) - 1) if self.nodes else None,
        )


@dataclass(frozen=True)
class BilledPage[Row](Page[Row]):
    """A page whose rows cost: ``billable_records`` of them."""

    billable_records: int


def open_window(
    request: PageRequest, scope: bytes, cursors: CursorSigner, *, cap: int | None = None
) -> Window:
    """The window that a request asks for; ``cap`` counts where ``max_records`` is not given.

    The cap of the first page travels in the cursor. A later page may leave it out, but not change
    it: that is another request, and its cursor ``invalid_cursor``.
    """
    asked = request.max_records if request.max_records is not None else cap
    if request.cursor is None:
        return Window(scope, request.limit, None, 0, asked)
    delivered, carried, total, *key = cursors.read(scope, request.cursor)
    if request.max_records is not None and request.max_records != carried:
        raise DomainError(
            ErrorCode.INVALID_CURSOR,
            "max_records differs from that of the request which gave out this cursor. Leave it "
            "out, or start again without a cursor.",
        )
    return Window(scope, request.limit, tuple(key), delivered, carried, total)


def cursor_after(window: Window, cursors: CursorSigner, index: int, key: tuple[Any, ...]) -> str:
    """The cursor that continues after the row ``index`` (from 0) of this page, found at ``key``."""
    position = [window.delivered + index + 1, window.cap, window.total, *key]
    return cursors.write(window.scope, position)


class Totals(NamedTuple):
    """Records over all pages under the cap, how that relates to the truth, and their pages."""

    records: int
    relation: TotalRelation | None
    pages: int


def totals(
    window: Window, found: int, exact: int | None = None, *, more: bool | None = None
) -> Totals:
    """``total_records``, its relation and ``total_pages``.

    From ``exact``, the number of all matching records, where it is known; else from ``found`` rows
    of ``size + 1``. The relation is ``gte`` where more rows may exist than were looked at, else
    ``None``: exact. ``more`` says so where the rows do not.
    """
    seen = window.delivered + found if exact is None else exact
    more = found > window.size if more is None else more
    relation = TotalRelation.GTE if exact is None and more else None
    if window.cap is not None and seen >= window.cap:
        seen, relation = window.cap, None
    return Totals(seen, relation, -(-seen // window.limit))


def bounded_total(counted: int) -> tuple[int, TotalRelation | None]:
    """A total from a count that stopped at ``COUNTED_MAX + 1``."""
    return counted, TotalRelation.GTE if counted > COUNTED_MAX else None
