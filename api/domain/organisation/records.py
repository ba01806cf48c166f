"""Organisations as they are given out, and what a search says about itself and each hit."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from api.domain.organisation.criteria import Filters, SearchMode


class OrganisationRow(NamedTuple):
    """The columns of an organisation that may be given out; those not asked for are ``None``."""

    domain: str
    name: str | None = None
    summary: str | None = None
    summary_keywords: list[str] | None = None
    address: str | None = None
    organization_type: str | None = None
    organization_size: str | None = None
    employee_class: str | None = None
    revenue_class: str | None = None
    nace_code: str | None = None
    continent: str | None = None
    country: str | None = None
    country_code: str | None = None
    state: str | None = None
    state_code: str | None = None
    region: str | None = None
    region_code: str | None = None
    district: str | None = None
    district_code: str | None = None
    municipality: str | None = None
    municipality_code: str | None = None
    lat: float | None = None
    lon: float | None = None
    source: str | None = None
    company_register_court: str | None = None
    company_register_id: str | None = None
    company_register_date: date | None = None
    new_register_entry: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


COLUMNS = OrganisationRow._fields
DEFAULT_COLUMNS = ("domain", "name", "country")


class GroupColumn(StrEnum):
    """The columns that organisations can be grouped by."""

    CONTINENT = "continent"
    COUNTRY = "country"
    COUNTRY_CODE = "country_code"
    STATE = "state"
    STATE_CODE = "state_code"
    REGION = "region"
    REGION_CODE = "region_code"
    DISTRICT = "district"
    DISTRICT_CODE = "district_code"
    MUNICIPALITY = "municipality"
    MUNICIPALITY_CODE = "municipality_code"
    NACE_CODE = "nace_code"
    ORGANIZATION_TYPE = "organization_type"
    ORGANIZATION_SIZE = "organization_size"
    EMPLOYEE_CLASS = "employee_class"
    REVENUE_CLASS = "revenue_class"
    SOURCE = "source"
    COMPANY_REGISTER_COURT = "company_register_court"
    SUMMARY_KEYWORDS = "summary_keywords"
    COMPANY_REGISTER_DATE = "company_register_date"
    CREATED_AT = "created_at"


class FusedShare(NamedTuple):
    """How much of a hit's score came from each list; together 1."""

    bm25: float
    vector: float


class Match(NamedTuple):
    """Why an organisation is in a result. A rank is ``None`` where that list does not have it."""

    bm25_rank: int | None
    vector_rank: int | None
    fused_share: FusedShare | None
    matched_terms: list[str]


class OrganisationEdge(NamedTuple):
    """A hit with the cursor that continues after it, and the reason it is there."""

    node: OrganisationRow
    cursor: str
    match: Match


class OrganisationPageInfo(NamedTuple):
    """Relay's page information."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class SearchMetadata(NamedTuple):
    """What a search says about itself (documented as ``metadata``).

    ``total_hits`` is exact or ``None``; ``elapsed_ms`` is the time in the API; ``search_after`` is
    ``None`` where no page follows.
    """

    total_hits: int | None
    returned: int
    mode: SearchMode
    elapsed_ms: int
    search_after: list[str] | None
    filters_applied: Filters
    explain_plan: list[str] | None


class OrganisationPage:
    """One page of a search; edges and their cursors are made only where they are read."""

    def __init__(
        self,
        *,
        nodes: list[OrganisationRow],
        matches: list[Match],
        metadata: SearchMetadata,
        cursor_at: Callable[[int], str],
        has_previous_page: bool,
    ):
        self.nodes = nodes
        self.metadata = metadata
        self._matches = matches
        self._cursor_at = cursor_at
        self._has_previous_page = has_previous_page

    @cached_property
    def edges(self) -> list[OrganisationEdge]:
        """The hits with their cursors and reasons."""
        return [
            OrganisationEdge(node, self._cursor_at(index), match)
            for index, (node, match) in enumerate(zip(self.nodes, self._matches, strict=True))
        ]

    @cached_property
    def page_info(self) -> OrganisationPageInfo:
        """Relay's page information."""
        last = len(self.nodes) - 1
        return OrganisationPageInfo(
            has_next_page=self.metadata.search_after is not None,
            has_previous_page=self._has_previous_page,
            start_cursor=self._cursor_at(0) if self.nodes else None,
            end_cursor=self._cursor_at(last) if self.nodes else None,
        )


class FetchMetadata(NamedTuple):
    """How many of the domains that were asked for are there."""

    requested: int
    found: int
    missing: list[str]


class OrganisationBatch(NamedTuple):
    """Organisations by domain, in the order in which they were asked for."""

    nodes: list[OrganisationRow]
    metadata: FetchMetadata


class StatsMetadata(NamedTuple):
    """What was counted, and how."""

    group_by: str | None
    group_by_secondary: str | None
    date_trunc: str | None
    filters_applied: Filters
    date_range_applied: Any
    total_buckets: int
    elapsed_ms: int
    explain_plan: list[str]
