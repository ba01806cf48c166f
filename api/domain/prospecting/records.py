"""What a person inside a partner's iframe sees: previews, facets, and records once bought."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.person.records import SearchStrategy
from api.domain.prospecting.filters import NO_FILTERS, ProspectFilters
from api.paging import Page


class RevealState(StrEnum):
    """Whether the partner's customer owns the record behind a preview."""

    PREVIEW = "preview"
    PURCHASED = "purchased"


class RecordCompany(NamedTuple):
    """The company of a full record, as documented in the payload of a push."""

    company_id: str
    name: str
    domain: str | None
    phone: str | None
    linkedin_url: str | None
    revenue: int | None
    employee_count: int | None
    industry: str | None
    sic: str | None
    naics: str | None
    city: str | None
    state: str | None


class ProspectRecord(NamedTuple):
    """A full record, as it was bought."""

    person_id: str
    first_name: str
    last_name: str
    job_title: str | None
    business_email: str | None
    mobile_phone: str | None
    linkedin_url: str | None
    company: RecordCompany


def document_of(record: ProspectRecord) -> dict[str, Any]:
    """A record as it is delivered, without what a session calls it."""
    return {**record._asdict(), "company": record.company._asdict()}


class PreviewCompany(NamedTuple):
    """The part of a company that a preview shows."""

    name: str
    industry: str | None
    employee_count: int | None
    city: str | None
    state: str | None


class Available(NamedTuple):
    """Which contact fields a record has; never what is in them."""

    business_email: bool
    mobile_phone: bool
    linkedin_url: bool


class ProspectPreview(NamedTuple):
    """A person as far as nobody has to pay for; ``record`` is there once it was bought.

    ``last_initial`` is absent where it would be the whole last name.
    """

    prospect_id: str
    first_name: str
    last_initial: str | None
    job_title: str | None
    company: PreviewCompany
    available: Available
    reveal_state: RevealState
    record: ProspectRecord | None


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that a filter can have, in words, and how many people have it."""

    value: str
    label: str
    count: int


class ProspectFacets(NamedTuple):
    """Counts for the menus of the filters, the most frequent values first.

    Each menu counts as if its own filter were not set. ``bounded`` says that more people match than
    were counted: then counts are those of the first 10,000. Who asked for one role, and so for
    a rank, gets no ``levels``.
    """

    industries: list[FacetValue]
    states: list[FacetValue]
    employee_ranges: list[FacetValue]
    levels: list[FacetValue]
    bounded: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A stored prospecting session: who asked, what was understood, until when it can be opened."""

    id: UUID
    account_id: UUID
    partner_customer_id: UUID
    user_id: str | None
    interpretation: PersonInterpretation
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class ProspectingSession(Page[ProspectPreview]):
    """One page of the masked previews of a session, as its filters leave them."""

    search_id: UUID
    interpretation: PersonInterpretation
    search_strategy: SearchStrategy
    facets: ProspectFacets | None
    created_at: datetime
    expires_at: datetime


class SelectionMode(StrEnum):
    """How the people of a push or an export are chosen."""

    SELECTED = "selected"
    PAGE = "page"
    ALL_RESULTS = "all_results"


@dataclass(frozen=True, slots=True)
class Selection:
    """A checked choice: prospect ids, each once; for ``all_results`` none, but filters."""

    mode: SelectionMode
    prospect_ids: tuple[str, ...] = ()
    filters: ProspectFilters = NO_FILTERS


class Chosen(NamedTuple):
    """Somebody to be delivered, with the record that would be bought.

    ``record`` is its stored form; ``None`` where the customer was found to own it already.
    """

    prospect_id: str
    person_id: str
    record: str | None


class Action(StrEnum):
    """What is done with the records."""

    PUSH = "push"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Purchase:
    """Records to be delivered, in order, ``net_new`` of which were bought for it."""

    id: UUID
    session_id: UUID
    account_id: UUID
    partner_customer_id: UUID
    user_id: str | None
    action: Action
    selection: Selection
    person_ids: list[str]
    prospect_ids: list[str]
    net_new: int
    created_at: datetime

    @property
    def already_owned(self) -> int:
        """Records that were not billed again."""
        return len(self.person_ids) - self.net_new
