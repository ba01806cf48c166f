"""Company rows as they are given out: plain tuples, ordered as the store returns them."""

from typing import NamedTuple

from api.paging import Pagination


class CompanyRow(NamedTuple):
    """The company and firmographic context of a person; what is unknown is ``None``."""

    company_id: str
    name: str
    domain: str | None
    website: str | None
    phone: str | None
    linkedin_url: str | None
    revenue: int | None
    employee_count: int | None
    industry: str | None
    sic: str | None
    naics: str | None
    city: str | None
    state: str | None
    country: str | None


class DomainLocation(NamedTuple):
    """City and state of a domain's company, as far as known."""

    city: str | None
    state: str | None


class DomainRow(NamedTuple):
    """One entry of the domain inventory, documented at GET /v1/domains."""

    domain: str
    contact_count: int
    industry: str | None
    location: DomainLocation | None


class DomainPage(NamedTuple):
    """One page of the domain inventory."""

    nodes: list[DomainRow]
    pagination: Pagination
