"""Person rows and pages as they are given out by every door."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from api.domain.company.records import CompanyRow
from api.domain.interpreter.interpretation import PersonInterpretation
from api.paging import PageInfo, Pagination, page_info


class PersonRow(NamedTuple):
    """One person with the company; what is unknown is ``None``. ``rank`` orders, unshown."""

    person_id: str
    first_name: str
    last_name: str
    job_title: str | None
    business_email: str | None
    mobile_phone: str | None
    linkedin_url: str | None
    company: CompanyRow
    rank: int


class SearchStrategy(StrEnum):
    """The execution path of a search, documented as ``search_strategy``."""

    TAXONOMY = "taxonomy"
    INDEXED_DYNAMIC = "indexed_dynamic"
    DYNAMIC = "dynamic"


class PersonEdge(NamedTuple):
    """A row with the cursor that continues after it."""

    node: PersonRow
    cursor: str


@dataclass(frozen=True)
class PersonPage:
    """One page of people, billed as ``billable_records``.

    ``cursor_at`` gives the cursor after a row of the page; edges and page information are made from
    it only where somebody asks, since most callers need ``next_cursor`` alone.
    """

    nodes: list[PersonRow]
    pagination: Pagination
    billable_records: int
    cursor_at: Callable[[int], str]
    has_previous_page: bool

    @cached_property
    def edges(self) -> list[PersonEdge]:
        """The rows, each with its cursor."""
        return [PersonEdge(node, self.cursor_at(i)) for i, node in enumerate(self.nodes)]

    @property
    def page_info(self) -> PageInfo:
        """Relay's view of the page."""
        return page_info(self)


@dataclass(frozen=True)
class PersonSearchPage(PersonPage):
    """A page of people found by a natural-language search."""

    interpretation: PersonInterpretation
    search_strategy: SearchStrategy


class PersonMatches(NamedTuple):
    """The answer of an exact look-up."""

    nodes: list[PersonRow]
    billable_records: int
