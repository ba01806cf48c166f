"""Companies and the domain inventory."""

from typing import Annotated

import strawberry

from api.cursors import MAX_CURSOR_CHARS
from api.domain.company import service
from api.domain.company.places import MAX_STATE_CHARS
from api.domain.company.records import DomainPage
from api.errors import ErrorCode
from api.paging import PageRequest
from graph.context import Context
from graph.operation import argument, operation
from graph.paging import DomainPagination
from graph.scalars import BigInt


@strawberry.type(description="A company, with its firmographic context as far as known.")
class Company:
    """Projected from :class:`api.domain.company.records.CompanyRow`."""

    company_id: strawberry.ID = strawberry.field(description="Identifier of the company.")
    name: str = strawberry.field(description="Name of the company.")
    domain: str | None = strawberry.field(description="Normalised company domain.")
    website: str | None = strawberry.field(description="Website as the data states it.")
    phone: str | None = strawberry.field(description="Company phone number.")
    linkedin_url: str | None = strawberry.field(description="LinkedIn page of the company.")
    revenue: BigInt | None = strawberry.field(description="Yearly revenue in whole US dollars.")
    employee_count: int | None = strawberry.field(description="Number of employees.")
    industry: str | None = strawberry.field(description="Industry as the data states it.")
    sic: str | None = strawberry.field(description="SIC code (US 1987).")
    naics: str | None = strawberry.field(description="NAICS code.")
    city: str | None = strawberry.field(description="City of the company.")
    state: str | None = strawberry.field(description="State of the company, two letters in the US.")
    country: str | None = strawberry.field(description="Country of the company, two letters.")


@strawberry.type(description="Minimal company city and state context.")
class DomainLocation:
    """Projected from :class:`api.domain.company.records.DomainLocation`."""

    city: str | None = strawberry.field(description="City of the company.")
    state: str | None = strawberry.field(description="State of the company.")


@strawberry.type(description="A company domain with the number of known contacts.")
class Domain:
    """Projected from :class:`api.domain.company.records.DomainRow`."""

    domain: str = strawberry.field(description="Normalized company domain.")
    contact_count: int = strawberry.field(description="Number of known contacts for the domain.")
    industry: str | None = strawberry.field(
        description="Minimal firmographic industry context when available."
    )
    location: DomainLocation | None = strawberry.field(
        description="Minimal company city/state context when available."
    )


@strawberry.type(description="One page of the domain inventory.")
class DomainConnection:
    """Projected from :class:`api.domain.company.records.DomainPage`."""

    nodes: list[Domain] = strawberry.field(
        description="Returned domain metadata for the current page."
    )
    pagination: DomainPagination = strawberry.field(
        description="Page metadata. Includes next_cursor."
    )


@strawberry.type
class CompanyQuery:
    """The queries about companies."""

    @operation(
        "Returns non-billable company-domain metadata for accounts with enough known contacts. "
        "Use this first when scoring domain coverage before a follow-up person search.",
        returns=DomainConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
    )
    async def domains(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[
            int, argument("Page size.", min=1, max=service.MAX_DOMAIN_PAGE)
        ] = service.MAX_DOMAIN_PAGE,
        after: Annotated[
            str | None,
            argument(
                "Opaque cursor from the previous response. Cursors are tied to the same "
                "min_contacts, industry, and location_state filters.",
                max_length=MAX_CURSOR_CHARS,
            ),
        ] = strawberry.UNSET,
        min_contacts: Annotated[
            int,
            argument(
                "Only return domains with at least this many contacts.",
                min=1,
                max=service.MAX_MIN_CONTACTS,
            ),
        ] = service.DEFAULT_MIN_CONTACTS,
        industry: Annotated[
            str | None,
            argument(
                "Case-insensitive contains filter on the company's industry, for example Software.",
                max_length=service.MAX_INDUSTRY_CHARS,
            ),
        ] = strawberry.UNSET,
        location_state: Annotated[
            str | None,
            argument(
                "Optional company state filter. Accepts a two-letter state code such as ID or a "
                "full state name such as Idaho.",
                max_length=MAX_STATE_CHARS,
            ),
        ] = strawberry.UNSET,
    ) -> DomainPage:
        """Company domain inventory."""
        filters = service.DomainFilters(min_contacts, industry, location_state)
        return await service.domain_inventory(info.context.work, filters, PageRequest(first, after))
